"""geth's prestateTracer: the state a transaction needs to run, or with diffMode what it changed."""

from dataclasses import dataclass, field
from typing import Any

from testamur_node.codec import word
from testamur_node.execution.observing import Frame, Observer, Step
from testamur_node.rpc.codec import data, quantity
from testamur_node.rpc.rendering import Json
from testamur_node.rpc.tracers.stack import touched_address, touched_slot

__all__ = ["PrestateTracer"]


@dataclass(slots=True)
class _Account:
    """An account as it was when it was first touched."""

    balance: int
    nonce: int
    code: bytes
    storage: dict[int, int] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether it is more than an address."""
        return bool(self.balance or self.nonce or self.code or any(self.storage.values()))


class PrestateTracer(Observer):
    """Notes accounts and slots before they change."""

    def __init__(self, parties: tuple[bytes, ...], is_difference: bool, with_code: bool, with_storage: bool) -> None:
        self._parties = parties
        self._is_difference = is_difference
        self._with_code = with_code
        self._with_storage = with_storage
        self._before: dict[bytes, _Account] = {}
        self._after: dict[bytes, _Account] = {}
        self._created: set[bytes] = set()
        self._state: Any = None

    def begin(self, state: Any) -> None:
        """Note sender, recipient and coinbase before anything is charged."""
        self._state = state
        for address in (*self._parties, state.coinbase):
            self._note(address)

    def enter(self, frame: Frame) -> None:
        """Note whom a frame concerns."""
        self._note(frame.to)
        if frame.kind in ("CREATE", "CREATE2"):
            self._created.add(frame.to)

    def step(self, step: Step) -> None:
        """Note what an instruction touches."""
        address = touched_address(step)
        if address is not None:
            self._note(address)
        slot = touched_slot(step)
        if slot is not None:
            account = self._note(slot[0])
            if slot[1] not in account.storage:
                account.storage[slot[1]] = self._state.get_storage(*slot)

    def end(self, state: Any) -> None:
        """Read everything noted once more."""
        for address, account in self._before.items():
            later = _read(state, address)
            later.storage = {slot: state.get_storage(address, slot) for slot in account.storage}
            self._after[address] = later

    def _note(self, address: bytes) -> _Account:
        known = self._before.get(address)
        if known is None:
            known = self._before[address] = _read(self._state, address)
        return known

    def result(self) -> Json:
        """The accounts before, or in diffMode what changed of them before and after."""
        if not self._is_difference:
            shown = {address: account for address, account in self._before.items() if address not in self._created}
            return {data(address): self._render(account) for address, account in shown.items()}
        before: Json = {}
        after: Json = {}
        for address, old in self._before.items():
            new = self._after.get(address, old)
            changed = self._changes(old, new)
            if not changed and old.storage == new.storage:
                continue
            if old.exists:
                before[data(address)] = self._render_changed(old, new)
            if new.exists:
                after[data(address)] = changed
        return {"pre": before, "post": after}

    def _changes(self, old: _Account, new: _Account) -> Json:
        """The members of `new` that differ from `old`."""
        body: Json = {}
        if new.balance != old.balance:
            body["balance"] = quantity(new.balance)
        if new.nonce != old.nonce:
            body["nonce"] = new.nonce
        if new.code != old.code and self._with_code:
            body["code"] = data(new.code)
        slots = {slot: value for slot, value in new.storage.items() if value != old.storage.get(slot, 0) and value}
        if slots and self._with_storage:
            body["storage"] = _slots(slots)
        return body

    def _render_changed(self, old: _Account, new: _Account) -> Json:
        """`old` with those slots alone that changed."""
        storage = {slot: value for slot, value in old.storage.items() if new.storage.get(slot, 0) != value and value}
        return self._render(_Account(old.balance, old.nonce, old.code, storage))

    def _render(self, account: _Account) -> Json:
        body: Json = {"balance": quantity(account.balance)}
        if account.nonce:
            body["nonce"] = account.nonce
        if account.code and self._with_code:
            body["code"] = data(account.code)
        if account.storage and self._with_storage:
            body["storage"] = _slots(account.storage)
        return body


def _read(state: Any, address: bytes) -> _Account:
    return _Account(state.get_balance(address), state.get_nonce(address), bytes(state.get_code(address)))


def _slots(storage: dict[int, int]) -> Json:
    return {data(word(slot)): data(word(value)) for slot, value in sorted(storage.items())}
