"""The end of a run on py-evm: who watched it, what it cost and what it emitted."""

from typing import Any

from testamur_node.chain.receipt import Log
from testamur_node.codec import word
from testamur_node.execution.message import Message
from testamur_node.execution.observing import Observer
from testamur_node.execution.watching import observed

__all__ = ["finalize", "logs_of", "unwatch", "watch"]


def watch(state: Any, observer: Observer | None) -> None:
    """Have `observer`, where there is one, see what the state's next transaction does."""
    if observer is not None:
        observer.begin(state)
        state.computation_class = observed(type(state).computation_class, observer)


def unwatch(state: Any, observer: Observer | None) -> None:
    """End it: system calls after the transactions are not theirs."""
    if observer is not None:
        observer.end(state)
        del state.computation_class


def finalize(executor: Any, message: Message, computation: Any) -> tuple[int, int]:
    """Refunds, fees, deletions (py-evm); (gas the transaction took in all, before refunds) (EIP-3529, 7623)."""
    remaining: int = computation.get_gas_remaining()
    consumed = message.gas - remaining
    executor.finalize_computation(message, computation)
    refund: int = executor.calculate_gas_refund(_Settled(computation), consumed)
    return consumed - refund + int(computation.data_floor_gas), consumed


class _Settled:
    """A finished computation for a second look at its refund: deletions were paid for in the first."""

    def __init__(self, computation: Any) -> None:
        self._computation = computation

    def get_accounts_for_deletion(self) -> tuple[()]:
        return ()

    def get_gas_refund(self) -> int:
        refund: int = self._computation.get_gas_refund()
        return refund


def logs_of(computation: Any) -> tuple[Log, ...]:
    return tuple(
        Log(address, tuple(word(topic) for topic in topics), bytes(data))
        for address, topics, data in computation.get_log_entries()
    )
