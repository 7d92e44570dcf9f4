"""Requests, answers, and when two answers are alike: the comparison rule of the recorded conversations."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Request", "Peer", "CRASH", "Difference", "differences", "without_messages", "shape"]

CRASH = "method handler crashed"
"""What geth says where a request made it panic: nothing to compare with, but no leave for us to fail."""

_MORE_TRIES = 4
"""A difference has to stand: geth fills a fee history from several threads, and the last to write a price wins."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call to a method."""

    method: str
    parameters: Any = ()
    by_shape: bool = False
    """Compare types and member names only: the answer depends on the clock or the software's name."""


class Peer(Protocol):
    """A node that answers."""

    def ask(self, requests: Sequence[Request]) -> list[dict[str, Any]]:
        """The answers in the order of the requests."""
        ...


@dataclass(frozen=True, slots=True)
class Difference:
    """One request that two nodes answer unlike each other."""

    request: Request
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        return f"{self.request.method} {self.request.parameters}\n  ours   {self.ours}\n  theirs {self.theirs}"


def without_messages(value: Any) -> Any:
    """The same without the `message` of error objects, at any depth."""
    if isinstance(value, list):
        return [without_messages(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: without_messages(item) for name, item in value.items()}
    if isinstance(kept.get("error"), dict):
        kept["error"] = {name: item for name, item in kept["error"].items() if name != "message"}
    return kept


def shape(value: Any) -> Any:
    """Types and member names, the content left out."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return float if isinstance(value, int | float) else type(value)


def differences(requests: Iterable[Request], ours: Peer, theirs: Peer, batch: int = 100) -> Iterator[Difference]:
    """Where the two answer unlike each other."""
    waiting: list[Request] = []
    for request in requests:
        waiting.append(request)
        if len(waiting) == batch:
            yield from _compared(waiting, ours, theirs)
            waiting = []
    yield from _compared(waiting, ours, theirs)


def _compared(requests: Sequence[Request], ours: Peer, theirs: Peer) -> Iterator[Difference]:
    if not requests:
        return
    for request, our, their in zip(requests, ours.ask(requests), theirs.ask(requests), strict=True):
        found = _difference(request, our, their)
        for _ in range(_MORE_TRIES):
            if found is None:
                break
            found = _difference(request, ours.ask([request])[0], theirs.ask([request])[0])
        if found is not None:
            yield found


def _difference(request: Request, our: dict[str, Any], their: dict[str, Any]) -> Difference | None:
    if their.get("error", {}).get("message") == CRASH:
        is_fault = our.get("error", {}).get("message", "").startswith("internal error")
        return Difference(request, our, their) if is_fault else None
    view = shape if request.by_shape and "error" not in their else without_messages
    alike = view(_settled(request, {**our, "id": 0})) == view(_settled(request, {**their, "id": 0}))
    return None if alike else Difference(request, our, their)


def _settled(request: Request, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with what geth leaves to chance put in order: an access list stands as its maps happen to."""
    result = answer.get("result")
    if request.method != "eth_createAccessList" or not isinstance(result, dict):
        return answer
    entries = [{**entry, "storageKeys": sorted(entry["storageKeys"])} for entry in result["accessList"]]
    return {**answer, "result": {**result, "accessList": sorted(entries, key=lambda entry: str(entry["address"]))}}
