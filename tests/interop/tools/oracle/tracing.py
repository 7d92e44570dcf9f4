"""Traces: each transaction and block of the chain, and made-up calls, under every tracer and its options."""

from collections.abc import Iterator
from random import Random
from typing import Any

from tests.interop.comparing import Request
from tests.interop.tools.oracle.calling import block_overrides, message, overrides
from tests.interop.tools.oracle.chain import UNKNOWN, Chain

__all__ = ["traces", "trace_calls", "OPTIONS"]

OPTIONS: tuple[dict[str, Any] | None, ...] = (
    None, {}, {"enableMemory": True}, {"disableStack": True}, {"disableStorage": True}, {"enableReturnData": True},
    {"limit": 3},
    {"enableMemory": True, "enableReturnData": True, "disableStack": True, "disableStorage": True},
    {"tracer": "callTracer"}, {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True}},
    {"tracer": "callTracer", "tracerConfig": {"withLog": True}},
    {"tracer": "callTracer", "tracerConfig": {"withLog": True, "onlyTopCall": True}},
    {"tracer": "prestateTracer"}, {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}},
    {"tracer": "prestateTracer", "tracerConfig": {"disableCode": True}},
    {"tracer": "prestateTracer", "tracerConfig": {"disableStorage": True}},
    {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True, "disableCode": True, "disableStorage": True}},
    {"tracer": "prestateTracer", "tracerConfig": {"includeEmpty": True}},
    {"tracer": "4byteTracer"}, {"tracer": "keccak256PreimageTracer"}, {"tracer": "noopTracer"},
    {"tracer": "flatCallTracer"},
    {"tracer": "flatCallTracer", "tracerConfig": {"convertParityErrors": True, "includePrecompiles": True}},
    {"tracer": "muxTracer", "tracerConfig": {"callTracer": {"withLog": True}, "4byteTracer": {},
    "prestateTracer": None}},
    {"tracer": "nonsenseTracer"}, {"tracer": "callTracer", "tracerConfig": {"withLog": 1}}, {"tracer": 1},
    {"timeout": "nonsense"},
    {"timeout": "10s"}, {"tracer": ""}, {"tracer": "callTracer", "tracerConfig": {}},
    {"tracer": "callTracer", "tracerConfig": None},
    {"reexec": 0}, {"nonsense": 1},
)  # fmt: skip
"""What a caller may ask of a tracer, sense and nonsense."""


def traces(chain: Chain, chance: Random, count: int) -> Iterator[Request]:
    """Transactions and whole blocks as they ran."""
    hashes = [transaction["hash"] for transaction in chain.transactions]
    newest = [*hashes[-6:], hashes[0], UNKNOWN]
    for options in OPTIONS:
        tail = [] if options is None else [options]
        yield from (Request("debug_traceTransaction", [name, *tail]) for name in newest)
        for number in (0, 45, 46) if _is_native(options) else ():
            yield Request("debug_traceBlockByNumber", [hex(number), *tail])
    for name in hashes:
        yield Request("debug_traceTransaction", [name, chance.choice(OPTIONS)])
    for _ in range(count):
        number = chance.randrange(chain.head + 1)
        name, by = chance.choice(((hex(number), "Number"), (chain.blocks[number]["hash"], "Hash")))
        yield Request(
            f"debug_traceBlockBy{by}", [name, chance.choice([options for options in OPTIONS if _is_native(options)])]
        )


def _is_native(options: dict[str, Any] | None) -> bool:
    """Whether no JavaScript is asked for: a block's answer then has geth's interpreter's own words in it."""
    return not options or options.get("tracer") != "nonsenseTracer"


def trace_calls(chain: Chain, chance: Random, count: int) -> Iterator[Request]:
    """Messages under tracers, with overrides of state and block."""
    for _ in range(count):
        options = dict(chance.choice(OPTIONS) or {})
        if chance.random() < 0.8:
            options["stateOverrides"] = overrides(chain, chance)
        if chance.random() < 0.2:
            options["blockOverrides"] = block_overrides(chance)
        block = chain.some_block(chance) if chance.random() < 0.2 else "latest"
        asked = message(chain, chance, tame=chance.random() < 0.8)
        if block != "latest":
            asked.pop("authorizationList", None)  # geth delegates under every fork, we from Prague on
        yield Request("debug_traceCall", [asked, block, options])
