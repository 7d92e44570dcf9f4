"""How much one caller may ask for. Each limit has a clear refusal; none is a rule of the chain."""

from dataclasses import dataclass, field

from testamur_node.apart import process_count

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Ceilings of the JSON-RPC server; all are set per node and never enter a block."""

    body_bytes: int = 5 * 1024 * 1024
    """Longest request body."""
    batch_items: int = 1_000
    """Most requests of one batch."""
    body_seconds: float = 60.0
    """Longest time for the answer to one body, over all requests of a batch, from when it has arrived; and as long as
    it may take to arrive."""
    response_bytes: int = 25 * 1024 * 1024
    """Longest answer, over all answers of a batch."""
    log_blocks: int = 10_000_000
    """Widest block range of eth_getLogs; the index makes a wide range cheap, so this is generous."""
    log_results: int = 100_000
    """Most logs of one answer."""
    log_seconds: float = 30.0
    """Longest running time of an eth_getLogs that is not answered at once."""
    log_topics: int = 1_000
    """Most alternatives for one topic position, and most addresses."""
    call_gas: int = 50_000_000
    """Most gas of eth_call, estimateGas and traces; a caller's larger figure is lowered to it."""
    call_seconds: float = 5.0
    """Longest running time of one call, estimate or simulation."""
    trace_seconds: float = 60.0
    """Longest running time of one debug_trace."""
    fee_history_blocks: int = 1_024
    """Most blocks of eth_feeHistory."""
    filters: int = 4_096
    """Most filters installed at once."""
    filter_seconds: float = 300.0
    """A filter that nobody asks for this long is dropped."""
    connections: int = 512
    """Most connections at once, HTTP and WebSocket together."""
    connections_per_address: int = 64
    """Most connections of one address (of one /64 with IPv6) to one listener; this machine's own are not counted."""
    parallel_requests: int = 128
    """Requests that work at the same time, at most half of them in processes or waiting for one; others wait."""
    call_processes: int = field(default_factory=process_count)
    """Processes for calls and traces, and for large blocks and many logs; neither of these two has the last one."""
