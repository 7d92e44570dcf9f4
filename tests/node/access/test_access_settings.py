"""The settings about access: what can be said, what is refused, and that whatever is said ends in one of the two."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from testamur_node.apart import process_count
from testamur_node.errors import NodeError
from testamur_node.operations.config import FLAGS, INITIAL, Config, ConfigError, load
from testamur_node.rpc.access.gate import AccessRules

from tests.conftest import ROOT
from tests.node.access.authority import Authority
from tests.node.access.tokens import new_key, public_pem

SECRET = "5a" * 32


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the files that settings can name."""
    authority = Authority(tmp_path)
    authority.server()
    (tmp_path / "jwt.hex").write_text(SECRET, encoding="ascii")
    (tmp_path / "issuer.pem").write_bytes(public_pem(new_key("EdDSA")))
    (tmp_path / "key").mkdir()
    return tmp_path


def loaded(home: Path, tables: dict[str, Any], **flags: str) -> Config:
    (home / "node.toml").write_text(tomli_w.dumps(tables), encoding="utf-8")
    return load(home, flags, {})


def test_what_init_writes_is_the_default(home: Path) -> None:
    (home / "node.toml").write_text(INITIAL, encoding="utf-8")
    config = load(home, {}, {})
    assert config.rules == AccessRules()
    assert (config.ipc, config.admin, config.metrics) == (home / "node.ipc", home / "admin.ipc", None)
    assert config == loaded(home, {})


def test_every_commented_setting_of_the_template_can_be_said(home: Path) -> None:
    """The comments of node.toml are examples that work, once their files are there."""
    text = "\n".join(
        line.removeprefix("# ") if line.startswith("# ") and ("=" in line or line.startswith("# [")) else line
        for line in INITIAL.split("\n")
    )
    for name, source in (("server.pem", "server.crt"), ("clients.pem", "authority.pem")):
        (home / name).write_bytes((home / source).read_bytes())
    key = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "a"}
    (home / "keys.json").write_text(json.dumps({"keys": [key]}), encoding="utf-8")
    (home / "node.toml").write_text(text, encoding="utf-8")
    rules = load(home, {}, {}).rules
    assert rules.tokens is not None
    assert len(rules.tokens.keys) == 3
    assert rules.tls is not None
    assert rules.tls.client_authority == home / "clients.pem"
    assert rules.http.permits("debug_traceTransaction")
    assert not rules.http.permits("debug_traceCall")
    assert not rules.ws.permits("eth_sign")
    assert rules.certificates is not None
    assert rules.anonymous is not None


def test_the_settings_of_the_operations_page_can_be_said(home: Path) -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    assert blocks
    files = {"jwt": {"secret_file": "jwt.hex"}, "tls": {**TLS, "client_ca": "authority.pem"}}
    (home / "node.toml").write_text(tomli_w.dumps(files) + "\n".join(blocks), encoding="utf-8")
    rules = load(home, {}, {}).rules
    assert rules.http.permits("debug_traceTransaction")
    assert not rules.http.permits("eth_sign")
    assert rules.ws.permits("eth_subscribe")
    assert not rules.ws.permits("eth_call")
    assert rules.certificates is not None


def test_flags_win_over_the_environment_and_that_over_the_file(home: Path) -> None:
    (home / "node.toml").write_text('[rpc]\nmetrics = "127.0.0.1:1"\napi = ["eth"]\n', encoding="utf-8")
    environment = {"TESTAMUR_NODE_METRICS": "127.0.0.1:2", "TESTAMUR_NODE_JWT_SECRET_FILE": str(home / "jwt.hex")}
    assert load(home, {}, {}).metrics == "127.0.0.1:1"
    assert load(home, {}, environment).metrics == "127.0.0.1:2"
    config = load(home, {"metrics": "127.0.0.1:3"}, environment)
    assert config.metrics == "127.0.0.1:3"
    assert config.rules.tokens is not None
    assert not config.rules.http.permits("net_version")
    assert load(home, {"metrics": "none", "admin_ipc": "none"}, {}).metrics is None


def test_a_path_in_a_flag_is_from_here_and_in_the_file_from_the_home(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert loaded(home, {"jwt": {"secret_file": "jwt.hex"}}).rules.tokens is not None
    (tmp_path / "else").mkdir()
    monkeypatch.chdir(tmp_path / "else")
    with pytest.raises(NodeError, match="cannot read"):
        loaded(home, {}, jwt_secret_file="jwt.hex")
    assert loaded(home, {}, jwt_secret_file="../jwt.hex").rules.tokens is not None


def test_no_flag_takes_a_secret_itself() -> None:
    assert {name for name in FLAGS if "secret" in name or "key" in name or "password" in name} == {
        "jwt_secret_file", "jwt_public_key_file", "tls_key",
    }  # fmt: skip


TLS = {"certificate": "server.crt", "key": "server.key"}


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        ({"rpc": {"api": ["eth", "admin"]}}, "admin socket alone"),
        ({"rpc": {"api": "eth,admin:peers"}}, "admin socket alone"),
        ({"permissions": {"ws": {"allow": ["admin_peers"]}}}, "admin socket alone"),
        ({"permissions": {"ipc": {"allow": ["admin"]}}}, "admin socket alone"),
        ({"rpc": {"api": ["eth:"]}}, "is not a permission"),
        ({"rpc": {"api": 5}}, "not a list of names"),
        ({"rpc": {"deny": ["eth call"]}}, "is not a permission"),
        ({"rpc": {"trusted_proxies": ["proxy.example"]}}, "no address or network"),
        ({"rpc": {"apis": ["eth"]}}, "no setting 'apis'"),
        ({"access": {}}, "unknown parts"),
        ({"jwt": 5}, "jwt is not a table"),
        ({"jwt": {"secret": SECRET}}, "no setting 'secret'"),
        ({"jwt": {"issuer": "a"}}, "names no key"),
        ({"jwt": {"secret_file": ""}}, "is not a text"),
        ({"jwt": {"secret_file": 5}}, "is not a text"),
        ({"jwt": {"secret_file": "nothing"}}, "cannot read the key file"),
        ({"jwt": {"secret_file": "issuer.pem"}}, "32 bytes in hex"),
        ({"jwt": {"public_key_file": "jwt.hex"}}, "no public key"),
        ({"jwt": {"jwks_file": "jwt.hex"}}, "no key set"),
        ({"jwt": {"secret_file": "jwt.hex", "leeway_seconds": 301}}, "leeway_seconds"),
        ({"jwt": {"secret_file": "jwt.hex", "leeway_seconds": True}}, "leeway_seconds"),
        ({"jwt": {"secret_file": "jwt.hex", "leeway_seconds": 1.5}}, "leeway_seconds"),
        ({"jwt": {"secret_file": "jwt.hex", "audience": ["a"]}}, "jwt.audience"),
        ({"tls": {"certificate": "server.crt"}}, "needs key"),
        ({"tls": {"client_ca": "authority.pem"}}, "needs certificate"),
        ({"tls": {**TLS, "ca": "x"}}, "no setting 'ca'"),
        ({"permissions": {"token": {"alice": {"allow": ["eth"]}}}}, "names no key"),
        ({"permissions": {"certificate": {"cn:a": {"allow": ["eth"]}}}}, "no client_ca"),
        ({"tls": TLS, "permissions": {"certificate": {"cn:a": {"allow": ["eth"]}}}}, "no client_ca"),
        ({"permissions": {"everybody": {"allow": ["eth"]}}}, "no setting 'everybody'"),
        ({"permissions": {"anonymous": {"permit": ["eth"]}}}, "no setting 'permit'"),
        ({"permissions": {"anonymous": {"allow": ["eth", "Net"]}}}, "is not a permission"),
        ({"permissions": {"anonymous": []}}, "is not a table"),
        ({"rates": {"requests_per_second": -1}}, "requests_per_second"),
        ({"rates": {"requests_per_second": "fast"}}, "requests_per_second"),
        ({"rates": {"requests_per_second": float("nan")}}, "requests_per_second"),
        ({"rates": {"burst": 0}}, "burst"),
        ({"rates": {"burst": 20}}, "more than a burst"),
        ({"rates": {"loopback": "yes"}}, "loopback"),
        ({"rates": {"weights": {"eth_call": 1.5}}}, "weights.eth_call"),
        ({"rates": {"weights": {"eth_call": 20_000}}}, "more than a burst"),
        ({"limits": {"connections_per_address": 0}}, "connections_per_address"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(home: Path, tables: dict[str, Any], reason: str) -> None:
    with pytest.raises(NodeError, match=reason) as refused:
        loaded(home, tables)
    assert refused.value.exit_code == 2
    assert SECRET not in str(refused.value)


def test_each_listener_has_its_own_list_or_the_shared_one(home: Path) -> None:
    rules = loaded(
        home, {"rpc": {"api": ["eth", "debug"], "deny": ["eth_sign"]}, "permissions": {"ws": {"allow": ["net"]}}}
    ).rules
    assert rules.http.permits("debug_traceCall")
    assert not rules.http.permits("eth_sign")
    assert rules.ws.permits("net_version")
    assert not rules.ws.permits("eth_call")
    assert rules.ipc.permits("debug_traceCall")
    assert not rules.ipc.permits("admin_peers")


def test_a_burst_may_be_small_where_there_is_no_rate(home: Path) -> None:
    assert loaded(home, {"rates": {"requests_per_second": 0, "burst": 1}}).rules.rates.requests_per_second == 0


VALUES = st.recursive(
    st.booleans() | st.integers(-5, 10**6) | st.floats()
    | st.sampled_from(["eth", "admin", "*:*", "jwt.hex", "", "key"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(
        ["allow", "deny", "http", "ipc", "anonymous", "token", "certificate", "secret_file", "key", "burst", "weights",
         "loopback", "requests_per_second", "client_ca", "api", "trusted_proxies", "leeway_seconds", "cn:a"]),
        inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["rpc", "tls", "jwt", "permissions", "rates", "limits", "engine"]), VALUES))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_settings_end_in_rules_or_in_a_sentence(home: Path, tables: dict[str, Any]) -> None:
    try:
        rules = loaded(home, tables).rules
    except NodeError:
        return
    for permissions in (rules.http, rules.ws, rules.ipc):
        assert "admin" not in permissions.namespaces


def test_the_number_of_call_processes_is_said_by_flag_variable_or_file(home: Path) -> None:
    file = {"limits": {"call_processes": 4}}
    assert loaded(home, {}).limits.call_processes == process_count()
    assert loaded(home, file).limits.call_processes == 4
    assert load(home, {}, {"TESTAMUR_NODE_CALL_PROCESSES": "5"}).limits.call_processes == 5
    assert loaded(home, file, call_processes="6").limits.call_processes == 6


@pytest.mark.parametrize("said", ["two", "1.5", "0", "-1"])
def test_a_number_of_call_processes_that_is_none_is_refused(home: Path, said: str) -> None:
    with pytest.raises(ConfigError, match="call_processes"):
        loaded(home, {}, call_processes=said)
