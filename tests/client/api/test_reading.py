"""The routes that read: policy, issuers, did.json, batches, health."""

import json
from collections.abc import Iterator

import pytest
from testamur.api.service import Service
from testamur.verification.connection import Chain
from testamur.verification.policy import Policy

from tests.client.api.conftest import Server, running
from tests.world import World


@pytest.fixture
def cut_off(world: World) -> Iterator[Server]:
    """A server whose node does not answer."""
    policy = Policy.load(world.result.policy)
    with Chain.connect("http://127.0.0.1:9", attempts=1, timeout_seconds=1) as chain:
        yield from running(Service(policy, chain))


def test_the_policy_is_served_with_its_fingerprint(world: World, server: Server) -> None:
    body = server.client.get("/v1/policy").json()
    assert body["fingerprint"] == Policy.load(world.result.policy).fingerprint
    assert body["trust"] == "single-signer"


def test_the_issuers_are_listed_with_their_state(server: Server) -> None:
    issuers = server.client.get("/v1/issuers").json()["issuers"]
    assert [(item["id"], item["state"]) for item in issuers] == [(1, "recognised"), (2, "recognised"), (3, "applied")]


def test_an_issuer_is_found_by_number_and_by_did(server: Server) -> None:
    by_number = server.client.get("/v1/issuers/1").json()
    assert by_number["name"] == "成都开放大学"
    assert server.client.get("/v1/issuers/did:web:cdou.example").json() == by_number


@pytest.mark.parametrize(
    ("who", "status"),
    [("99", 404), ("did:web:nobody.example", 404), ("cdou", 422), ("-1", 422), ("9" * 10, 404), ("9" * 30, 422)],
)
def test_who_is_not_there_is_a_problem(server: Server, who: str, status: int) -> None:
    answer = server.client.get(f"/v1/issuers/{who}")
    assert (answer.status_code, answer.json()["status"]) == (status, status)


def test_the_did_document_holds_the_keys_that_credentials_name(world: World, server: Server) -> None:
    document = server.client.get("/v1/issuers/1/did.json").json()
    proof = json.loads(world.cases["valid"].read_bytes())["credential"]["proof"]
    assert document["id"] == "did:web:cdou.example"
    assert proof["verificationMethod"] in document["assertionMethod"]
    assert {method["id"] for method in document["verificationMethod"]} == set(document["assertionMethod"])


def test_a_batch_is_served_by_its_id(world: World, server: Server) -> None:
    anchor = json.loads(world.cases["valid"].read_bytes())["anchor"]
    batch = server.client.get(f"/v1/batches/{anchor['batchId']}").json()
    assert (batch["issuer"], batch["block"], batch["size"]) == (1, anchor["block"], 100)


@pytest.mark.parametrize(("name", "status"), [("0x" + "00" * 32, 404), ("0x00", 422), ("zz" * 32, 422)])
def test_a_batch_that_is_not_there_is_a_problem(server: Server, name: str, status: int) -> None:
    assert server.client.get(f"/v1/batches/{name}").status_code == status


def test_the_server_is_healthy_and_ready(server: Server) -> None:
    assert server.client.get("/healthz").status_code == 200
    assert server.client.get("/readyz").status_code == 200


def test_without_its_node_a_server_is_healthy_not_ready_and_undecided(world: World, cut_off: Server) -> None:
    assert cut_off.client.get("/healthz").status_code == 200
    assert cut_off.client.get("/readyz").status_code == 503
    assert cut_off.client.get("/v1/issuers").status_code == 503
    verdict = cut_off.client.post("/v1/verify", content=world.cases["valid"].read_bytes())
    assert (verdict.status_code, verdict.json()["outcome"]) == (200, "indeterminate")
    assert verdict.json()["code"] == "chain_unreachable"


def test_every_answer_fits_the_announced_schema(world: World, server: Server) -> None:
    import jsonschema

    document = server.client.get("/openapi.json").json()
    names = {"/v1/policy": "PolicyModel", "/v1/issuers": "IssuersModel", "/v1/issuers/1": "IssuerModel"}
    answers = {name: server.client.get(path).json() for path, name in names.items()}
    answers["VerdictModel"] = server.client.post("/v1/verify", content=world.cases["revoked"].read_bytes()).json()
    for name, answer in answers.items():
        jsonschema.validate(answer, {"$ref": f"#/components/schemas/{name}", "components": document["components"]})


def test_an_offer_of_another_protocol_is_passed_over(server: Server) -> None:
    """Java's client and `curl --http2` offer h2c with every request; the body behind it counts (RFC 9110, 7.8)."""
    offer = {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2-settings": "AAMAAABkAAQCAAAAAAIAAAAA"}
    for _ in range(2):
        assert server.client.get("/v1/policy", headers=offer).status_code == 200
        answer = server.client.post("/v1/verify", content=b"{", headers={**offer, "content-type": "application/json"})
        assert answer.status_code == server.client.post("/v1/verify", content=b"{").status_code
        assert answer.json() == server.client.post("/v1/verify", content=b"{").json()
