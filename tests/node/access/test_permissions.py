"""Permissions by namespace and method, and the one decision on a request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testamur_node.rpc.access.permissions import EVERYTHING, NOTHING, PermissionEntryError, Permissions
from testamur_node.rpc.access.principal import Judgement, Listener, Principal, judge

NAMES = st.sampled_from(
    [
        "eth_call",
        "eth_getLogs",
        "eth_sendRawTransaction",
        "net_version",
        "admin_peers",
        "debug_traceCall",
        "eth",
        "",
        "_",
    ]
)
ENTRIES = st.sampled_from(["*", "*:*", "eth", "eth:*", "eth:call", "eth_call", "net", "net:version", "debug", "admin"])
LISTS = st.lists(ENTRIES, max_size=5)


@pytest.mark.parametrize(
    ("entry", "permitted", "refused"),
    [
        ("*:*", ["eth_call", "admin_peers", "nonsense"], []),
        ("*", ["eth_call", "admin_peers"], []),
        ("eth:*", ["eth_call", "eth_getLogs"], ["net_version", "ethx_call", "_eth", "ETH_call"]),
        ("eth", ["eth_call"], ["net_version", "et_h", "ETH_call"]),
        ("eth:call", ["eth_call"], ["eth_callMany", "eth_Call", "eth", "net_call"]),
        ("eth_call", ["eth_call"], ["eth_getLogs"]),
    ],
)
def test_an_entry_permits_what_it_names_and_nothing_beside(
    entry: str, permitted: list[str], refused: list[str]
) -> None:
    permissions = Permissions.read([entry])
    assert [method for method in permitted if not permissions.permits(method)] == []
    assert [method for method in refused if permissions.permits(method)] == []
    assert not any(Permissions.read(["*"], [entry]).permits(method) for method in permitted)


@pytest.mark.parametrize(
    "entry",
    ["", ":", "eth:", "eth_", ":call", "*:call", "eth:call:more", "eth.call", "eth:ca ll", "eth:call\n", "éth", "Eth",
     "eth:*x", "**", 5, None, ["eth"], "e" * 101],
)  # fmt: skip
def test_what_is_no_entry_is_refused_by_name(entry: object) -> None:
    with pytest.raises(PermissionEntryError, match="is not a permission"):
        Permissions.read([entry])
    with pytest.raises(PermissionEntryError):
        Permissions.read(["eth"], [entry])


@given(LISTS, LISTS, NAMES)
def test_what_is_denied_is_denied_whatever_is_allowed(allow: list[str], deny: list[str], method: str) -> None:
    permissions = Permissions.read(allow, deny)
    if Permissions.read(deny).permits(method):
        assert not permissions.permits(method)
    else:
        assert permissions.permits(method) == Permissions.read(allow).permits(method)


@given(LISTS, ENTRIES, NAMES)
def test_another_entry_never_takes_a_method_away(allow: list[str], entry: str, method: str) -> None:
    if Permissions.read(allow).permits(method):
        assert Permissions.read([*allow, entry]).permits(method)


@given(LISTS, LISTS, NAMES)
def test_who_may_nothing_may_indeed_nothing(allow: list[str], deny: list[str], method: str) -> None:
    permissions = Permissions.read(allow, deny)
    assert not (permissions.is_nothing and permissions.permits(method))
    assert NOTHING.is_nothing
    assert not EVERYTHING.is_nothing


@given(st.lists(st.text(max_size=20) | st.integers() | st.none(), max_size=4))
def test_any_list_is_read_or_refused_in_a_sentence(entries: list[object]) -> None:
    try:
        permissions = Permissions.read(entries)
    except PermissionEntryError:
        return
    assert len(permissions.allow) <= len(entries)
    assert not permissions.permits("")


OPEN = Listener("http", Permissions.read(["eth", "net"]))
ALICE = Principal("token:alice", (Permissions.read(["eth:call", "debug"]),), True, expires_at=100.0)


@pytest.mark.parametrize(
    ("principal", "method", "now", "judgement"),
    [
        (ALICE, "eth_call", 99.9, Judgement.ALLOWED),
        (ALICE, "eth_call", 100.0, Judgement.EXPIRED),
        (ALICE, "eth_getLogs", 0.0, Judgement.FORBIDDEN),
        (ALICE, "debug_traceCall", 0.0, Judgement.CLOSED),
        (Principal("anonymous", (NOTHING,)), "eth_call", 0.0, Judgement.UNAUTHENTICATED),
        (Principal("anonymous", (EVERYTHING,)), "eth_call", 0.0, Judgement.ALLOWED),
        (Principal("anonymous", (EVERYTHING,)), "debug_traceCall", 0.0, Judgement.CLOSED),
        (Principal("both", (EVERYTHING, Permissions.read(["net"])), True), "eth_call", 0.0, Judgement.FORBIDDEN),
        (Principal("nobody", (), True), "eth_call", 0.0, Judgement.FORBIDDEN),
    ],
)
def test_a_request_is_judged_by_time_then_principal_then_listener(
    principal: Principal, method: str, now: float, judgement: Judgement
) -> None:
    assert judge(OPEN, principal, method, now) is judgement


@given(LISTS, LISTS, NAMES, st.sampled_from(["http", "ws", "ipc"]))
def test_admin_is_on_no_other_listener_than_its_own(allow: list[str], deny: list[str], method: str, name: str) -> None:
    listener = Listener(name, Permissions.read(allow, deny))
    everybody = Principal("anonymous", (EVERYTHING,))
    if method.startswith("admin"):
        assert judge(listener, everybody, method, 0.0) is Judgement.CLOSED
    assert (
        judge(Listener("admin", Permissions.read(["admin"]), True), everybody, "admin_peers", 0.0) is Judgement.ALLOWED
    )


@given(LISTS, st.sampled_from(["eth_call", "eth_noSuchThing", "debug_traceCall", "secret_thing"]))
def test_who_may_not_ask_learns_nothing_from_what_is_open(allow: list[str], method: str) -> None:
    """Whatever the listener opens, the answer to who may not ask is the same."""
    nobody = Principal("token:mallory", (Permissions.read(["net"]),), True)
    assert judge(Listener("http", Permissions.read(allow)), nobody, method, 0.0) is Judgement.FORBIDDEN
