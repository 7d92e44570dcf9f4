"""geth's callTracer: the tree of calls and creations, with gas, values, outputs and, if asked, events."""

from dataclasses import dataclass, field

from testamur_node.codec import word
from testamur_node.execution.observing import Frame, Observer, Outcome
from testamur_node.execution.pyevm import reason
from testamur_node.rpc.codec import data, quantity
from testamur_node.rpc.rendering import Json
from testamur_node.rpc.reverts import revert_reason

__all__ = ["CallTracer"]


@dataclass(slots=True)
class _Call:
    frame: Frame
    calls: list["_Call"] = field(default_factory=list)
    logs: list[Json] = field(default_factory=list)
    outcome: Outcome | None = None


class CallTracer(Observer):
    """Builds the tree of one transaction or call."""

    def __init__(self, with_log: bool, only_top: bool) -> None:
        self._with_log = with_log
        self._only_top = only_top
        self._open: list[_Call] = []
        self._root: _Call | None = None

    def enter(self, frame: Frame) -> None:
        """A node of the tree begins."""
        call = _Call(frame)
        if self._open:
            self._open[-1].calls.append(call)
        elif self._root is None:
            self._root = call
        self._open.append(call)

    def exit(self, outcome: Outcome) -> None:
        """The newest open node ends."""
        self._open.pop().outcome = outcome

    def log(self, address: bytes, topics: tuple[int, ...], payload: bytes) -> None:
        """An event of the newest open node."""
        if self._with_log and self._open:
            call = self._open[-1]
            call.logs.append(
                {
                    "address": data(address),
                    "topics": [data(word(topic)) for topic in topics],
                    "data": data(payload),
                    "position": quantity(len(call.calls)),
                }
            )

    def result(self, gas_limit: int, gas_used: int) -> Json:
        """The tree; the root shows the whole transaction's gas."""
        if self._root is None:
            return {}
        body = self._render(self._root, has_failed_above=False)
        return {**body, "gas": quantity(gas_limit), "gasUsed": quantity(gas_used)}

    def _render(self, call: _Call, has_failed_above: bool) -> Json:
        frame, outcome = call.frame, call.outcome
        is_failed = has_failed_above or (outcome is not None and outcome.error is not None)
        body: Json = {
            "type": frame.kind,
            "from": data(frame.sender),
            "to": data(frame.to),
            "gas": quantity(frame.gas),
            "gasUsed": quantity(outcome.gas_used if outcome else 0),
            "input": data(frame.data),
        }
        if frame.kind != "STATICCALL":
            body["value"] = quantity(frame.value)
        if outcome is not None and (outcome.error is None or outcome.is_revert) and outcome.output:
            body["output"] = data(outcome.output)
        if outcome is not None and outcome.error is not None:
            body["error"] = reason(outcome.error)
            if frame.kind in ("CREATE", "CREATE2"):
                del body["to"]
            said = revert_reason(outcome.output) if outcome.is_revert else None
            if said is not None:
                body["revertReason"] = said
        if call.calls and not self._only_top:
            body["calls"] = [self._render(child, is_failed) for child in call.calls]
        if call.logs and not is_failed:
            body["logs"] = call.logs
        return body
