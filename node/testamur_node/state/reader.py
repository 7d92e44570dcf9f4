"""Reading one state: accounts, code, storage slots, and Merkle proofs of them (eth_getProof, EIP-1186)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from testamur.proof.hashing import keccak256

from testamur_node.chain.block import EMPTY_TRIE_ROOT
from testamur_node.codec import Item, number_of, rlp_decode, rlp_list, word
from testamur_node.state.trie import look_up, prove

__all__ = ["Account", "AccountProof", "StorageProof", "StateReader", "EMPTY_CODE_HASH"]

EMPTY_CODE_HASH = keccak256(b"")


@dataclass(frozen=True, slots=True)
class Account:
    """The four fields of an account in the state trie."""

    nonce: int
    balance: int
    """wei"""
    storage_root: bytes
    code_hash: bytes


@dataclass(frozen=True, slots=True)
class StorageProof:
    """One slot and the trie nodes from the storage root down to it (or to where it would be)."""

    slot: int
    value: int
    nodes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class AccountProof:
    """An account, the trie nodes from the state root down to it (or to where it would be), and its slots' proofs."""

    address: bytes
    account: Account
    """All empty where the account does not exist."""
    exists: bool
    nodes: tuple[bytes, ...]
    storage: tuple[StorageProof, ...]


_ABSENT = Account(0, 0, EMPTY_TRIE_ROOT, EMPTY_CODE_HASH)


class StateReader:
    """The state under one root. Every read walks the trie, so a reader stays valid while blocks are added."""

    __slots__ = ("_read_node", "root")

    def __init__(self, root: bytes, read_node: Callable[[bytes], bytes | None]) -> None:
        self.root = root
        self._read_node = read_node

    def account(self, address: bytes) -> Account | None:
        """The account, or None where there is none. Raises `MissingNodeError` where the state was pruned."""
        encoded = look_up(self.root, keccak256(address), self._read_node)
        return None if encoded is None else _account(encoded)

    def balance(self, address: bytes) -> int:
        """wei"""
        account = self.account(address)
        return account.balance if account else 0

    def nonce(self, address: bytes) -> int:
        """The next nonce that a transaction of this sender must have."""
        account = self.account(address)
        return account.nonce if account else 0

    def code(self, address: bytes) -> bytes:
        """The deployed code, empty for an ordinary account."""
        account = self.account(address)
        if account is None or account.code_hash == EMPTY_CODE_HASH:
            return b""
        return self._read_node(account.code_hash) or b""

    def storage(self, address: bytes, slot: int) -> int:
        """The word in a storage slot as a number; 0 where nothing was written."""
        account = self.account(address)
        return self._slot(account.storage_root, slot) if account else 0

    def account_proof(self, address: bytes, slots: Sequence[int] = ()) -> AccountProof:
        """The account and `slots` with proofs against this root, exactly geth's node lists."""
        found = self.account(address)
        account = found or _ABSENT
        return AccountProof(
            address=address,
            account=account,
            exists=found is not None,
            nodes=prove(self.root, keccak256(address), self._read_node),
            storage=tuple(
                StorageProof(
                    slot,
                    self._slot(account.storage_root, slot),
                    prove(account.storage_root, keccak256(word(slot)), self._read_node),
                )
                for slot in slots
            ),
        )

    def _slot(self, storage_root: bytes, slot: int) -> int:
        encoded = look_up(storage_root, keccak256(word(slot)), self._read_node)
        return 0 if encoded is None else number_of(rlp_decode(encoded))


def _account(encoded: bytes) -> Account:
    nonce, balance, storage_root, code_hash = rlp_list(encoded, 4)
    return Account(number_of(nonce), number_of(balance), _hash(storage_root), _hash(code_hash))


def _hash(item: Item) -> bytes:
    assert isinstance(item, bytes)  # we wrote it
    return item
