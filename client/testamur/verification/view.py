"""The two questions a verdict puts to a chain's state, and the three ways to have them answered (ADR 0003).

`ProvenView` answers from a bag of trie nodes under a state root that was proved final; `LiveProvenView` is the same
with a node that fills the bag (eth_getProof) and whose word counts for nothing; `RpcView` takes a node's word, where
the policy's trust is `rpc`. The registry reader above cannot tell them apart.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from testamur.proof.hashing import keccak256
from testamur.proof.mpt import Account, account, storage
from testamur.verification.errors import UndecidedError

if TYPE_CHECKING:
    from testamur.chain.rpc import Rpc

__all__ = ["LiveProvenView", "ProvenView", "RpcView", "StateView", "UsedNodes"]

_SLOTS_A_REQUEST = 512
"""Half of what Ethereum's own nodes accept in one eth_getProof."""


class StateView(Protocol):
    """The state after one block."""

    @property
    def is_remote(self) -> bool:
        """Whether a question goes to a node: then it pays to `prefetch`, and what is asked tells on the asker."""

    def code_hash(self, address: bytes) -> bytes | None:
        """keccak-256 of the code at a 20-byte address; None where there is no account."""

    def storage(self, address: bytes, slot: int) -> int:
        """The word in a storage slot. Says nothing about an account that is absent: ask `code_hash` first."""

    def prefetch(self, address: bytes, slots: Sequence[int]) -> None:
        """Say which slots will be asked for, so that a view with a node behind it asks once."""


class ProvenView:
    """Answers from trie nodes under a proved state root. What the nodes do not prove raises ProofError's family."""

    def __init__(self, state_root: bytes, nodes: Mapping[bytes, bytes]) -> None:
        self._state_root = state_root
        self._nodes = nodes
        self._accounts: dict[bytes, Account | None] = {}

    @property
    def is_remote(self) -> bool:
        return False

    def code_hash(self, address: bytes) -> bytes | None:
        found = self._account(address)
        return None if found is None else found.code_hash

    def storage(self, address: bytes, slot: int) -> int:
        found = self._account(address)
        return 0 if found is None else storage(found.storage_root, slot, self._nodes)

    def prefetch(self, address: bytes, slots: Sequence[int]) -> None:
        """Nothing to fetch: the bag is all there is."""

    def _account(self, address: bytes) -> Account | None:
        if address not in self._accounts:
            self._accounts[address] = account(self._state_root, address, self._nodes)
        return self._accounts[address]


class UsedNodes(dict[bytes, bytes]):
    """A bag of trie nodes that notes which of them answered: those are the evidence of what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.used: dict[bytes, bytes] = {}

    # dict.get is overloaded; a bag of bytes needs the plain form alone
    def get(self, key: bytes, default: bytes | None = None) -> bytes | None:  # type: ignore[override]
        node = super().get(key, default)
        if node is not None:
            self.used[key] = node
        return node


class LiveProvenView(ProvenView):
    """A proven view whose bag a node fills as questions come."""

    def __init__(self, state_root: bytes, block: int, rpc: "Rpc") -> None:
        self._bag = UsedNodes()
        super().__init__(state_root, self._bag)
        self._block = block
        self._rpc = rpc
        self._fetched: dict[bytes, set[int]] = {}

    @property
    def is_remote(self) -> bool:
        return True

    def take_used_nodes(self) -> list[bytes]:
        """Every node that an answer since the last call rests on, without what was only prefetched."""
        used, self._bag.used = list(self._bag.used.values()), {}
        self._accounts.clear()
        return used

    def code_hash(self, address: bytes) -> bytes | None:
        if address not in self._fetched:
            self._fetch(address, ())
        return super().code_hash(address)

    def storage(self, address: bytes, slot: int) -> int:
        if slot not in self._fetched.get(address, ()):
            self._fetch(address, (slot,))
        return super().storage(address, slot)

    def prefetch(self, address: bytes, slots: Sequence[int]) -> None:
        known = self._fetched.get(address, set())
        missing = [slot for slot in dict.fromkeys(slots) if slot not in known]
        for start in range(0, len(missing), _SLOTS_A_REQUEST):
            self._fetch(address, missing[start : start + _SLOTS_A_REQUEST])

    def _fetch(self, address: bytes, slots: Sequence[int]) -> None:
        keys = [f"0x{slot:064x}" for slot in slots]
        answer = self._rpc.call("eth_getProof", "0x" + address.hex(), keys, hex(self._block))
        try:
            texts = set(answer["accountProof"])
            for entry in answer["storageProof"]:
                texts.update(entry["proof"])
            for text in texts:
                node = bytes.fromhex(text[2:])
                self._bag[keccak256(node)] = node
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UndecidedError("unproven", "the node's answer to eth_getProof is not a proof") from error
        self._fetched.setdefault(address, set()).update(slots)


class RpcView:
    """Takes a node's word for the state after one block."""

    def __init__(self, block: int, rpc: "Rpc") -> None:
        self._block = hex(block)
        self._rpc = rpc
        self._code_hashes: dict[bytes, bytes | None] = {}
        self._words: dict[tuple[bytes, int], int] = {}

    @property
    def is_remote(self) -> bool:
        return True

    def code_hash(self, address: bytes) -> bytes | None:
        if address not in self._code_hashes:
            code = self._bytes(self._rpc.call("eth_getCode", "0x" + address.hex(), self._block))
            self._code_hashes[address] = keccak256(code) if code else None
        return self._code_hashes[address]

    def storage(self, address: bytes, slot: int) -> int:
        self.prefetch(address, (slot,))
        return self._words[address, slot]

    def prefetch(self, address: bytes, slots: Sequence[int]) -> None:
        missing = [slot for slot in dict.fromkeys(slots) if (address, slot) not in self._words]
        requests = [("eth_getStorageAt", ("0x" + address.hex(), f"0x{slot:064x}", self._block)) for slot in missing]
        for slot, answer in zip(missing, self._rpc.batch(requests) if requests else (), strict=True):
            if not 0 < len(word := self._bytes(answer)) <= 32:
                raise UndecidedError("chain_unreachable", "the node answers for a storage slot with what is no word")
            self._words[address, slot] = int.from_bytes(word, "big")

    def _bytes(self, answer: object) -> bytes:
        try:
            if not isinstance(answer, str) or not answer.startswith("0x"):
                raise ValueError("no hexadecimal")
            return bytes.fromhex(answer[2:])
        except ValueError as error:
            raise UndecidedError("chain_unreachable", "the node's answer is not hexadecimal") from error
