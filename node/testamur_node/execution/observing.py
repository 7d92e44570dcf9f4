"""Watching the EVM at work: the seam for tracers. An `Observer` sees frames begin and end, and each step in between.

`observed` bends a py-evm computation class so that it tells its observer; runs without one pay nothing for it.
"""

from dataclasses import dataclass
from typing import Any

from eth.exceptions import Revert, VMError
from eth.vm.logic.invalid import InvalidOpcode

__all__ = ["Frame", "Outcome", "Step", "Observer", "observed", "OPCODE_NAMES"]

OPCODE_NAMES = {0x20: "KECCAK256", 0x44: "PREVRANDAO", 0xFE: "INVALID"}
"""Where geth and the specification use another name than py-evm."""
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

    def stepped(self, cost: int, error: VMError | None) -> None:
        """The newest unfinished instruction is done: what it cost, with the gas it gave to a call; its error."""

    def exit(self, outcome: Outcome) -> None:
        """The newest unfinished frame has ended."""

    def log(self, address: bytes, topics: tuple[int, ...], data: bytes) -> None:
        """An event was emitted; it is void if its frame fails."""


class _WatchedOpcode:
    """An opcode that tells its observer before and after."""

    __slots__ = ("_function", "_name", "_observer", "_opcode")

    def __init__(self, opcode: int, function: Any, observer: Observer) -> None:
        self._opcode = opcode
        self._function = function
        known = getattr(function, "mnemonic", None) or f"opcode {opcode:#x} not defined"
        self._name = OPCODE_NAMES.get(opcode, "SELFDESTRUCT" if opcode == 0xFF else known)
        self._observer = observer

    def __call__(self, computation: Any) -> None:
        pc = max(0, computation.code.program_counter - 1)
        depth = computation.msg.depth + 1
        gas = computation._gas_meter.gas_remaining
        self._observer.step(Step(computation, pc, self._opcode, self._name, gas, depth))
        computation.step_cost, computation.current_opcode = 0, self._opcode
        if self._opcode == 0xFF and computation._stack.values:
            self._self_destruct(computation)
        error: VMError | None = None
        try:
            self._function(computation=computation)
        except VMError as raised:
            error = raised
            raise
        finally:
            self._observer.stepped(computation.step_cost, error)

    def _self_destruct(self, computation: Any) -> None:
        """SELFDESTRUCT counts as a frame of its own, as in geth."""
        top = computation._stack.values[-1]
        heir = top.to_bytes(32, "big")[12:] if isinstance(top, int) else bytes(top).rjust(20, b"\0")[-20:]
        owner = computation.msg.storage_address
        balance = computation.state.get_balance(owner)
        self._observer.enter(Frame("SELFDESTRUCT", owner, heir, balance, 0, b"", computation.msg.depth + 1))
        self._observer.exit(Outcome(b"", 0, None))


class _WatchedOpcodes(dict[int, Any]):
    """The opcode table, wrapped; undefined opcodes are watched too."""

    def __init__(self, opcodes: dict[int, Any], observer: Observer) -> None:
        super().__init__({opcode: _WatchedOpcode(opcode, function, observer) for opcode, function in opcodes.items()})
        self._observer = observer

    def __missing__(self, opcode: int) -> Any:
        self[opcode] = _WatchedOpcode(opcode, InvalidOpcode(opcode), self._observer)
        return self[opcode]


def observed(base: Any, observer: Observer) -> Any:
    """A computation class that behaves as `base` and tells `observer`."""

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
        opcode = parent.current_opcode if parent is not None else None
        default = "CREATE" if message.is_create else "CALL"
        observer.enter(_frame(message, _CALLS.get(opcode, default) if opcode is not None else default))
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
            "opcodes": _WatchedOpcodes(base.opcodes, observer),
            "step_cost": 0,
            "current_opcode": None,
            "_configure_gas_meter": _configure_gas_meter,
            "add_log_entry": add_log_entry,
            "apply_message": classmethod(apply_message),
            "apply_create_message": classmethod(apply_create_message),
        },
    )


def _frame(message: Any, kind: str) -> Frame:
    if kind == "DELEGATECALL":
        return Frame(
            kind,
            message.storage_address,
            message.code_address,
            message.value,
            message.gas,
            bytes(message.data),
            message.depth,
        )
    target = message.storage_address if message.is_create else (message.code_address or message.to)
    payload = message.code if message.is_create else message.data
    return Frame(kind, message.sender, target, message.value, message.gas, bytes(payload), message.depth)
