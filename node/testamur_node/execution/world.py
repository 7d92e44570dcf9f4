"""The accounts and storage that a block works on: what py-evm calls an account database, made for one root per block.

Current values lie in dictionaries, and every change is logged, so that a reverted message undoes exactly its own. The
tries are touched when a root is asked for, all keys at once (state/update.py). py-evm's own keeps journals of encoded
accounts over caches over tries; the results are the same, which tests compare.
"""

from typing import Any

from testamur.proof.hashing import keccak256

from testamur_node.chain.block import EMPTY_TRIE_ROOT
from testamur_node.codec import minimal, number_of, rlp_decode, rlp_encode, rlp_list, word
from testamur_node.execution.executor import ExecutionError
from testamur_node.execution.overlay import Overlay
from testamur_node.state.reader import EMPTY_CODE_HASH
from testamur_node.state.update import update

__all__ = ["World"]

_Account = tuple[int, int, bytes]
"""nonce, balance, code hash"""
_NOTHING: _Account = (0, 0, EMPTY_CODE_HASH)
_UNSET: Any = object()
_LIMIT = 1 << 256


class World:
    """py-evm's AccountDatabaseAPI, and the transient storage of EIP-1153."""

    def __init__(self, database: Overlay, state_root: bytes) -> None:
        self._database = database
        self.wraps = False
        """Whether balances and nonces that are too high run over, instead of being an internal error."""
        self._root = state_root
        self._accounts: dict[bytes, _Account | None] = {}
        """As they are now; None for one that does not exist."""
        self._stored: dict[bytes, tuple[_Account | None, bytes]] = {}
        """As the state trie has them, with their storage roots."""
        self._storage_roots: dict[bytes, bytes] = {}
        """What `_slots` changes: the stored root, or the empty one after a wipe."""
        self._slots: dict[bytes, dict[int, int]] = {}
        """Written values by address."""
        self._read_slots: dict[bytes, dict[int, int]] = {}
        """Values read out of the trie under `_storage_roots`, by address."""
        self._originals: dict[tuple[bytes, int], int] = {}
        """Values before the transaction, of slots that it wrote."""
        self._wiped: dict[bytes, bool] = {}
        """Accounts whose storage this transaction wiped: what they had before counts as zero."""
        self._warm: dict[Any, bool] = {}
        self._transient: dict[tuple[bytes, int], bytes] = {}
        self._log: list[tuple[dict[Any, Any], Any, Any]] = []
        """(dictionary, key, value before) of every change since the transaction began."""

    # roots

    @property
    def state_root(self) -> bytes:
        """The root that was made last."""
        return self._root

    def make_state_root(self) -> bytes:
        """Bring every change into the tries; between transactions only, when nothing can be reverted any more."""
        for address in [address for address, slots in self._slots.items() if slots]:
            self._account(address)
        changed: dict[bytes, bytes | None] = {}
        for address, account in self._accounts.items():
            stored, stored_root = self._stored[address]
            storage_root = self._make_storage_root(address)
            if account == stored and storage_root == stored_root:
                continue
            self._stored[address] = (account, storage_root)
            if account is None and storage_root == EMPTY_TRIE_ROOT:
                changed[keccak256(address)] = None
                continue
            nonce, balance, code_hash = account or _NOTHING
            changed[keccak256(address)] = rlp_encode([minimal(nonce), minimal(balance), storage_root, code_hash])
        self._root = update(self._root, changed, self._database.find, self._database.writes)
        self._log.clear()
        return self._root

    def persist(self) -> None:
        """Make the root; what is new is in the overlay's writes then."""
        self.make_state_root()

    def _make_storage_root(self, address: bytes) -> bytes:
        root = self._storage_root(address)
        slots = self._slots.pop(address, None)
        if slots:
            changes = {
                keccak256(word(slot)): rlp_encode(minimal(value)) if value else None for slot, value in slots.items()
            }
            root = update(root, changes, self._database.find, self._database.writes)
            self._storage_roots[address] = root
            self._read_slots.setdefault(address, {}).update(slots)
        return root

    # undoing

    def record(self) -> int:
        """A point to come back to."""
        return len(self._log)

    def discard(self, checkpoint: int) -> None:
        """Undo every change since the checkpoint."""
        log = self._log
        while len(log) > checkpoint:
            target, key, before = log.pop()
            if before is _UNSET:
                target.pop(key, None)
            else:
                target[key] = before

    def lock_changes(self) -> None:
        """A transaction begins: nothing before it is undone, nothing is warm, the values now are the original ones."""
        self._log.clear()
        self._originals.clear()
        self._wiped.clear()
        self._warm.clear()

    def _set(self, target: dict[Any, Any], key: Any, value: Any) -> None:
        self._log.append((target, key, target.get(key, _UNSET)))
        target[key] = value

    # accounts

    def _account(self, address: bytes) -> _Account | None:
        try:
            return self._accounts[address]
        except KeyError:
            pass
        encoded = self._database.look_up(self._root, address)
        account: _Account | None = None
        storage_root: Any = EMPTY_TRIE_ROOT
        if encoded is not None:
            nonce, balance, storage_root, code_hash = rlp_list(encoded, 4)
            account = (number_of(nonce), number_of(balance), code_hash)  # type: ignore[assignment] # 32 bytes, we wrote it
        self._accounts[address] = account
        self._stored[address] = (account, storage_root)
        return account

    def get_nonce(self, address: bytes) -> int:
        """The account's nonce."""
        return (self._account(address) or _NOTHING)[0]

    def set_nonce(self, address: bytes, nonce: int) -> None:
        """Change it."""
        _, balance, code_hash = self._account(address) or _NOTHING
        self._set(self._accounts, address, (nonce, balance, code_hash))

    def increment_nonce(self, address: bytes) -> None:
        """One more."""
        nonce, balance, code_hash = self._account(address) or _NOTHING
        self._set(self._accounts, address, ((nonce + 1) % 2**64 if self.wraps else nonce + 1, balance, code_hash))

    def get_balance(self, address: bytes) -> int:
        """wei"""
        return (self._account(address) or _NOTHING)[1]

    def set_balance(self, address: bytes, balance: int) -> None:
        """Change it; a balance outside 256 bits is an internal error."""
        if not 0 <= balance < _LIMIT:
            if not self.wraps:
                raise ExecutionError(f"balance {balance} of {address.hex()}")
            balance %= _LIMIT
        nonce, _, code_hash = self._account(address) or _NOTHING
        self._set(self._accounts, address, (nonce, balance, code_hash))

    def get_code_hash(self, address: bytes) -> bytes:
        """keccak of the code; that of nothing for an ordinary account."""
        return (self._account(address) or _NOTHING)[2]

    def get_code(self, address: bytes) -> bytes:
        """The code. A hash without its code is a damaged store."""
        code_hash = self.get_code_hash(address)
        if code_hash == EMPTY_CODE_HASH:
            return b""
        code = self._database.find(code_hash)
        if code is None:
            raise ExecutionError(f"the code of {address.hex()} is not in the store", "run testamur-node verify-db")
        return code

    def set_code(self, address: bytes, code: bytes) -> None:
        """Change it."""
        code_hash = keccak256(code)
        if code:
            self._database.writes[code_hash] = code
        nonce, balance, _ = self._account(address) or _NOTHING
        self._set(self._accounts, address, (nonce, balance, code_hash))

    def delete_code(self, address: bytes) -> None:
        """Back to an ordinary account."""
        self.set_code(address, b"")

    def account_has_code_or_nonce(self, address: bytes) -> bool:
        """Whether a contract cannot be created here (EIP-684, EIP-7610)."""
        nonce, _, code_hash = self._account(address) or _NOTHING
        return nonce != 0 or code_hash != EMPTY_CODE_HASH or self._storage_root(address) != EMPTY_TRIE_ROOT

    def account_exists(self, address: bytes) -> bool:
        """Whether the state has it, be it empty."""
        return self._account(address) is not None

    def account_is_empty(self, address: bytes) -> bool:
        """Nothing in it (EIP-161)."""
        return (self._account(address) or _NOTHING) == _NOTHING

    def touch_account(self, address: bytes) -> None:
        """Make it exist."""
        if self._account(address) is None:
            self._set(self._accounts, address, _NOTHING)

    def delete_account(self, address: bytes) -> None:
        """Remove it with its storage."""
        self._account(address)
        self._wipe(address)
        self._set(self._accounts, address, None)

    # storage

    def _storage_root(self, address: bytes) -> bytes:
        try:
            return self._storage_roots[address]
        except KeyError:
            self._account(address)
            root = self._storage_roots[address] = self._stored[address][1]
            return root

    def _current(self, address: bytes, slot: int) -> int:
        written = self._slots.get(address)
        if written is not None and slot in written:
            return written[slot]
        known = self._read_slots.get(address)
        if known is None:
            known = self._read_slots[address] = {}
        value = known.get(slot)
        if value is None:
            value = known[slot] = self._stored_slot(self._storage_root(address), slot)
        return value

    def _stored_slot(self, root: bytes, slot: int) -> int:
        encoded = self._database.look_up(root, word(slot))
        return 0 if encoded is None else number_of(rlp_decode(encoded))

    def get_storage(self, address: bytes, slot: int, from_journal: bool = True) -> int:
        """The value now or, not `from_journal`, before the transaction (EIP-2200)."""
        if from_journal:
            return self._current(address, slot)
        if address in self._wiped:
            return 0
        original = self._originals.get((address, slot))
        return self._current(address, slot) if original is None else original

    def set_storage(self, address: bytes, slot: int, value: int) -> None:
        """Change a value."""
        if (address, slot) not in self._originals and address not in self._wiped:
            self._originals[address, slot] = self._current(address, slot)
        written = self._slots.get(address)
        if written is None:
            written = self._slots[address] = {}
        self._set(written, slot, value)

    def delete_storage(self, address: bytes) -> None:
        """Empty it; the account exists then, as it does in py-evm."""
        self._wipe(address)
        self.touch_account(address)

    def _wipe(self, address: bytes) -> None:
        self._storage_root(address)
        self._set(self._wiped, address, True)
        self._set(self._storage_roots, address, EMPTY_TRIE_ROOT)
        self._set(self._slots, address, {})
        self._set(self._read_slots, address, {})

    # what only this transaction knows

    def is_address_warm(self, address: bytes) -> bool:
        """Whether it was accessed (EIP-2929)."""
        return address in self._warm

    def mark_address_warm(self, address: bytes) -> None:
        """It was."""
        if address not in self._warm:
            self._set(self._warm, address, True)

    def is_storage_warm(self, address: bytes, slot: int) -> bool:
        """Whether it was accessed."""
        return (address, slot) in self._warm

    def mark_storage_warm(self, address: bytes, slot: int) -> None:
        """It was."""
        if (address, slot) not in self._warm:
            self._set(self._warm, (address, slot), True)

    def get_transient(self, address: bytes, slot: int) -> bytes:
        """EIP-1153; empty where nothing was set."""
        return self._transient.get((address, slot), b"")

    def set_transient(self, address: bytes, slot: int, value: bytes) -> None:
        """Change a value."""
        self._set(self._transient, (address, slot), value)

    def clear_transient(self) -> None:
        """The transaction is over."""
        self._transient.clear()
