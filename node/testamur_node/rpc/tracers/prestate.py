"""geth's prestateTracer: the state a transaction needs to run, or with diffMode what it changed."""

from dataclasses import dataclass, field
from typing import Any

from eth.exceptions import VMError
from testamur.proof.hashing import keccak256

from testamur_node.chain.transaction import created_address
from testamur_node.codec import word
from testamur_node.execution.observing import Observer, Step
from testamur_node.rpc.codec import data, quantity
from testamur_node.rpc.rendering import Json
from testamur_node.rpc.tracers.stack import number_at, stack_size, touched_address, touched_slot
from testamur_node.rpc.tracers.subject import Subject

__all__ = ["PrestateTracer", "PrestateOptions"]


@dataclass(frozen=True, slots=True)
class PrestateOptions:
    """What the answer holds (geth's prestateTracerConfig)."""

    is_difference: bool = False
    with_code: bool = True
    with_storage: bool = True
    with_empty: bool = False
    """Whether accounts that do not exist are shown, too."""


@dataclass(slots=True)
class _Account:
    """An account as it was when it was first touched."""

    balance: int
    nonce: int
    code: bytes
    storage: dict[int, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether it is no more than an address; what its storage holds does not count."""
        return not (self.balance or self.nonce or self.code)


class PrestateTracer(Observer):
    """Notes accounts and slots before they change."""

    def __init__(self, subject: Subject, options: PrestateOptions) -> None:
        self._subject = subject
        self._options = options
        self._before: dict[bytes, _Account] = {}
        self._absent: set[bytes] = set()
        self._deleted: set[bytes] = set()
        self._post: Json = {}
        self._pre: Json = {}
        self._state: Any = None
        self._newest: list[tuple[bytes, int | None]] = []
        """What the instruction under way made us note: forgotten again where it could not begin."""
        self._newest_deleted: bytes | None = None

    def begin(self, state: Any) -> None:
        """Note sender, recipient, coinbase and signers of delegations before anything is charged."""
        self._state = state
        sender, to = self._subject.sender, self._subject.to
        target = created_address(sender, state.get_nonce(sender)) if to is None else to
        for address in (sender, target, state.coinbase, *self._subject.authorities):
            self._note(address)
        self._note_delegate(target)

    def step(self, step: Step) -> None:
        """Note what an instruction touches."""
        self._newest, self._newest_deleted = [], None
        slot = touched_slot(step)
        if slot is not None:
            account = self._note(slot[0])
            if slot[1] not in account.storage:
                account.storage[slot[1]] = self._state.get_storage(*slot)
                self._newest.append(slot)
        address = touched_address(step) or self._created(step)
        if address is not None:
            self._note(address)
            if step.opcode == 0xFF:
                self._newest_deleted = step.computation.msg.storage_address
                self._deleted.add(self._newest_deleted)
            elif step.opcode in _CALLS:
                self._note_delegate(address)

    def stepped(self, cost: int, error: VMError | None, was_begun: bool, refund: int = 0) -> None:
        """Forget what was noted for an instruction that never ran."""
        if not was_begun:
            for address, slot in self._newest:
                if slot is None:
                    self._before.pop(address, None)
                else:
                    self._before[address].storage.pop(slot, None)
            if self._newest_deleted is not None:
                self._deleted.discard(self._newest_deleted)
        self._newest, self._newest_deleted = [], None

    def _created(self, step: Step) -> bytes | None:
        """The contract that CREATE or CREATE2 is about to make."""
        creator = step.computation.msg.storage_address
        if step.opcode == 0xF0 and stack_size(step) >= 3:
            return created_address(creator, self._state.get_nonce(creator))
        if step.opcode == 0xF5 and stack_size(step) >= 4:
            start, size = number_at(step, 1), number_at(step, 2)
            memory = bytes(step.computation._memory._bytes)
            code = memory[start : start + size].ljust(size, b"\0") if size < _MOST_INIT_CODE else b""
            return keccak256(b"\xff" + creator + word(number_at(step, 3)) + keccak256(code))[12:]
        return None

    def _note_delegate(self, address: bytes) -> None:
        code = bytes(self._state.get_code(address))
        if self._subject.knows_delegation and len(code) == 23 and code.startswith(b"\xef\x01\x00"):
            self._note(code[3:])

    def _note(self, address: bytes) -> _Account:
        known = self._before.get(address)
        if known is None:
            known = self._before[address] = _read(self._state, address)
            self._newest.append((address, None))
        return known

    def end(self, state: Any) -> None:
        """Read everything noted once more."""
        shown = self._before
        if not self._options.is_difference:
            if not self._options.with_empty:
                shown = {address: account for address, account in shown.items() if not account.is_empty}
            self._pre = {data(address): self._render(account) for address, account in shown.items()}
            return
        for address, old in self._before.items():
            changed = None if address in self._deleted else self._changes(state, address, old)
            if changed is not None:
                self._post[data(address)] = changed
            if (changed is not None or address in self._deleted) and not old.is_empty:
                self._pre[data(address)] = self._render(old)

    def result(self) -> Json:
        """The accounts before, or in diffMode what changed of them before and after."""
        return {"pre": self._pre, "post": self._post} if self._options.is_difference else self._pre

    def _changes(self, state: Any, address: bytes, old: _Account) -> Json | None:
        """What differs now, None where nothing does; `old` keeps those slots alone that changed."""
        new, body = _read(state, address), Json()
        if new.balance != old.balance:
            body["balance"] = quantity(new.balance)
        if new.nonce != old.nonce:
            body["nonce"] = new.nonce
        is_changed = bool(body) or new.code != old.code
        if new.code != old.code:
            body["codeHash"] = data(keccak256(new.code) if new.code else bytes(32))
            if self._options.with_code and new.code:
                body["code"] = data(new.code)
        if not new.nonce:
            body.pop("nonce", None)
        if self._options.with_storage:
            later = {slot: state.get_storage(address, slot) for slot in old.storage}
            is_changed |= later != old.storage
            changed = {slot: value for slot, value in later.items() if value and value != old.storage[slot]}
            old.storage = {slot: value for slot, value in old.storage.items() if value and value != later[slot]}
            if changed:
                body["storage"] = _slots(changed)
        return body if is_changed else None

    def _render(self, account: _Account) -> Json:
        body: Json = {"balance": quantity(account.balance)}
        if account.nonce:
            body["nonce"] = account.nonce
        if account.code:
            body["codeHash"] = data(keccak256(account.code))
            if self._options.with_code:
                body["code"] = data(account.code)
        if account.storage and self._options.with_storage:
            body["storage"] = _slots(account.storage)
        return body


_CALLS = frozenset({0xF1, 0xF2, 0xF4, 0xFA})
_MOST_INIT_CODE = 1 << 20


def _read(state: Any, address: bytes) -> _Account:
    return _Account(state.get_balance(address), state.get_nonce(address), bytes(state.get_code(address)))


def _slots(storage: dict[int, int]) -> Json:
    return {data(word(slot)): data(word(value)) for slot, value in sorted(storage.items())}
