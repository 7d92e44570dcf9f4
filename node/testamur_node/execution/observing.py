"""Watching the EVM at work: the seam for tracers. An `Observer` sees frames begin and end, and each step in between.

`observed` bends a py-evm computation class so that it tells its observer; runs without one pay nothing for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth.exceptions import FullStack, Halt, InsufficientStack, Revert, VMError
from eth.vm.logic.invalid import InvalidOpcode

from testamur_node.execution.opcodes import name_of, plain_cost, stack_problem
from testamur_node.execution.wording import is_gas_overflow, said, words_of_failure

__all__ = ["Frame", "Outcome", "Step", "Observer", "observed"]

_DEEPEST = 1024
_NO_OPCODE = -1
_CALLS = {0xF1: "CALL", 0xF2: "CALLCODE", 0xF4: "DELEGATECALL", 0xFA: "STATICCALL", 0xF0: "CREATE", 0xF5: "CREATE2"}


@dataclass(frozen=True, slots=True)
class Frame:
    """A call or creation that begins."""

    kind: str
    """CALL, CALLCODE, DELEGATECALL, STATICCALL, CREATE, CREATE2 or SELFDESTRUCT."""
    sender: bytes
    """Who calls; for DELEGATECALL the calling contract."""
    to: bytes
    """Whose code runs, or the contract to be created."""
    value: int
    gas: int
    data: bytes
    """Calldata, or creation code."""
    depth: int
    """0 for the transaction's own frame."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a frame ended."""

    output: bytes
    gas_used: int
    error: VMError | None

    @property
    def is_revert(self) -> bool:
        """Whether it ended with REVERT."""
        return isinstance(self.error, Revert)


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction about to run."""

    computation: Any
    """py-evm's; `_stack.values`, `_memory` and `state` are read by tracers."""
    pc: int
    opcode: int
    name: str
    gas: int
    """Left before it."""
    depth: int
    """1 for the transaction's own frame, as geth counts."""
    under_way: Sequence[Any]
    """The computations that have begun and not ended, outermost first."""


class Observer:
    """Sees a run; what a tracer does not care about stays as here."""

    def begin(self, state: Any) -> None:
        """A transaction or call is about to begin on py-evm's `state`; nothing is charged yet."""

    def end(self, state: Any) -> None:
        """It is over, refunds and fees settled."""

    def enter(self, frame: Frame) -> None:
        """A frame begins."""

    def step(self, step: Step) -> None:
        """An instruction is about to run."""

    def stepped(self, cost: int, error: VMError | None, was_begun: bool) -> None:
        """The newest unfinished instruction is done: what it cost, with the gas it gave to a call; its error.

        `was_begun` is False where its stack or its gas did not suffice, so that it never ran.
        """

    def exit(self, outcome: Outcome) -> None:
        """The newest unfinished frame has ended."""

    def log(self, address: bytes, topics: tuple[int, ...], data: bytes) -> None:
        """An event was emitted; it is void if its frame fails."""


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
            observer.stepped(self._plain_cost(), error, False)
            raise error
        operands = _Operands(self._opcode if self._is_defined else _NO_OPCODE, values, computation, gas)
        computation.step_cost, computation.operands, entered = 0, operands, watch.entered
        try:
            self._function(computation=computation)
        except VMError as raised:
            failure = said(raised, words_of_failure(raised, self._opcode, self._name, operands.was_cold, gas))
            # geth finds a lack of plain gas, and an overflow, before it counts what operands add
            is_early = _lacks_gas(failure) and (gas < self._plain_cost() or is_gas_overflow(failure))
            cost = self._plain_cost() if is_early else computation.step_cost
            observer.stepped(cost, failure, _ran(failure))
            raise
        except Halt:
            if self._opcode == 0xFF:
                observer.enter(operands.self_destruction())
                observer.exit(Outcome(b"", 0, None))
            observer.stepped(computation.step_cost, None, True)
            raise
        if self._opcode in _CALLS and watch.entered == entered:
            self._refused(computation, operands)
        observer.stepped(computation.step_cost, None, True)

    def _plain_cost(self) -> int:
        """Gas whatever the operands are; before Berlin (EIP-2929) it was another for most that look at accounts."""
        if not self._is_defined:
            return 0
        return plain_cost(self._opcode) if self._watch.warms else int(self._function.gas_cost)

    def _refused(self, computation: Any, operands: "_Operands") -> None:
        """A call or creation that came to nothing, as geth shows it: a frame that fails at once."""
        frame, words = operands.refused_frame(computation)
        self._watch.observer.enter(frame)
        self._watch.observer.exit(Outcome(b"", 0, said(VMError(words), words)))


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


def _lacks_gas(failure: VMError) -> bool:
    return type(failure).__name__ == "OutOfGas"


def _ran(failure: VMError) -> bool:
    """Whether an instruction had begun when it failed: it was not its stack or its gas that stopped it."""
    return type(failure).__name__ not in ("OutOfGas", "InsufficientStack", "FullStack")


class _Operands:
    """What an instruction found on the stack, kept for the frames that it makes."""

    __slots__ = ("gas", "opcode", "owner", "target", "top", "value", "was_cold", "wealth")

    def __init__(self, opcode: int, values: Sequence[Any], computation: Any, gas: int) -> None:
        self.opcode, self.gas = opcode, gas
        self.target, self.was_cold, self.value, self.wealth = b"", False, 0, 0
        self.top: Sequence[int] = ()
        self.owner: bytes = computation.msg.storage_address
        if opcode in _CALLS:
            self.top = [_number(value) for value in values[-1:-8:-1]]
            if opcode not in (0xF0, 0xF5):
                self.target = _address(self.top[1])
                self.was_cold = _is_cold(computation.state, self.target)
            if opcode in (0xF1, 0xF2, 0xF0, 0xF5):
                self.value = self.top[2 if opcode in (0xF1, 0xF2) else 0]
        elif opcode == 0xFF:
            self.target = _address(_number(values[-1]))
            self.wealth = computation.state.get_balance(self.owner)
        self.wealth = self.wealth or (computation.state.get_balance(self.owner) if self.value else 0)

    def self_destruction(self) -> Frame:
        """SELFDESTRUCT counts as a frame of its own, as in geth."""
        return Frame("SELFDESTRUCT", self.owner, self.target, self.wealth, 0, b"", 1)

    def refused_frame(self, computation: Any) -> tuple[Frame, str]:
        """The frame that did not come to be, and why."""
        kind, depth = _CALLS[self.opcode], computation.msg.depth + 1
        left = computation._gas_meter.gas_remaining
        words = "max call depth exceeded" if depth > _DEEPEST else "insufficient balance for transfer"
        if self.opcode in (0xF0, 0xF5):
            if depth <= _DEEPEST and self.value <= self.wealth:
                words = "contract address collision"
            start, size = self.top[1:3]
            code = computation.memory_read_bytes(start, size)
            return Frame(kind, self.owner, bytes(20), self.value, left - left // 64, code, depth), words
        start, size = self.top[3:5] if self.opcode in (0xF1, 0xF2) else self.top[2:4]
        value = computation.msg.value if self.opcode == 0xF4 else self.value
        gas = left - self.gas + computation.step_cost
        return Frame(
            kind, self.owner, self.target, value, gas, computation.memory_read_bytes(start, size), depth
        ), words


def _number(value: Any) -> int:
    return value if isinstance(value, int) else int.from_bytes(value, "big")


def _address(number: int) -> bytes:
    return (number & (2**160 - 1)).to_bytes(20, "big")


def _is_cold(state: Any, address: bytes) -> bool:
    known = getattr(state, "is_address_warm", None)
    return known is not None and not known(address)


@dataclass(slots=True)
class _Watch:
    """One observer's view of a run."""

    observer: Observer
    warms: bool
    """Whether the fork tells accounts that were looked at from others (EIP-2929)."""
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
    watch = _Watch(observer, base.opcodes[0x54].gas_cost == 0, [])

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
        observer.enter(_frame(message, None if parent is None else parent.operands))
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

    return type(
        f"Observed{base.__name__}",
        (base,),
        {
            "opcodes": _WatchedOpcodes(base.opcodes, watch),
            "step_cost": 0,
            "operands": None,
            "_configure_gas_meter": _configure_gas_meter,
            "add_log_entry": add_log_entry,
            "apply_message": classmethod(apply_message),
            "apply_create_message": classmethod(apply_create_message),
        },
    )


def _frame(message: Any, operands: _Operands | None) -> Frame:
    """How geth shows a message: a delegated account by its own address, a DELEGATECALL from the calling contract."""
    if message.is_create:
        kind = _CALLS[operands.opcode] if operands is not None else "CREATE"
        code = bytes(message.code)
        return Frame(kind, message.sender, message.storage_address, message.value, message.gas, code, message.depth)
    if operands is None:
        return Frame("CALL", message.sender, message.to, message.value, message.gas, bytes(message.data), message.depth)
    return Frame(
        _CALLS[operands.opcode],
        operands.owner,
        operands.target,
        message.value,
        message.gas,
        bytes(message.data),
        message.depth,
    )
