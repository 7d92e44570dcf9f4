"""Whatever stands in a chain's storage, and whatever a node says, there is a verdict (docs/protocol.md 6.3)."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from testamur.verification.connection import Chain
from testamur.verification.verify import verify

from tests.client.verification.world import NOW, Node, credential, world

FOUNDED = world()
BUNDLE = FOUNDED.issue([credential(n, status_index=70_000 + n) for n in range(2)])[0]
PLACES = [(address, slot) for address, words in FOUNDED.words.items() for slot in words]
POLICY = FOUNDED.policy()
BELIEVING = FOUNDED.policy(trust="rpc", urls=("http://127.0.0.1:1",))

word = st.integers(0, 2**256 - 1) | st.sampled_from([0, 1, 2**40 - 1, 2**256 - 1])


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(PLACES), word), min_size=1, max_size=4))
def test_any_words_in_storage_give_the_same_verdict_by_proof_and_by_word(
    changes: list[tuple[tuple[bytes, int], int]],
) -> None:
    chain = copy.deepcopy(FOUNDED.words)
    changed = copy.copy(FOUNDED)
    changed.words = chain
    for (address, slot), value in changes:
        chain[address][slot] = value
    proved = verify(BUNDLE.with_evidence(changed.evidence()), Chain.offline(), POLICY, NOW)
    believed = verify(BUNDLE, Node(changed).chain(), BELIEVING, NOW)
    assert proved.outcome in ("valid", "invalid", "indeterminate")
    is_of_genesis = proved.code == "wrong_chain" or "BlockHistory" in proved.check("trust").message
    if not is_of_genesis:  # proofs rest on the genesis hash in storage, a believed node is asked for it
        assert (proved.outcome, proved.code) == (believed.outcome, believed.code)
    assert proved.to_json()["checks"]


answers = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.sampled_from(["0x", "0x0", "0x" + "f" * 64]),
    lambda value: (
        st.lists(value, max_size=3)
        | st.dictionaries(
            st.sampled_from(["number", "hash", "timestamp", "accountProof", "storageProof", "proof", "evmHeader"]),
            value,
            max_size=4,
        )
    ),
    max_leaves=6,
)
METHODS = ["testamur_finalityProof", "eth_getProof", "eth_chainId", "eth_getBlockByNumber", "eth_getStorageAt"]


@settings(max_examples=200)
@given(st.sampled_from([*METHODS, "eth_getCode"]), answers, st.booleans(), st.booleans())
def test_any_answer_of_a_node_gives_a_verdict(method: str, answer: Any, is_believed: bool, is_past: bool) -> None:
    node = Node(FOUNDED)
    node.answers[method] = answer
    verdict = verify(
        BUNDLE, node.chain(), BELIEVING if is_believed else POLICY, NOW, at=NOW.replace(minute=44) if is_past else None
    )
    if verdict.outcome == "valid":
        assert verify(BUNDLE, Node(FOUNDED).chain(), POLICY, NOW).code == "ok"
    elif not is_believed:
        assert verdict.outcome == "indeterminate"
