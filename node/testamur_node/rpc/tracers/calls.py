"""geth's callTracer and flatCallTracer: calls and creations, with gas, values, outputs and, if asked, events."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from testamur_node.codec import word
from testamur_node.execution.observing import Frame, Observer, Outcome
from testamur_node.execution.wording import reason
from testamur_node.rpc.codec import data, optional_data, quantity
from testamur_node.rpc.rendering import Json
from testamur_node.rpc.reverts import revert_reason
from testamur_node.rpc.tracers.subject import Subject

__all__ = ["CallTracer", "FlatCallTracer"]

_CREATIONS = ("CREATE", "CREATE2")
_PARITY = {
    "contract creation code storage out of gas": "Out of gas",
    "out of gas": "Out of gas",
    "gas uint64 overflow": "Out of gas",
    "max code size exceeded": "Out of gas",
    "invalid jump destination": "Bad jump destination",
    "execution reverted": "Reverted",
    "return data out of bounds": "Out of bounds",
    "stack limit reached 1024 (1023)": "Out of stack",
    "precompiled failed": "Built-in failed",
    "invalid input length": "Built-in failed",
}
_PARITY_BEGINNINGS = {
    "out of gas:": "Out of gas",
    "invalid opcode:": "Bad instruction",
    "stack underflow": "Stack underflow",
}


@dataclass(slots=True)
class _Call:
    frame: Frame
    calls: list["_Call"] = field(default_factory=list)
    logs: list[Json] = field(default_factory=list)
    outcome: Outcome = field(default_factory=lambda: Outcome(b"", 0, None))

    @property
    def error(self) -> str | None:
        """Why it failed."""
        return None if self.outcome.error is None else reason(self.outcome.error)

    @property
    def output(self) -> bytes:
        """What it returned or reverted with; nothing where it failed otherwise."""
        return self.outcome.output if self.outcome.error is None or self.outcome.is_revert else b""


class _Tree(Observer):
    """Builds the tree of one transaction or call."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
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


class CallTracer(_Tree):
    """The tree itself."""

    def __init__(self, subject: Subject, with_log: bool, only_top: bool) -> None:
        super().__init__(subject)
        self._with_log = with_log
        self._only_top = only_top

    def log(self, address: bytes, topics: tuple[int, ...], payload: bytes) -> None:
        """An event of the newest open node."""
        if self._with_log and self._open:
            call = self._open[-1]
            call.logs.append(
                {
                    "address": data(address),
                    "topics": [data(word(topic)) for topic in topics],
                    "data": data(payload),
                    "position": quantity(0 if self._only_top else len(call.calls)),
                }
            )

    def result(self, gas_used: int) -> Json:
        """The tree; the root shows the whole transaction's gas."""
        if self._root is None:
            return {}
        body = self._render(self._root, has_failed_above=False)
        return {**body, "gas": quantity(self._subject.gas_limit), "gasUsed": quantity(gas_used)}

    def _render(self, call: _Call, has_failed_above: bool) -> Json:
        frame, error = call.frame, call.error
        is_failed = has_failed_above or error is not None
        body: Json = {
            "type": frame.kind,
            "from": data(frame.sender),
            "to": data(frame.to),
            "gas": quantity(frame.gas),
            "gasUsed": quantity(call.outcome.gas_used),
            "input": data(frame.data),
        }
        if frame.kind != "STATICCALL":
            body["value"] = quantity(frame.value)
        if call.output:
            body["output"] = data(call.output)
        if error is not None:
            body["error"] = error
            if frame.kind in _CREATIONS:
                del body["to"]
            said = revert_reason(call.output) if call.outcome.is_revert else None
            if said is not None:
                body["revertReason"] = said
        if call.calls and not self._only_top:
            body["calls"] = [self._render(child, is_failed) for child in call.calls]
        if call.logs and not is_failed:
            body["logs"] = call.logs
        return body


class FlatCallTracer(_Tree):
    """The tree as a list, each node with its path, as OpenEthereum's traces were."""

    def __init__(self, subject: Subject, converts_errors: bool, with_precompiles: bool) -> None:
        super().__init__(subject)
        self._converts_errors = converts_errors
        self._with_precompiles = with_precompiles

    def result(self, gas_used: int) -> list[Json]:
        """The nodes in the order in which they began."""
        return [] if self._root is None else list(self._flat(self._root, [], gas_used))

    def _flat(self, call: _Call, path: list[int], gas_used: int | None = None) -> Iterator[Json]:
        children = [child for child in call.calls if self._is_shown(child)]
        subject, error = self._subject, call.error
        used = call.outcome.gas_used if gas_used is None else gas_used
        body: Json = {
            "action": self._action(call, is_root=gas_used is not None),
            "blockHash": optional_data(subject.block_hash),
        }
        body["blockNumber"] = subject.block_number
        if error is not None:
            body["error"] = _as_parity(error) if self._converts_errors else error
        if error is None or call.outcome.is_revert:
            found = self._result(call, used)
            if found is not None:
                body["result"] = found
        body["subtraces"] = len(children)
        body["traceAddress"] = path
        body["transactionHash"] = optional_data(subject.hash)
        body["transactionPosition"] = subject.index
        kind = call.frame.kind
        body["type"] = "create" if kind in _CREATIONS else "suicide" if kind == "SELFDESTRUCT" else "call"
        yield body
        for position, child in enumerate(children):
            yield from self._flat(child, [*path, position])

    def _is_shown(self, call: _Call) -> bool:
        is_plain = call.frame.kind in ("CALL", "STATICCALL") and call.frame.to in self._subject.precompiles
        return self._with_precompiles or not is_plain

    def _action(self, call: _Call, is_root: bool) -> Json:
        frame = call.frame
        if frame.kind == "SELFDESTRUCT":
            return {"address": data(frame.sender), "balance": quantity(frame.value), "refundAddress": data(frame.to)}
        body: Json = {
            "from": data(frame.sender),
            "gas": quantity(self._subject.gas_limit if is_root else frame.gas),
            "value": quantity(0 if frame.kind == "STATICCALL" else frame.value),
        }
        if frame.kind in _CREATIONS:
            return {**body, "creationMethod": frame.kind.lower(), "init": data(frame.data)}
        return {**body, "callType": frame.kind.lower(), "input": data(frame.data), "to": data(frame.to)}

    def _result(self, call: _Call, gas_used: int) -> Json | None:
        if call.frame.kind == "SELFDESTRUCT":
            return None
        if call.frame.kind not in _CREATIONS:
            return {"gasUsed": quantity(gas_used), "output": data(call.output)}
        body: Json = {"code": data(call.output), "gasUsed": quantity(gas_used)}
        if call.error is None:
            body["address"] = data(call.frame.to)
        return body


def _as_parity(error: str) -> str:
    known = _PARITY.get(error)
    if known is not None:
        return known
    return next((words for start, words in _PARITY_BEGINNINGS.items() if error.startswith(start)), error)
