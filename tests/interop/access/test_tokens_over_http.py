"""Tokens against a running node, over HTTP and WebSocket: the right ones pass, everything else is 401 or 403."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import websockets

from tests.interop.access.asking import call, exchange, opened, post
from tests.interop.conftest import NodeProcess, node_command
from tests.node.access.tokens import PrivateKey, forged, new_key, public_pem, signed

SECRET = bytes(range(32))
PRIVATE: PrivateKey = new_key("ES256")
SETTINGS = """
[jwt]
secret_file = "jwt.hex"
public_key_file = "issuer.pem"
audience = "node"

[permissions.anonymous]
allow = ["net:version"]

[permissions.token.registrar]
allow = ["eth", "net", "web3", "debug"]
deny = ["eth_getLogs"]
"""


@pytest.fixture(scope="module")
def node(started: Callable[..., NodeProcess], tmp_path_factory: pytest.TempPathFactory) -> NodeProcess:
    """A node that asks for tokens; the keys lie beside its home and are named by flags."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "jwt.hex").write_text("0x" + SECRET.hex(), encoding="ascii")
    (folder / "issuer.pem").write_bytes(public_pem(PRIVATE))
    files = ("--jwt-secret-file", str(folder / "jwt.hex"), "--jwt-public-key-file", str(folder / "issuer.pem"))
    return started("--dev", start_options=("--ws", "127.0.0.1:0", *files), settings=SETTINGS)


def token(*permissions: str, seconds: float = 600, **claims: Any) -> str:
    """A good token, unless the claims say otherwise."""
    body = {"sub": "alice", "aud": "node", "exp": time.time() + seconds, "permissions": list(permissions), **claims}
    return signed("HS256", SECRET, {name: value for name, value in body.items() if value is not None})


def test_a_token_opens_what_it_names_and_nothing_else(node: NodeProcess) -> None:
    alice = token("eth:*", "net:version")
    assert post(node.rpc, call("eth_blockNumber"), alice).body["result"] == "0x0"
    refused = post(node.rpc, call("net_listening"), alice)
    assert (refused.status, refused.code) == (403, -40100)
    assert "insufficient_scope" in refused.headers["www-authenticate"]
    assert "token:alice may not ask net_listening" in refused.body["error"]["message"]


@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_both_keys_of_the_node_are_good(node: NodeProcess, algorithm: str) -> None:
    key: PrivateKey = SECRET if algorithm == "HS256" else PRIVATE
    claims = {"sub": "bob", "aud": "node", "exp": time.time() + 60, "permissions": ["*:*"]}
    assert post(node.rpc, call("web3_clientVersion"), signed(algorithm, key, claims)).status == 200
    swapped: PrivateKey = public_pem(PRIVATE) if algorithm == "HS256" else new_key("ES256")
    assert post(node.rpc, call("web3_clientVersion"), signed(algorithm, swapped, claims)).status == 401


def test_without_a_token_only_what_is_free_passes(node: NodeProcess) -> None:
    assert post(node.rpc, call("net_version")).body["result"] == "20260"
    refused = post(node.rpc, call("eth_blockNumber"))
    assert (refused.status, refused.code, refused.headers["www-authenticate"]) == (401, -40100, "Bearer")


BAD: dict[str, Callable[[], str]] = {
    "expired": lambda: token("*:*", seconds=-60),
    "without an end": lambda: token("*:*", exp=None),
    "not yet valid": lambda: token("*:*", nbf=time.time() + 600),
    "for another": lambda: token("*:*", aud="other"),
    "for nobody": lambda: token("*:*", aud=None),
    "of another key": lambda: signed("HS256", b"x" * 32, {"exp": time.time() + 60, "aud": "node"}),
    "forged": lambda: forged(token("net:*"), permissions=["*:*"]),
    "of no algorithm": lambda: signed("none", b"", {"exp": time.time() + 60, "aud": "node"}).rpartition(".")[0] + ".",
    "of another algorithm": lambda: signed("HS512", SECRET, {"exp": time.time() + 60, "aud": "node"}),
    "with a wrong permission": lambda: token("eth:*", "no such thing"),
    "no token": lambda: "nonsense",
    "empty": lambda: "",
    "too long": lambda: token("*:*", more="x" * 9_000),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_token_is_refused_even_where_none_was_needed(node: NodeProcess, kind: str) -> None:
    for method in ("eth_blockNumber", "net_version"):
        refused = post(node.rpc, call(method), BAD[kind]())
        assert (refused.status, refused.code) == (401, -40100)
        assert "www-authenticate" in refused.headers
        assert SECRET.hex() not in str(refused.body)


@pytest.mark.parametrize(
    "header", ["Basic YTpi", "Bearer", "bearer", "Bearer a b c", "Bearer \xff\xfe", "Bearer " + "A" * 20_000]
)
def test_a_hostile_header_is_refused(node: NodeProcess, header: str) -> None:
    assert post(node.rpc, call("net_version"), authorization=header).status == 401


def test_no_method_s_existence_is_told_to_who_may_not_ask(node: NodeProcess) -> None:
    """An existing, a closed and an invented method answer alike, to a stranger and to a holder of too little."""
    for shown in (None, token("net:*")):
        answers = [post(node.rpc, call(method), shown) for method in ("eth_call", "debug_traceCall", "eth_invented")]
        assert {answer.status for answer in answers} == {401 if shown is None else 403}
        texts = {str(answer.body).replace(name, "…") for answer, name in zip(
            answers, ("eth_call", "debug_traceCall", "eth_invented"), strict=True)}  # fmt: skip
        assert len(texts) == 1


def test_who_may_everything_still_gets_only_what_the_listener_opens(node: NodeProcess) -> None:
    everything = token("*:*")
    assert post(node.rpc, call("eth_chainId"), everything).code is None
    for method in ("debug_getRawBlock", "txpool_status", "admin_peers", "eth_invented"):
        closed = post(node.rpc, call(method), everything)
        assert (closed.status, closed.code) == (200, -32601)


def test_the_settings_narrow_a_subject(node: NodeProcess) -> None:
    registrar = token("*:*", sub="registrar")
    assert post(node.rpc, call("eth_chainId"), registrar).status == 200
    for method in ("eth_getLogs", "testamur_validators"):
        assert post(node.rpc, call(method), registrar).status == 403
    assert post(node.rpc, call("eth_getLogs", {}), token("*:*")).status == 200


def test_each_item_of_a_batch_is_judged(node: NodeProcess) -> None:
    batch = [call("net_version", identity=1), call("eth_chainId", identity=2), call("net_version", identity=3)]
    mixed = post(node.rpc, batch)
    assert mixed.status == 200
    assert [item.get("result", item.get("error", {}).get("code")) for item in mixed.body] == ["20260", -40100, "20260"]
    assert [item["id"] for item in mixed.body] == [1, 2, 3]
    assert post(node.rpc, [call("eth_chainId"), call("eth_accounts")]).status == 401
    assert post(node.rpc, [call("eth_chainId"), call("eth_accounts")], token("eth")).status == 200


def test_the_unix_socket_and_health_need_no_token(node: NodeProcess) -> None:
    assert exchange(Path(str(node.ready["ipc"])), call("eth_chainId"))["result"] == "0x4f24"
    told = node_command("status", "--home", node.home, "--json")
    assert json.loads(told.stdout)["height"] == 0


async def spoken(url: str, shown: str | None, *methods: str) -> list[Any]:
    """Result or error code of some requests on one WebSocket."""
    answers = []
    async with opened(url, shown) as connection:
        for method in methods:
            await connection.send(json.dumps(call(method)))
            answer = json.loads(await connection.recv())
            answers.append(answer.get("result", answer.get("error", {}).get("code")))
    return answers


def test_a_websocket_carries_the_token_in_its_upgrade(node: NodeProcess) -> None:
    url = str(node.ready["ws"])
    assert asyncio.run(spoken(url, token("eth"), "eth_chainId", "net_version")) == ["0x4f24", -40100]
    assert asyncio.run(spoken(url, None, "eth_chainId", "net_version")) == [-40100, "20260"]


@pytest.mark.parametrize("kind", ["expired", "forged", "of no algorithm", "no token"])
def test_a_websocket_with_a_bad_token_is_not_opened(node: NodeProcess, kind: str) -> None:
    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        asyncio.run(spoken(str(node.ready["ws"]), BAD[kind]()))
    assert refused.value.response.status_code == 401
    assert json.loads(refused.value.response.body or b"")["error"]["code"] == -40100


def test_a_subscription_ends_with_its_token(node: NodeProcess) -> None:
    async def outlived() -> tuple[str, int, str]:
        short = token("eth", seconds=-3)  # good for two seconds more: the node allows clocks to be five apart
        async with opened(str(node.ready["ws"]), short) as connection:
            await connection.send(json.dumps(call("eth_subscribe", "newHeads")))
            begun = json.loads(await connection.recv())["result"]
            with pytest.raises(websockets.exceptions.ConnectionClosed) as ended:
                await connection.recv()
            assert ended.value.rcvd is not None
            return begun, ended.value.rcvd.code, ended.value.rcvd.reason

    begun, code, reason = asyncio.run(asyncio.wait_for(outlived(), 60))
    assert begun.startswith("0x")
    assert (code, reason) == (1008, "the token has expired")


def test_a_key_file_that_is_none_keeps_the_node_from_starting(node: NodeProcess) -> None:
    begun = node_command("start", "--home", node.home, "--jwt-secret-file", node.home / "genesis.json", "--json")
    assert begun.returncode == 2
    assert "32 bytes in hex" in begun.stderr
    assert "Traceback" not in begun.stderr
