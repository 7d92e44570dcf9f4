"""geth's default tracer: a record of every instruction with stack, and memory and storage if asked."""

from dataclasses import dataclass

import orjson
from eth.exceptions import VMError

from testamur_node.chain.rules import Fork
from testamur_node.codec import word
from testamur_node.execution.observing import Observer, Outcome, Step
from testamur_node.execution.wording import reason
from testamur_node.rpc.errors import ResourceLimitError
from testamur_node.rpc.rendering import Json
from testamur_node.rpc.tracers.stack import number_at, stack_size

__all__ = ["StructOptions", "StructTracer"]

_REFUNDING = (0x55, 0xFF)
_REFUND_FOR_DESTRUCTION = 24_000
_MOST_STEPS = 500_000
"""Records of one trace; beyond that the answer would not fit anyway."""


@dataclass(frozen=True, slots=True)
class StructOptions:
    """What each record holds (geth's logger.Config)."""

    with_memory: bool = False
    with_stack: bool = True
    with_storage: bool = True
    with_return_data: bool = False
    limit: int = 0
    """Bytes of records as JSON after which no other is added; 0 for no limit."""


class StructTracer(Observer):
    """Collects the records of one transaction or call."""

    def __init__(self, options: StructOptions) -> None:
        self._options = options
        self._records: list[Json] = []
        self._open: list[Json] = []
        self._steps: list[Step] = []
        self._storage: dict[bytes, dict[str, str]] = {}
        self._output = b""
        self._is_failed = False

    def step(self, step: Step) -> None:
        """Begin a record."""
        if len(self._records) >= _MOST_STEPS:
            raise ResourceLimitError(f"trace of more than {_MOST_STEPS} steps: say a limit in the tracer's options")
        self._steps.append(step)
        record: Json = {"pc": step.pc, "op": step.name, "gas": step.gas, "gasCost": 0, "depth": step.depth}
        self._note_refund(step, record)
        if self._options.with_stack:
            record["stack"] = [hex(number_at(step, depth)) for depth in reversed(range(stack_size(step)))]
        if self._options.with_memory:
            memory = bytes(step.computation._memory._bytes)
            if memory:
                record["memory"] = [memory[at : at + 32].hex() for at in range(0, len(memory), 32)]
        if self._options.with_return_data and step.computation.return_data:
            record["returnData"] = "0x" + bytes(step.computation.return_data).hex()
        if self._options.with_storage:
            self._note_storage(step, record)
        self._records.append(record)
        self._open.append(record)

    def _note_refund(self, step: Step, record: Json) -> None:
        """What the transaction would get back as it stands; before London for contracts that are no more, too."""
        refund = sum(computation.get_gas_refund() for computation in step.under_way)
        if step.computation.fork < Fork.LONDON:
            doomed = {gone for computation in step.under_way for gone in computation.get_accounts_for_deletion()}
            refund += _REFUND_FOR_DESTRUCTION * len(doomed)
        _set_refund(record, refund)

    def _note_storage(self, step: Step, record: Json) -> None:
        """Slots that the contract has read or written so far, at each further read or write."""
        account = step.computation.msg.storage_address
        if step.opcode == 0x54 and stack_size(step) >= 1:
            slot = number_at(step, 0)
            value = step.computation.state.get_storage(account, slot)
        elif step.opcode == 0x55 and stack_size(step) >= 2:
            slot, value = number_at(step, 0), number_at(step, 1)
        else:
            return
        seen = self._storage.setdefault(account, {})
        seen[word(slot).hex()] = word(value).hex()
        record["storage"] = dict(seen)

    def stepped(self, cost: int, error: VMError | None, was_begun: bool, refund: int = 0) -> None:
        """Complete the newest open record; geth shows the error of what could not begin alone."""
        record = self._open.pop()
        record["gasCost"] = cost
        step = self._steps.pop()
        if error is not None:
            known = record.get("refund")
            _set_refund(record, (known if isinstance(known, int) else 0) + refund)
        elif step.opcode in _REFUNDING:
            self._note_refund(step, record)  # geth settles price and refund before it shows an instruction
        if error is not None and not was_begun:
            record["error"] = reason(error)

    def exit(self, outcome: Outcome) -> None:
        """The last frame to end is the transaction's own."""
        self._output, self._is_failed = outcome.output, outcome.error is not None

    def result(self, gas_used: int) -> Json:
        """The trace."""
        return {
            "gas": gas_used,
            "failed": self._is_failed,
            "returnValue": "0x" + self._output.hex(),
            "structLogs": self._within_limit(),
        }

    def _within_limit(self) -> list[Json]:
        """The records up to the first that is longer than the limit leaves room for, itself included (geth's way)."""
        if not self._options.limit:
            return self._records
        size, kept = 0, []
        for record in self._records:
            if size > self._options.limit:
                break
            kept.append(record)
            size += len(orjson.dumps(record))
        return kept


def _set_refund(record: Json, refund: int) -> None:
    record.pop("refund", None)
    if refund:
        record["refund"] = refund
