"""The gate puts certificate, token, address and rates together: each that is asked for must be there."""

import ssl
from dataclasses import replace
from typing import Any

import pytest
from testamur_node.rpc.access.addresses import read_network
from testamur_node.rpc.access.gate import AccessRules, Caller, Gate, Refused
from testamur_node.rpc.access.permissions import Permissions
from testamur_node.rpc.access.principal import Listener
from testamur_node.rpc.access.rates import RateRules, Rates
from testamur_node.rpc.access.token_keys import read_secret
from testamur_node.rpc.access.tokens import TokenRules
from testamur_node.rpc.errors import MethodNotFoundError, RateLimitError, RpcError, TokenExpiredError, UnauthorizedError

from tests.node.access.authority import Authority
from tests.node.access.tokens import signed

SECRET = bytes(32)
FAR = "203.0.113.9"


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(tmp_path: Any) -> TokenRules:
    (tmp_path / "jwt.hex").write_text(SECRET.hex(), encoding="ascii")
    return TokenRules((read_secret(tmp_path / "jwt.hex"),))


@pytest.fixture
def certificate(tmp_path: Any) -> bytes:
    """Of `cn:verifier`, as the handshake hands it over."""
    return ssl.PEM_cert_to_DER_cert(Authority(tmp_path).issue("verifier").certificate.read_text())


def gate(clock: Clock, **rules: Any) -> Gate:
    made = AccessRules(**rules)
    return Gate(Listener("http", Permissions.read(["eth", "net"])), made, Rates(made.rates, clock), clock)


def shown(*permissions: str, sub: str = "alice", seconds: float = 60) -> tuple[str, str]:
    claims = {"sub": sub, "exp": 1_000 + seconds, "permissions": list(permissions)}
    return ("authorization", "Bearer " + signed("HS256", SECRET, claims))


def met(caller: Caller, method: str) -> type[RpcError] | None:
    """What a request meets."""
    try:
        caller.admit(method)
    except RpcError as error:
        return type(error)
    return None


def refused(*arguments: Any) -> Refused:
    with pytest.raises(Refused) as raised:
        arguments[0].caller(*arguments[1:])
    return raised.value


def test_where_nothing_is_asked_for_the_listener_decides(clock: Clock) -> None:
    caller = gate(clock).caller([], FAR, None)
    assert met(caller, "eth_call") is None
    assert met(caller, "debug_traceCall") is MethodNotFoundError
    assert caller.seconds_left() is None


def test_where_tokens_are_asked_for_nobody_passes_without(clock: Clock, tokens: TokenRules) -> None:
    asks = gate(clock, tokens=tokens)
    assert refused(asks, [], FAR, None).status == 401
    assert met(asks.caller([shown("eth")], FAR, None), "eth_call") is None
    assert refused(asks, [shown()], FAR, None).status == 403
    assert refused(asks, [shown("eth"), shown("eth")], FAR, None).status == 401


def test_certificate_and_token_must_both_permit(clock: Clock, tokens: TokenRules, certificate: bytes) -> None:
    both = gate(clock, tokens=tokens, certificates={"cn:verifier": Permissions.read(["eth:call", "net"])})
    caller = both.caller([shown("eth")], FAR, certificate)
    assert caller.principal.name == "certificate:cn:verifier + token:alice"
    assert caller.seconds_left() == 65
    assert met(caller, "eth_call") is None
    assert met(caller, "eth_getLogs") is UnauthorizedError
    assert met(caller, "net_version") is UnauthorizedError
    assert refused(both, [], FAR, certificate).status == 401
    free = gate(clock, tokens=tokens, anonymous=Permissions.read(["net"]), certificates=both.rules.certificates)
    without = free.caller([], FAR, certificate)
    assert met(without, "net_version") is None
    assert met(without, "eth_call") is UnauthorizedError
    assert not without.principal.is_known


def test_a_certificate_that_the_table_lacks_opens_nothing(clock: Clock, certificate: bytes) -> None:
    listed = gate(clock, certificates={"cn:other": Permissions.read(["eth"])})
    assert refused(listed, [], FAR, certificate).status == 403
    assert met(gate(clock).caller([], FAR, certificate), "eth_call") is None


def test_a_token_ends_while_its_holder_is_connected(clock: Clock, tokens: TokenRules) -> None:
    caller = gate(clock, tokens=tokens).caller([shown("eth")], FAR, None)
    clock.seconds += 64
    assert met(caller, "eth_call") is None
    clock.seconds += 1
    assert met(caller, "eth_call") is TokenExpiredError
    assert caller.seconds_left() == 0


def test_the_answer_s_status_is_that_of_what_got_through(clock: Clock, tokens: TokenRules) -> None:
    asks = gate(clock, tokens=tokens, anonymous=Permissions.read(["net"]))
    caller = asks.caller([], FAR, None)
    assert caller.refusal() is None
    met(caller, "eth_call")
    told = caller.refusal()
    assert told is not None
    assert (told.status, told.headers["www-authenticate"]) == (401, "Bearer")
    met(caller, "net_version")
    assert caller.refusal() is None


SLOW = RateRules(requests_per_second=1.0, burst=10, weights={"eth_getLogs": 5})


def test_each_request_costs_its_weight_and_429_tells_when_to_come_back(clock: Clock) -> None:
    caller = gate(clock, rates=SLOW).caller([], FAR, None)
    assert [met(caller, "eth_getLogs") for _ in range(3)] == [None, None, RateLimitError]
    again = gate(clock, rates=SLOW).caller([], FAR, None)
    assert met(again, "eth_getLogs") is None
    late = replace_rates(again)
    assert [met(late, "eth_getLogs") for _ in range(3)] == [None, None, RateLimitError]
    nothing = replace_rates(again, spent=10)
    assert met(nothing, "eth_getLogs") is RateLimitError
    told = nothing.refusal()
    assert told is not None
    assert (told.status, told.headers["retry-after"], told.error.code) == (429, "5", -32005)


def replace_rates(caller: Caller, spent: int = 0) -> Caller:
    """The same caller with a bucket of which `spent` is gone."""
    rates = Rates(SLOW, caller.clock)
    if spent:
        rates.take(caller.measure, spent)
    return Caller(caller.listener, caller.principal, caller.clock, rates, caller.measure)


def spend(one: Gate, headers: list[tuple[str, str]], peer: str, count: int) -> list[type[RpcError] | None]:
    return [met(one.caller(headers, peer, None), "net_version") for _ in range(count)]


def test_strangers_are_measured_by_address_and_holders_by_name(clock: Clock, tokens: TokenRules) -> None:
    one = gate(clock, rates=replace(SLOW, burst=5), tokens=tokens, anonymous=Permissions.read(["net"]))
    assert spend(one, [], FAR, 6)[-2:] == [None, RateLimitError]
    assert spend(one, [], "203.0.113.10", 1) == [None]
    alice, bob = [shown("net")], [shown("net", sub="bob")]
    assert spend(one, alice, FAR, 5) == [None] * 5
    assert spend(one, alice, "198.51.100.1", 1) == [RateLimitError]
    assert spend(one, bob, FAR, 1) == [None]


def test_a_subscriber_does_not_multiply_by_ipv6_addresses(clock: Clock) -> None:
    one = gate(clock, rates=replace(SLOW, burst=5))
    met_ = [spend(one, [], f"2001:db8:0:1::{number}", 1)[0] for number in range(6)]
    assert met_ == [None] * 5 + [RateLimitError]
    assert spend(one, [], "2001:db8:0:2::1", 1) == [None]


def test_this_machine_is_measured_only_where_settled(clock: Clock) -> None:
    free, held = gate(clock, rates=SLOW), gate(clock, rates=replace(SLOW, loopback=True))
    for peer in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"):
        assert set(spend(free, [], peer, 30)) == {None}
        assert RateLimitError in spend(held, [], peer, 30)


def test_a_forwarded_address_counts_from_a_trusted_proxy_alone(clock: Clock) -> None:
    named = [("x-forwarded-for", "127.0.0.1"), ("x-forwarded-for", "198.51.100.7")]
    plain = gate(clock, rates=SLOW)
    assert RateLimitError in spend(plain, [("x-forwarded-for", "127.0.0.1")], FAR, 30)
    behind = gate(clock, rates=SLOW, trusted_proxies=(read_network("10.0.0.1"),))
    assert RateLimitError in spend(behind, named, "10.0.0.1", 30)
    assert spend(behind, [("x-forwarded-for", "198.51.100.8")], "10.0.0.1", 1) == [None]
    assert behind.caller(named, "10.0.0.1", None).measure == "address:198.51.100.7"


@pytest.mark.parametrize("headers", [[("authorization", "Bearer guess")], []], ids=["guess", "nothing"])
def test_guessing_tokens_is_measured_too(clock: Clock, tokens: TokenRules, headers: list[tuple[str, str]]) -> None:
    one = gate(clock, rates=SLOW, tokens=tokens)
    statuses = [refused(one, headers, FAR, None).status for _ in range(12)]
    assert statuses == [401] * 10 + [429, 429]


def test_what_is_no_request_counts_as_one(clock: Clock) -> None:
    caller = gate(clock, rates=SLOW).caller([], FAR, None)
    for _ in range(10):
        caller.admit(None)
    assert caller.refusal() is None
    with pytest.raises(RateLimitError):
        caller.admit(None)
    told = caller.refusal()
    assert told is not None
    assert told.status == 429


def test_seconds_of_processors_count_as_the_requests_that_the_rate_lets_pass_in_them(clock: Clock) -> None:
    caller = gate(clock, rates=RateRules(requests_per_second=10.0, burst=50, weights={"eth_call": 2})).caller(
        [], FAR, None
    )
    caller.admit("eth_call")
    caller.charge(0.1)  # one request's time: its weight was more
    assert [caller.admit("net_version") for _ in range(48)] == [None] * 48
    with pytest.raises(RateLimitError):
        caller.admit("net_version")
    caller.charge(10.0)
    clock.seconds += 5.0
    with pytest.raises(RateLimitError, match="wait 1 s"):
        caller.admit("net_version")


def test_who_is_not_measured_takes_turns_as_a_connection_of_its_own(clock: Clock) -> None:
    far, near = (gate(clock).caller([], peer, None, f"connection:{peer}:1") for peer in (FAR, "127.0.0.1"))
    assert (far.name, near.name) == (f"address:{FAR}", "connection:127.0.0.1:1")
    near.charge(1_000.0)
    near.admit("eth_call")
