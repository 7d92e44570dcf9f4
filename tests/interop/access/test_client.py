"""The client before nodes that ask for tokens and client certificates: it issues and verifies there, and says what was
wrong where it may not."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from testamur.chain.access import Access
from testamur.profile import Profile
from testamur.verification.connection import Chain

from tests.interop.conftest import NodeProcess, make_home, start_node
from tests.node.access.authority import Authority, Pair
from tests.node.access.tokens import signed
from tests.world import Result, command

SECRET = bytes(range(32))


@dataclass(frozen=True, slots=True)
class Guarded:
    """A governed chain behind TLS, client certificates and tokens, and who may ask it."""

    node: NodeProcess
    authority: Authority
    clients: Authority
    registrar: Pair
    folder: Path
    """Where the scenario was played: a profile with [access], a policy, bundles."""
    token_file: Path

    def flags(self, **changes: Path | None) -> list[str]:
        """The options that let the registrar in, with changes; None leaves one out."""
        files = {
            "--token-file": self.token_file, "--tls-certificate": self.registrar.certificate,
            "--tls-key": self.registrar.key, "--tls-ca": self.authority.certificate,
        } | {f"--{name.replace('_', '-')}": path for name, path in changes.items()}  # fmt: skip
        return [part for flag, path in files.items() if path is not None for part in (flag, str(path))]

    def asked(self, *flags: str) -> Result:
        """A command that reads the chain, by a profile that says nothing of access."""
        bare = self.folder.parent / "bare.toml"
        profile = Profile.load(self.folder)
        text = (self.folder / "testamur.toml").read_text(encoding="utf-8").partition("[access]")[0]
        bare.write_text(text, encoding="utf-8")
        assert Profile.load(bare).rpc == profile.rpc
        return command("alliance", "show", "--json", "--profile", bare, *flags)


def token(*permissions: str, seconds: float = 600) -> str:
    claims = {"sub": "registrar", "exp": time.time() + seconds, "permissions": list(permissions or ("*:*",))}
    return signed("HS256", SECRET, claims)


def private(path: Path, text: str) -> Path:
    path.touch(0o600)
    path.write_text(text + "\n", encoding="ascii")
    return path


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """The scenario of Chengdu, played through the guarded listener."""
    folder = tmp_path_factory.mktemp("guarded")
    authority, clients = Authority(folder / "tls"), Authority(folder / "clients", "clients")
    server, registrar = authority.server(), clients.issue("registrar")
    secret = private(folder / "jwt.hex", SECRET.hex())
    home = folder / "home"
    make_home(home)
    node = start_node(
        home, "--jwt-secret-file", str(secret), "--tls-certificate", str(server.certificate),
        "--tls-key", str(server.key), "--tls-client-ca", str(clients.certificate),
    )  # fmt: skip
    try:
        found = Guarded(node, authority, clients, registrar, folder / "world", private(folder / "token", token()))
        flags = [*found.flags(), "--rpc", node.rpc, "--profile", str(home / "testamur.toml")]
        played = command("scenario", "run", "chengdu", "--out", found.folder, "--scale", "0.1", *flags)
        assert played.code == 0, played.err
        yield found
    finally:
        node.stop()


def test_what_was_issued_through_it_is_verified_by_what_the_profile_names(guarded: Guarded) -> None:
    access = Profile.load(guarded.folder).access
    assert access.token_file == Path("../token")
    profile = ("--profile", guarded.folder / "testamur.toml")
    bundles = sorted(guarded.folder.rglob("bundles.jsonl"))[0]
    verified = command("verify", bundles, "--json", *profile)
    assert verified.code == 0, verified.out
    assert {line["as_of"]["trust"] for line in verified.lines} == {"single-signer"}
    assert command("doctor", *profile).code == 0


def test_flags_and_variables_do_without_a_profile(
    guarded: Guarded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "policy.toml"
    monkeypatch.chdir(tmp_path)
    made = command("policy", "create", "--rpc", guarded.node.rpc, "--out", out, *guarded.flags())
    assert made.code == 0, made.err
    for name, path in (
        ("TOKEN_FILE", guarded.token_file), ("TLS_CERTIFICATE", guarded.registrar.certificate),
        ("TLS_KEY", guarded.registrar.key), ("TLS_CA", guarded.authority.certificate),
    ):  # fmt: skip
        monkeypatch.setenv(f"TESTAMUR_{name}", str(path))
    assert command("policy", "refresh", out).code == 0
    wrote = command("init", "--rpc", guarded.node.rpc)
    assert wrote.code == 0, wrote.err
    assert Profile.load(tmp_path).node_access.token() == guarded.token_file.read_text().strip()


def test_a_token_is_read_again_when_its_file_changes(guarded: Guarded, tmp_path: Path) -> None:
    file = private(tmp_path / "token", token(seconds=-60))
    access = Access(file, guarded.registrar.certificate, guarded.registrar.key, guarded.authority.certificate)
    with Chain.connect(guarded.node.rpc, access=access) as chain:
        assert chain.rpc is not None
        with pytest.raises(Exception, match="the token has expired"):
            chain.rpc.chain_id()
        private(tmp_path / "next", token()).replace(file)
        assert chain.rpc.chain_id() == Profile.load(guarded.folder).chain_id


def test_a_certificate_is_read_again_when_its_file_changes(guarded: Guarded, tmp_path: Path) -> None:
    old = guarded.authority.issue("not-of-the-clients")
    certificate, key = tmp_path / "client.crt", tmp_path / "client.key"
    certificate.write_bytes(old.certificate.read_bytes())
    private(key, old.key.read_text())
    access = Access(guarded.token_file, certificate, key, guarded.authority.certificate)
    with Chain.connect(guarded.node.rpc, access=access) as chain:
        assert chain.rpc is not None
        with pytest.raises(Exception, match="wants a client certificate, or another"):
            chain.rpc.chain_id()
        certificate.write_bytes(guarded.registrar.certificate.read_bytes())
        private(key, guarded.registrar.key.read_text())
        assert chain.rpc.chain_id() == Profile.load(guarded.folder).chain_id


REFUSALS: dict[str, tuple[Callable[[Guarded, Path], list[str]], int, str]] = {
    "no token": (lambda it, _: it.flags(token_file=None), 7, "may not ask anything"),
    "an expired token": (
        lambda it, folder: it.flags(token_file=private(folder / "t", token(seconds=-60))), 7, "the token has expired"
    ),
    "a token of too little": (
        lambda it, folder: it.flags(token_file=private(folder / "t", token("net:version"))),
        7, "token:registrar may not ask eth_chainId",
    ),
    "no certificate": (
        lambda it, _: it.flags(tls_certificate=None, tls_key=None), 7, "wants a client certificate, or another"
    ),
    "a certificate of another authority": (
        lambda it, _: (lambda pair: it.flags(tls_certificate=pair.certificate, tls_key=pair.key))(
            it.authority.issue("another")
        ),
        7, "wants a client certificate, or another",
    ),
    "a node's certificate that nobody knows": (lambda it, _: it.flags(tls_ca=None), 7, "is not believed"),
    "a key that everybody can read": (
        lambda it, folder: it.flags(tls_key=loose(folder / "k", it.registrar.key)), 9, "can be read by everybody"
    ),
    "a key of another certificate": (
        lambda it, _: it.flags(tls_key=it.clients.issue("other").key), 9, "is not that of"
    ),
    "an encrypted key": (
        lambda it, _: (lambda pair: it.flags(tls_certificate=pair.certificate, tls_key=pair.key))(
            it.clients.issue("hidden", password=b"x")
        ),
        9, "is encrypted",
    ),
    "a key without a certificate": (lambda it, _: it.flags(tls_certificate=None), 9, "and no certificate"),
    "a token file that is not there": (lambda it, folder: it.flags(token_file=folder / "none"), 9, "No such file"),
    "a token file of two words": (
        lambda it, folder: it.flags(token_file=private(folder / "t", f"Bearer {token()}")), 9, "holds no token"
    ),
    "an authority that is none": (lambda it, _: it.flags(tls_ca=it.token_file), 9, "holds no certificate in PEM"),
}  # fmt: skip


def loose(path: Path, source: Path) -> Path:
    path.write_bytes(source.read_bytes())
    os.chmod(path, 0o644)
    return path


@pytest.mark.parametrize("kind", REFUSALS)
def test_who_is_not_let_in_is_told_why(guarded: Guarded, tmp_path: Path, kind: str) -> None:
    flags, code, words = REFUSALS[kind]
    refused = guarded.asked(*flags(guarded, tmp_path))
    assert refused.code == code, refused.err
    said = json.loads(refused.err)
    assert words in said["message"]
    assert said["advice"] or kind == "a key of another certificate"
    assert token().partition(".")[0] not in refused.err


def test_a_verdict_without_access_is_undecided_and_says_so(guarded: Guarded, tmp_path: Path) -> None:
    bundles = sorted(guarded.folder.rglob("bundles.jsonl"))[0]
    profile = ("--profile", guarded.folder / "testamur.toml")
    expired = private(tmp_path / "t", token(seconds=-60))
    verified = command("verify", bundles, "--json", *profile, "--token-file", expired)
    assert verified.code == 7
    assert {line["code"] for line in verified.lines} == {"chain_unreachable"}
    assert "the token has expired" in verified.out
    doctor = command("doctor", "--json", *profile, "--token-file", expired)
    assert (doctor.code, doctor.lines[-1]["code"]) == (7, "access_refused")


def test_what_a_profile_shows_its_node_is_shown_to_no_other(guarded: Guarded) -> None:
    profile = Profile.load(guarded.folder)
    assert profile.at(profile.rpc).node_access.token_file is not None
    assert profile.at("https://127.0.0.1:1").node_access == Access()


def test_a_token_is_not_sent_in_the_clear_to_another_machine(guarded: Guarded) -> None:
    with Chain.connect("http://node.invalid:8545", access=Access(guarded.token_file)) as chain:
        assert chain.rpc is not None
        with pytest.raises(Exception, match="everybody on the way could read it"):
            chain.rpc.chain_id()
