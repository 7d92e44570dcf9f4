"""A node, or evidence, that hides or swaps the slots which could say that a credential is not in force."""

from typing import Any

import pytest
import rlp
from testamur.artifacts import GENESIS_ADDRESSES
from testamur.artifacts.slots import nested_slot
from testamur.batch.bundle import Bundle
from testamur.batch.evidence import prove
from testamur.proof.hashing import keccak256
from testamur.verification.connection import Chain
from testamur.verification.verify import verify

from tests.client.verification.world import ANCHORED, ISSUER_KEY, NOW, Node, World, credential, raw, world

KEY = keccak256(raw(ISSUER_KEY))
WORDS: dict[str, tuple[tuple[Any, ...], dict[str, int], str]] = {
    "bits": (("StatusRegistry", "_revoked", 1, 70_000 >> 8), {}, "revoked"),
    "key": (("Keys", "_keys", 1, KEY), {"compromisedSince": ANCHORED - 1}, "key_compromised"),
    "operator": (("Operators", "_operators", 1, 3), {"compromisedSince": ANCHORED - 1}, "key_compromised"),
    "scope": (("IssuerRegistry", "_scopes", 1, 1), {"highestRank": 1}, "out_of_scope"),
    "origin": (("IssuerRegistry", "_origins", 1, 1), {"createdAt": ANCHORED + 1}, "out_of_scope"),
}
"""Where it stands; what stands there against the credential; the verdict."""
SWAPS = ("nothing", "no leaf", "another slot", "another contract", "an older state")


class Hiding(Node):
    """Proves everything but one slot, for which it gives something else."""

    def __init__(self, chain: World, name: str, slot: int, swap: str, before: World) -> None:
        super().__init__(chain)
        self._hidden, self._name, self._swap, self._before = slot, name, swap, before

    def _eth_getProof(self, address: str, keys: list[str], block: str) -> dict[str, Any]:
        is_there = bytes.fromhex(address[2:]) == GENESIS_ADDRESSES[self._name]
        honest = [key for key in keys if not (is_there and int(key, 16) == self._hidden)]
        answer: dict[str, Any] = super()._eth_getProof(address, honest, block)
        if is_there:  # what proves that a neighbour is empty must not show the hidden one by the way
            (shown,) = super()._eth_getProof(address, [f"0x{self._hidden:064x}"], block)["storageProof"]
            for entry in answer["storageProof"]:
                entry["proof"] = [node for node in entry["proof"] if node != shown["proof"][-1]]
        if honest == keys:
            return answer
        hidden = f"0x{self._hidden:064x}"
        given: dict[str, Any] = {"storageProof": []}
        if self._swap == "no leaf":
            given = super()._eth_getProof(address, [hidden], block)
            given["storageProof"][0]["proof"].pop()
        elif self._swap == "another slot":
            given = super()._eth_getProof(address, [f"0x{self._hidden + (1 << 200):064x}"], block)
        elif self._swap == "another contract":
            given = super()._eth_getProof("0x" + GENESIS_ADDRESSES["Directory"].hex(), [hidden], block)
        elif self._swap == "an older state":
            given = Node(self._before)._eth_getProof(address, [hidden], block)
        answer["storageProof"] += given["storageProof"]
        return answer


def harmed(what: str) -> tuple[World, Bundle, tuple[Any, ...], str]:
    """A world in which one word speaks against a credential; where that word stands; the verdict."""
    chain = world()
    (bundle,) = chain.issue([credential(0, status_index=70_000)])
    if what == "void":
        chain.void(bundle)
        return chain, bundle, ("StatusRegistry", "_voids", 1, bundle.anchor.batch_id), "suspended"
    place, fields, code = WORDS[what]
    if fields:
        chain.put(*place, **fields)
    else:
        chain.revoke(70_000)
    return chain, bundle, place, code


@pytest.mark.parametrize("swap", SWAPS)
@pytest.mark.parametrize("what", ["void", *WORDS])
def test_a_node_that_hides_or_swaps_a_slot_makes_no_verdict(what: str, swap: str) -> None:
    chain, bundle, place, code = harmed(what)
    before = world()
    before.issue([credential(0, status_index=70_000)])
    assert verify(bundle, Node(chain).chain(), chain.policy(), NOW).code == code
    node = Hiding(chain, place[0], nested_slot(*place), swap, before)
    assert verify(bundle, node.chain(), chain.policy(), NOW).code == "unproven"


@pytest.mark.parametrize("what", ["void", "bits"])
def test_evidence_without_a_slot_or_with_an_older_one_proves_nothing(what: str) -> None:
    """What said otherwise about another state is no part of this one."""
    chain, bundle, place, code = harmed(what)
    proved = prove(bundle, Node(chain).chain(), chain.policy(), NOW)
    assert verify(proved, Chain.offline(), chain.policy(), NOW).code == code
    older = world()
    older.issue([credential(0, status_index=70_000)])
    slot = keccak256(nested_slot(*place).to_bytes(32, "big"))
    leaf = "0x" + rlp.encode(chain.tries()[1][GENESIS_ADDRESSES[place[0]]].get_proof(slot)[-1]).hex()
    former = older.tries()[1][GENESIS_ADDRESSES[place[0]]].get_proof(slot)
    assert proved.evidence is not None
    assert leaf in proved.evidence["nodes"]
    less = [node for node in proved.evidence["nodes"] if node != leaf]
    for nodes in (less, [*less, *("0x" + rlp.encode(node).hex() for node in former)]):
        forged = proved.with_evidence({**proved.evidence, "nodes": nodes})
        assert verify(forged, Chain.offline(), chain.policy(), NOW).code == "unproven"
