"""A chain as a verifier has it: a node to ask, or none.

`Chain.connect` opens nothing yet; a node that is not there gives an `indeterminate` verdict, not an exception.
`Chain.offline` judges bundles by the evidence in them.
"""

import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from testamur.chain.access import NO_ACCESS, Access

if TYPE_CHECKING:
    from testamur.chain.rpc import Rpc

__all__ = ["Chain", "block_before"]


class Chain:
    """One node's address, or no node. Holds no trust: that is the policy's."""

    def __init__(self, rpc: "Rpc | None") -> None:
        self._rpc = rpc
        self._address: tuple[str, Access, float, int] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled, a chain is its address: another process opens sockets of its own."""
        return (_reconnect, self._address) if self._address else (Chain, (self._rpc,))

    @classmethod
    def connect(
        cls, url: str, *, access: Access = NO_ACCESS, timeout_seconds: float = 15.0, attempts: int = 2
    ) -> "Chain":
        """The chain behind a node's JSON-RPC address, `http://HOST:PORT`; `access` is what that node is shown."""
        from testamur.chain.rpc import Rpc

        rpc = Rpc(url, access=access, timeout_seconds=timeout_seconds, attempts=attempts)
        chain = cls(rpc)
        chain._address = url, access, timeout_seconds, attempts
        weakref.finalize(chain, rpc.close)  # for those who connect within a call and never close
        return chain

    @classmethod
    def offline(cls) -> "Chain":
        """No node: bundles are judged by their own evidence."""
        return cls(None)

    @property
    def rpc(self) -> "Rpc | None":
        """The connection to the node; None offline."""
        return self._rpc

    def close(self) -> None:
        """Close the sockets; a later verification opens new ones."""
        if self._rpc is not None:
            self._rpc.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Chain({self._rpc.url if self._rpc else 'offline'!r})"


def _reconnect(url: str, access: Access, timeout_seconds: float, attempts: int) -> Chain:
    return Chain.connect(url, access=access, timeout_seconds=timeout_seconds, attempts=attempts)


def block_before(rpc: "Rpc", time_seconds: int) -> tuple[dict[str, Any] | None, bool]:
    """The newest block not later than a moment, and whether a later one follows it; None where the chain began later.

    Asks logarithmically many headers; believes none of them: the caller proves what it uses.
    """
    newest = rpc.block("latest")
    if newest is None or int(newest["timestamp"], 16) <= time_seconds:
        return newest, False
    low, high, found = 0, int(newest["number"], 16) - 1, None
    while low <= high:
        middle = (low + high) // 2
        block = rpc.block(middle)
        if block is None or int(block["timestamp"], 16) > time_seconds:
            high = middle - 1
        else:
            found, low = block, middle + 1
    return found, True
