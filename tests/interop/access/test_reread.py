"""SIGHUP on a running node: keys, certificates and revocations are taken up, and what is not good changes nothing."""

import asyncio
import json
import os
import signal
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import websockets

from tests.interop.access.asking import Answer, call, opened, post
from tests.interop.conftest import NodeProcess, make_home, start_node
from tests.node.access.authority import Authority
from tests.node.access.tokens import signed

FIRST, SECOND = bytes(range(32)), bytes(range(1, 33))


def token(secret: bytes = FIRST, **claims: object) -> str:
    body = {"sub": "alice", "exp": time.time() + 600, "permissions": ["*:*"], **claims}
    return signed("HS256", secret, {name: value for name, value in body.items() if value is not None})


def settle(node: NodeProcess, jwt: str) -> None:
    """Write [jwt] anew and have the node read it; returns once it has said whether it holds."""
    settings = node.home / "node.toml"
    settings.write_text(f'[jwt]\nsecret_file = "jwt.hex"\n{jwt}\n', encoding="utf-8")
    reread(node)


def reread(node: NodeProcess) -> str:
    """Send SIGHUP; the line that the node says about it."""
    node.process.send_signal(signal.SIGHUP)
    assert node.process.stderr is not None
    while "the settings" not in (line := node.process.stderr.readline()):
        assert line, "the node ended"
    return line


@pytest.fixture
def node(tmp_path: Path) -> Iterator[NodeProcess]:
    home = tmp_path / "home"
    make_home(home, "--dev")
    (home / "jwt.hex").touch(0o600)
    (home / "jwt.hex").write_text(FIRST.hex(), encoding="ascii")
    with (home / "node.toml").open("a", encoding="utf-8") as file:
        file.write('[jwt]\nsecret_file = "jwt.hex"\n')
    running = start_node(home, "--ws", "127.0.0.1:0", "--log-level", "warning")
    yield running
    if running.process.poll() is None:
        assert running.stop() == 0


def asked(node: NodeProcess, shown: str) -> Answer:
    return post(node.rpc, call("eth_blockNumber"), shown)


def test_another_secret_holds_at_once_and_the_old_no_longer(node: NodeProcess) -> None:
    assert (asked(node, token()).status, asked(node, token(SECOND)).status) == (200, 401)
    (node.home / "jwt.hex").write_text(SECOND.hex(), encoding="ascii")
    assert asked(node, token()).status == 200
    assert "hold from now on" in reread(node)
    assert (asked(node, token()).status, asked(node, token(SECOND)).status) == (401, 200)


def test_a_revoked_token_is_refused_and_others_are_not(node: NodeProcess) -> None:
    stolen, other = token(jti="7f3c"), token(jti="7f3d")
    assert asked(node, stolen).status == 200
    settle(node, 'revoked = ["7f3c"]')
    refused = asked(node, stolen)
    assert (refused.status, refused.code) == (401, -40100)
    assert "the token was revoked" in refused.body["error"]["message"]
    assert (asked(node, other).status, asked(node, token()).status) == (200, 200)


def test_tokens_from_before_a_moment_are_called_back_together(node: NodeProcess) -> None:
    now = int(time.time())
    old, new, silent = token(iat=now - 100), token(iat=now - 10), token()
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 50))
    settle(node, f"issued_since = {moment}")
    assert [asked(node, shown).status for shown in (old, new, silent)] == [401, 200, 401]


def test_settings_that_are_not_good_leave_the_old_in_force(node: NodeProcess) -> None:
    (node.home / "jwt.hex").write_text("no secret", encoding="ascii")
    line = reread(node)
    assert "the old ones hold" in line
    assert "holds no token secret" in line
    assert asked(node, token()).status == 200
    settings = (node.home / "node.toml").read_text(encoding="utf-8")
    (node.home / "node.toml").write_text(settings + 'revoked = "\n', encoding="utf-8")
    assert "cannot be read" in reread(node)
    assert asked(node, token()).status == 200


def test_a_filter_outlives_it_and_a_websocket_has_to_come_again(node: NodeProcess) -> None:
    stolen = token(jti="7f3c")
    number = post(node.rpc, call("eth_newBlockFilter"), token()).body["result"]

    async def lasting() -> int | None:
        async with opened(str(node.ready["ws"]), stolen) as connection:
            await connection.send(json.dumps(call("eth_subscribe", "newHeads")))
            assert "result" in json.loads(await connection.recv())
            await asyncio.to_thread(settle, node, 'revoked = ["7f3c"]')
            with pytest.raises(websockets.exceptions.ConnectionClosed):
                await asyncio.wait_for(connection.recv(), 30)
            return connection.close_code

    assert asyncio.run(lasting()) == 1012  # service restart (RFC 6455's registry)
    with pytest.raises(websockets.exceptions.InvalidStatus):
        asyncio.run(once(node, stolen))
    asyncio.run(once(node, token()))
    post(node.rpc, call("evm_mine"), token())
    assert len(post(node.rpc, call("eth_getFilterChanges", number), token()).body["result"]) == 1


async def once(node: NodeProcess, shown: str) -> None:
    async with opened(str(node.ready["ws"]), shown):
        pass


def test_a_token_without_an_end_is_good_for_a_minute_as_geths_are(node: NodeProcess) -> None:
    settings = node.home / "node.toml"
    with settings.open("a", encoding="utf-8") as file:
        file.write('[permissions.token."*"]\nallow = ["eth"]\n')
    reread(node)
    now = int(time.time())
    assert asked(node, signed("HS256", FIRST, {"iat": now})).status == 200
    for claims in ({"iat": now - 120}, {"iat": now + 120}, {}, {"iat": True}):
        assert asked(node, signed("HS256", FIRST, claims)).status == 401


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[NodeProcess, Authority, Authority]]:
    """A node that asks for client certificates and knows whose were called back; its authorities."""
    authority, clients = Authority(tmp_path / "tls"), Authority(tmp_path / "clients", "clients")
    server = authority.server()
    make_home(tmp_path / "home", "--dev")
    running = start_node(
        tmp_path / "home", "--tls-certificate", str(server.certificate), "--tls-key", str(server.key),
        "--tls-client-ca", str(clients.certificate), "--tls-client-crl", str(clients.revoking()),
        "--log-level", "warning",
    )  # fmt: skip
    yield running, authority, clients
    if running.process.poll() is None:
        assert running.stop() == 0


def test_a_revoked_certificate_is_refused_and_others_are_not(
    secured: tuple[NodeProcess, Authority, Authority],
) -> None:
    node, authority, clients = secured
    pairs = [clients.issue("stolen"), clients.issue("kept")]
    contexts = [ssl.create_default_context(cafile=str(authority.certificate)) for _ in pairs]
    for context, pair in zip(contexts, pairs, strict=True):
        context.load_cert_chain(pair.certificate, pair.key)
        assert post(node.rpc, call("eth_chainId"), context=context).status == 200
    clients.revoking(pairs[0])
    assert "hold from now on" in reread(node)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        post(node.rpc, call("eth_chainId"), context=contexts[0])
    assert post(node.rpc, call("eth_chainId"), context=contexts[1]).status == 200


def test_a_renewed_certificate_of_the_node_is_shown(secured: tuple[NodeProcess, Authority, Authority]) -> None:
    node, authority, clients = secured
    pair = clients.issue("client")
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.load_cert_chain(pair.certificate, pair.key)

    def shown() -> str:
        host, port = node.rpc.removeprefix("https://").split(":")
        return ssl.get_server_certificate((host, int(port)))

    before = shown()
    authority.server()  # into the same files
    assert shown() == before
    reread(node)
    assert shown() != before
    assert post(node.rpc, call("eth_chainId"), context=context).status == 200


BAD: dict[str, Callable[[Authority, Path], object]] = {
    "expired": lambda clients, _: clients.revoking(last_day=-1),
    "of nobody in": lambda clients, other: os.replace(
        Authority(other, "clients").revoking(), clients.folder / "clients.crl"
    ),
    "no revocation list": lambda clients, _: (clients.folder / "clients.crl").write_text("none", encoding="ascii"),
}


def test_a_revocation_list_that_is_not_good_leaves_the_old_in_force(
    secured: tuple[NodeProcess, Authority, Authority], tmp_path: Path
) -> None:
    node, authority, clients = secured
    pair = clients.issue("client")
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.load_cert_chain(pair.certificate, pair.key)
    for words, spoil in BAD.items():
        spoil(clients, tmp_path / "other")
        line = reread(node)
        assert "the old ones hold" in line
        assert words in line
        assert post(node.rpc, call("eth_chainId"), context=context).status == 200
