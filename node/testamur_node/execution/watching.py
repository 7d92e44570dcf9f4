"""py-evm bent to tell an `Observer` what it does, in geth's order: frames, instructions with their price, events."""

from dataclasses import dataclass
from typing import Any

from eth.exceptions import FullStack, Halt, InsufficientStack, OutOfGas, Revert, VMError
from eth.vm.logic.invalid import InvalidOpcode

from testamur_node.chain.rules import Fork
from testamur_node.execution.observing import Observer, Outcome, Step
from testamur_node.execution.opcodes import name_of, plain_cost, stack_problem
from testamur_node.execution.operands import FRAMES, NO_OPCODE, Operands, frame_of
from testamur_node.execution.wording import said

__all__ = ["observed"]


class _WatchedOpcode:
    """An opcode that tells its observer before and after."""

    __slots__ = ("_function", "_is_defined", "_name", "_opcode", "_watch")

    def __init__(self, opcode: int, function: Any, watch: "_Watch") -> None:
        self._opcode = opcode
        self._function = function
        self._name = name_of(opcode)
        self._is_defined = not isinstance(function, InvalidOpcode)
        self._watch = watch

    def __call__(self, computation: Any) -> None:
        if not len(computation.code):  # py-evm reads a STOP where there is nothing; geth runs nothing
            self._function(computation=computation)
            return
        watch, depth = self._watch, computation.msg.depth
        observer = watch.observer
        del watch.under_way[depth:]
        watch.under_way.append(computation)
        values, gas = computation._stack.values, computation._gas_meter.gas_remaining
        pc = _position(computation.code, self._opcode)
        observer.step(Step(computation, pc, self._opcode, self._name, gas, depth + 1, watch.under_way))
        problem = stack_problem(self._opcode, len(values)) if self._is_defined else None
        if problem is not None:
            error = said((InsufficientStack if "underflow" in problem else FullStack)(problem), problem)
            observer.stepped(plain_cost(self._opcode, watch.fork), error, False)
            raise error
        operands = Operands(self._opcode if self._is_defined else NO_OPCODE, values, computation, gas)
        computation.step_cost, computation.operands, entered = 0, operands, watch.entered
        try:
            self._function(computation=computation)
        except VMError as raised:
            self._failed(raised, operands)
            raise
        except Halt:
            if self._opcode == 0xFF:
                observer.enter(operands.self_destruction())
                observer.exit(Outcome(b"", 0, None))
            observer.stepped(computation.step_cost, None, True)
            raise
        if self._opcode in FRAMES and watch.entered == entered:
            self._refused(computation, operands)
        observer.stepped(computation.step_cost, None, True)

    def _failed(self, raised: VMError, operands: Operands) -> None:
        """Tell of an instruction that failed, as geth does: it settles the whole price first."""
        observer = self._watch.observer
        if not self._is_defined:
            observer.stepped(0, said(raised, f"invalid opcode: {self._name}"), True)
            return
        price = operands.price(self._watch.under_way)
        lack = price.lack if price.lack is not None else "out of gas" if isinstance(raised, OutOfGas) else None
        observer.stepped(price.cost, said(raised, lack), lack is None, price.refund)

    def _refused(self, computation: Any, operands: Operands) -> None:
        """A call or creation that came to nothing, as geth shows it: a frame that fails at once."""
        frame, words, used = operands.refused_frame(self._watch.under_way)
        computation.step_cost -= used
        self._watch.observer.enter(frame)
        self._watch.observer.exit(Outcome(b"", used, said(VMError(words), words)))


def _position(code: Any, opcode: int) -> int:
    """Where the instruction stands that was just read; the STOP that follows the last one stands behind the code."""
    length = len(code)
    counter: int = code.program_counter
    is_implied = (
        opcode == 0
        and counter >= length
        and not (counter == length and code[length - 1] == 0 and code.is_valid_opcode(length - 1))
    )
    return counter if is_implied else counter - 1


@dataclass(slots=True)
class _Watch:
    """One observer's view of a run."""

    observer: Observer
    fork: Fork
    under_way: list[Any]
    entered: int = 0
    """Frames so far."""


class _WatchedOpcodes(dict[int, Any]):
    """The opcode table, wrapped; undefined opcodes are watched too."""

    def __init__(self, opcodes: dict[int, Any], watch: _Watch) -> None:
        super().__init__({opcode: _WatchedOpcode(opcode, function, watch) for opcode, function in opcodes.items()})
        self._watch = watch

    def __missing__(self, opcode: int) -> Any:
        self[opcode] = _WatchedOpcode(opcode, InvalidOpcode(opcode), self._watch)
        return self[opcode]


def observed(base: Any, observer: Observer) -> Any:
    """A computation class that behaves as `base` and tells `observer`."""
    watch = _Watch(observer, base.fork, [])

    def _configure_gas_meter(self: Any) -> Any:
        meter = base._configure_gas_meter(self)
        consume = meter.consume_gas

        def counted(amount: int, reason: str) -> None:
            self.step_cost += amount
            consume(amount, reason)

        meter.consume_gas = counted
        return meter

    def add_log_entry(self: Any, account: bytes, topics: Any, data: bytes) -> None:
        observer.log(account, tuple(topics), bytes(data))
        base.add_log_entry(self, account, topics, data)

    def apply_message(
        cls: Any, state: Any, message: Any, transaction_context: Any, parent_computation: Any = None
    ) -> Any:
        run = base.apply_message.__func__
        if message.is_create:  # apply_create_message below has told of it
            return run(cls, state, message, transaction_context, parent_computation=parent_computation)
        return _framed(run, cls, state, message, transaction_context, parent_computation)

    def apply_create_message(
        cls: Any, state: Any, message: Any, transaction_context: Any, parent_computation: Any = None
    ) -> Any:
        run = base.apply_create_message.__func__
        return _framed(run, cls, state, message, transaction_context, parent_computation)

    def _framed(run: Any, cls: Any, state: Any, message: Any, transaction_context: Any, parent: Any) -> Any:
        watch.entered += 1
        observer.enter(frame_of(message, None if parent is None else parent.operands))
        if message.is_create and parent is not None:
            parent.step_cost -= message.gas  # geth counts what CREATE forwards as the child's, not as its cost
        try:
            computation = run(cls, state, message, transaction_context, parent_computation=parent)
        except VMError as error:
            observer.exit(Outcome(b"", message.gas, error))
            raise
        failure = computation._error
        output = bytes(computation._output) if failure is None or isinstance(failure, Revert) else b""
        observer.exit(Outcome(output, message.gas - computation._gas_meter.gas_remaining, failure))
        return computation

    def set_error(self: Any, error: VMError) -> None:
        base.error.fset(self, error)
        if not watch.entered:  # a creation that is refused before it begins: geth shows its frame
            watch.entered += 1
            observer.enter(frame_of(self.msg, None))
            observer.exit(Outcome(b"", self.msg.gas if error.burns_gas else 0, error))

    return type(
        f"Observed{base.__name__}",
        (base,),
        {
            "opcodes": _WatchedOpcodes(base.opcodes, watch),
            "step_cost": 0,
            "operands": None,
            "_configure_gas_meter": _configure_gas_meter,
            "add_log_entry": add_log_entry,
            "error": property(lambda self: base.error.fget(self), set_error),
            "apply_message": classmethod(apply_message),
            "apply_create_message": classmethod(apply_create_message),
        },
    )
