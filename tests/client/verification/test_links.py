"""Scopes below scopes, and registries behind registries: check 5 walks to the Alliance, and takes the newest record."""

from typing import Any

import pytest
from testamur.batch.bundle import Bundle
from testamur.batch.evidence import prove
from testamur.verification.connection import Chain
from testamur.verification.verify import verify

from tests.client.verification.test_verdicts import Judge, by_believed_node, by_evidence, by_proving_node, refused
from tests.client.verification.world import (
    ANCHORED,
    FOUNDED,
    FRAMEWORK,
    NOW,
    RANK,
    TYPE,
    Node,
    World,
    credential,
    world,
)

GIVEN = FOUNDED + 500
"""When institution 2 gave institution 1 its scope, and institution 3 gave institution 2 the one above."""
SUCCESSOR = b"\x15" * 20
WIDE = {"framework": FRAMEWORK, "lowestRank": 5, "highestRank": 7, "from": FOUNDED, "admission": 1}


@pytest.fixture(params=[by_evidence, by_proving_node, by_believed_node], ids=["evidence", "node", "rpc"])
def judge(request: pytest.FixtureRequest) -> Judge:
    return request.param  # type: ignore[no-any-return]  # pytest's param is Any


@pytest.fixture
def chain() -> World:
    """Institution 3 stands above 2, and 2 above 1, each by its operator 3."""
    made = world()
    for child, parent, depth in ((1, 2, 3), (2, 3, 2), (3, 0, 1)):
        made.put("IssuerRegistry", "_scopes", child, 1, **WIDE, parentInstitution=parent, parentScope=1, depth=depth)
        made.put("IssuerRegistry", "_origins", child, 1, createdAt=GIVEN, operatorIndex=3 if parent else 0)
        made.put("Operators", "_operators", child, 3, account=0xABCDEF, roles=32)
    return made


def issue(chain: World) -> Bundle:
    return chain.issue([credential(n, status_index=70_000 + n) for n in range(3)])[1]


def test_a_credential_below_three_scopes_is_valid_with_a_network_and_without(chain: World, judge: Judge) -> None:
    bundle = issue(chain)
    assert judge(bundle, chain, chain.policy()).code == "ok"
    proved = prove(bundle, Node(chain).chain(), chain.policy(), NOW)
    assert verify(proved.dump(), Chain.offline(), chain.policy(), NOW).code == "ok"


@pytest.mark.parametrize("link", [1, 2, 3])
@pytest.mark.parametrize(
    "fields",
    [
        {"framework": 2},
        {"qualificationType": TYPE + 1},
        {"lowestRank": RANK + 1},
        {"highestRank": RANK - 1},
        {"region": 5102},
        {"from": ANCHORED + 1},
        {"to": ANCHORED - 1},
    ],
    ids=lambda fields: "".join(fields),
)
def test_each_link_covers_the_claims_and_was_in_force(chain: World, link: int, fields: dict[str, Any]) -> None:
    bundle = issue(chain)
    chain.put("IssuerRegistry", "_scopes", link, 1, **fields)
    refused(by_evidence(bundle, chain, chain.policy()), "out_of_scope", "issuer")


@pytest.mark.parametrize("link", [2, 3])
@pytest.mark.parametrize(("since", "code"), [(GIVEN + 31, "ok"), (GIVEN + 30, "out_of_scope"), (1, "out_of_scope")])
def test_a_scope_that_a_thief_gave_is_none(chain: World, judge: Judge, link: int, since: int, code: str) -> None:
    """A heartbeat counts as it does for keys."""
    bundle = issue(chain)
    chain.put("Operators", "_operators", link, 3, compromisedSince=since)
    assert judge(bundle, chain, chain.policy()).code == code


@pytest.mark.parametrize(
    "fields", [{"to": ANCHORED + 1}, {"suspension": 2}, {"suspension": 1}], ids=["ended", "suspended", "by accreditor"]
)
@pytest.mark.parametrize("link", [1, 2, 3])
def test_what_was_cut_since_takes_nothing_back(chain: World, link: int, fields: dict[str, int]) -> None:
    bundle = issue(chain)
    chain.put("IssuerRegistry", "_scopes", link, 1, **fields)
    if link > 1:
        chain.put("IssuerRegistry", "_issuers", link, state=4, since=ANCHORED + 9, admission=2)
    assert by_evidence(bundle, chain, chain.policy()).code == "ok"


@pytest.mark.parametrize("link", [1, 2, 3])
def test_a_link_that_is_missing_or_leads_round_is_refused(chain: World, link: int) -> None:
    bundle = issue(chain)
    chain.put("IssuerRegistry", "_scopes", link, 1, parentInstitution=9)
    refused(by_evidence(bundle, chain, chain.policy()), "out_of_scope", "issuer")
    chain.put("Operators", "_operators", 1, 3, account=0xABCDEF, roles=32)
    chain.put("IssuerRegistry", "_scopes", 3, 1, parentInstitution=1)
    chain.put("IssuerRegistry", "_origins", 3, 1, operatorIndex=3)
    chain.put("IssuerRegistry", "_scopes", link, 1, parentInstitution=link % 3 + 1)
    refused(by_evidence(bundle, chain, chain.policy()), "out_of_scope", "issuer")


# --- registries behind registries -----------------------------------------------------------------------------------


def succeed(chain: World, since: int) -> None:
    """A second registry, of the same code, in which nothing stands yet."""
    chain.deploy("IssuerRegistry", SUCCESSOR, since, version=2)


@pytest.mark.parametrize("since", [ANCHORED - 10, ANCHORED + 10], ids=["before the anchoring", "since"])
def test_an_empty_successor_changes_no_standing_and_no_scope(chain: World, judge: Judge, since: int) -> None:
    bundle = issue(chain)
    succeed(chain, since)
    check = judge(bundle, chain, chain.policy(issuer_now="required")).check("issuer")
    assert check.code not in ("issuer_not_recognised", "out_of_scope")
