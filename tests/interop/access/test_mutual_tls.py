"""TLS and client certificates against a running node, with real certificates over real handshakes."""

import asyncio
import http.client
import json
import shutil
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import websockets
from cryptography import x509

from tests.interop.access.asking import Answer, call, opened, post
from tests.interop.conftest import NodeProcess, node_command
from tests.node.access.authority import Authority, Pair

SETTINGS = """
[permissions.certificate."dns:verify.example"]
allow = ["eth:chainId", "eth:call"]

[permissions.certificate."cn:registrar"]
allow = ["*:*"]
deny = ["eth_getLogs"]
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Signs the clients' certificates, and is not the server's."""
    return Authority(tmp_path_factory.mktemp("clients"), "clients")


@pytest.fixture(scope="module")
def server(authority: Authority) -> Pair:
    return authority.server()


@pytest.fixture(scope="module")
def node(started: Callable[..., NodeProcess], authority: Authority, clients: Authority, server: Pair) -> NodeProcess:
    """A node that asks each client for a certificate, on HTTP and WebSocket."""
    files = ("--tls-certificate", str(server.certificate), "--tls-key", str(server.key))
    asks = ("--tls-client-ca", str(clients.certificate))
    return started("--dev", start_options=("--ws", "127.0.0.1:0", *files, *asks), settings=SETTINGS)


def context(authority: Authority, pair: Pair | None = None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(authority.certificate))
    if pair is not None:
        made.load_cert_chain(pair.certificate, pair.key)
    return made


@pytest.fixture(scope="module")
def verifier(clients: Authority) -> Pair:
    return clients.issue("verifier", x509.DNSName("verify.example"))


@pytest.fixture(scope="module")
def registrar(clients: Authority) -> Pair:
    return clients.issue("registrar")


def asked(node: NodeProcess, authority: Authority, pair: Pair | None, method: str) -> Answer:
    return post(node.rpc, call(method), context=context(authority, pair))


def test_the_ready_line_names_the_secured_schemes(node: NodeProcess) -> None:
    assert node.rpc.startswith("https://127.0.0.1:")
    assert str(node.ready["ws"]).startswith("wss://127.0.0.1:")
    assert json.loads(node_command("status", "--home", node.home, "--json").stdout)["height"] == 0


def test_a_certificate_opens_what_its_name_may(
    node: NodeProcess, authority: Authority, verifier: Pair, registrar: Pair
) -> None:
    assert asked(node, authority, verifier, "eth_chainId").body["result"] == "0x4f24"
    refused = asked(node, authority, verifier, "eth_blockNumber")
    assert (refused.status, refused.code) == (403, -40100)
    assert asked(node, authority, registrar, "eth_blockNumber").body["result"] == "0x0"
    assert asked(node, authority, registrar, "eth_getLogs").status == 403
    assert asked(node, authority, registrar, "admin_peers").code == -32601


def test_a_certificate_of_nobody_in_the_table_opens_nothing(
    node: NodeProcess, authority: Authority, clients: Authority
) -> None:
    stranger = clients.issue("stranger", x509.DNSName("evil.example"))
    for method in ("eth_chainId", "eth_invented"):
        refused = asked(node, authority, stranger, method)
        assert (refused.status, refused.code) == (403, -40100)


@pytest.mark.parametrize("kind", ["none", "of another authority", "expired", "of a look-alike authority"])
def test_a_handshake_without_a_good_certificate_fails(
    node: NodeProcess, authority: Authority, clients: Authority, kind: str, tmp_path: Path
) -> None:
    pair = {
        "none": lambda: None,
        "of another authority": lambda: authority.issue("registrar"),
        "expired": lambda: clients.issue("registrar-of-old", first_day=-3, last_day=-1),
        "of a look-alike authority": lambda: Authority(tmp_path, "clients").issue("registrar"),
    }[kind]()
    with pytest.raises((ssl.SSLError, ConnectionError)):
        asked(node, authority, pair, "eth_chainId")


@pytest.mark.parametrize(
    "header", ["x-client-cert", "x-ssl-client-s-dn", "ssl-client-verify", "x-forwarded-client-cert"]
)
def test_a_header_is_no_certificate(node: NodeProcess, authority: Authority, verifier: Pair, header: str) -> None:
    """What proxies would say about a certificate is not believed: the handshake alone counts."""
    said = {header: "CN=registrar", "authorization": "Bearer x"}
    answer = post(node.rpc, call("eth_blockNumber"), context=context(authority, verifier), **said)
    assert answer.status == 403


def test_old_tls_and_plain_text_are_refused(node: NodeProcess, authority: Authority, registrar: Pair) -> None:
    old = context(authority, registrar)
    old.set_ciphers("DEFAULT:@SECLEVEL=0")  # or the client's own library would refuse to try
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match=r"PROTOCOL_VERSION|EOF"):
        post(node.rpc, call("eth_chainId"), context=old)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert post(node.rpc, call("eth_chainId"), context=old).status == 200
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        post(node.rpc.replace("https", "http"), call("eth_chainId"))
    assert asked(node, authority, registrar, "eth_chainId").status == 200


def test_a_websocket_is_opened_by_certificate(
    node: NodeProcess, authority: Authority, verifier: Pair, registrar: Pair
) -> None:
    async def spoken(pair: Pair | None, *methods: str) -> list[Any]:
        answers = []
        async with opened(str(node.ready["ws"]), context=context(authority, pair)) as connection:
            for method in methods:
                await connection.send(json.dumps(call(method)))
                answer = json.loads(await connection.recv())
                answers.append(answer.get("result", answer.get("error", {}).get("code")))
        return answers

    assert asyncio.run(spoken(verifier, "eth_chainId", "net_version")) == ["0x4f24", -40100]
    assert asyncio.run(spoken(registrar, "net_version")) == ["20260"]
    with pytest.raises((ssl.SSLError, ConnectionError, websockets.exceptions.InvalidHandshake)):
        asyncio.run(spoken(None, "eth_chainId"))


def test_a_wrong_key_keeps_the_node_from_starting(node: NodeProcess, authority: Authority, tmp_path: Path) -> None:
    other = authority.issue("other")
    home = Path(shutil.copytree(node.home, tmp_path / "home", ignore=shutil.ignore_patterns("*.ipc", "running.json")))
    files = ("--tls-certificate", other.certificate, "--tls-key", authority.folder / "server.key",
             "--tls-client-ca", authority.certificate)  # fmt: skip
    begun = node_command("start", "--home", home, "--http", "127.0.0.1:0", *files)
    assert begun.returncode == 2
    assert "is not that of" in begun.stderr
    assert "Traceback" not in begun.stderr
