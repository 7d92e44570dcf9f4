"""Whose request it is: the connection's address, or what a trusted proxy says."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testamur_node.rpc.access.addresses import NetworkError, client_address, rate_group, read_network

PROXIES = (read_network("10.0.0.0/24"), read_network("fd00::1"))
ADDRESSES = st.ip_addresses().map(str)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.2.3.4", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.2.3.4, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["1.2.3.4, 10.0.0.3, 10.0.0.2"], "1.2.3.4"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("fd00::1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("fd00::2", ["2001:db8::7"], "fd00::2"),
        ("10.0.0.1", ["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, 10.0.0.2, _hidden"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, "], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
    ],
)
def test_the_nearest_address_that_is_no_proxy_counts(peer: str, forwarded: list[str], client: str) -> None:
    assert str(client_address(peer, forwarded, PROXIES)) == client


def test_who_has_no_address_has_none() -> None:
    assert client_address("", ["1.2.3.4"], PROXIES) is None


@given(ADDRESSES, st.lists(st.text(max_size=30) | ADDRESSES, max_size=5))
def test_nothing_that_a_stranger_writes_changes_whose_request_it_is(peer: str, forwarded: list[str]) -> None:
    address = client_address(peer, (), ())
    assert client_address(peer, forwarded, ()) == address
    if not any(address in network for network in PROXIES):
        assert client_address(peer, forwarded, PROXIES) == address


@given(st.lists(st.text(max_size=30) | ADDRESSES, max_size=5), ADDRESSES)
def test_whatever_a_client_writes_the_proxys_own_entry_counts(written: list[str], client: str) -> None:
    forwarded = [", ".join([*written, client])]
    found = client_address("10.0.0.1", forwarded, PROXIES)
    own = client_address(client, (), ())
    assert found == own or any(own in network for network in PROXIES)


def test_an_ipv6_subscriber_has_one_measure_and_an_ipv4_address_its_own() -> None:
    groups = [rate_group(ipaddress.ip_address(text)) for text in ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2")]
    assert set(groups) == {"2001:db8:0:1::/64"}
    assert rate_group(ipaddress.ip_address("2001:db8:0:2::1")) not in groups
    assert rate_group(ipaddress.ip_address("203.0.113.9")) != rate_group(ipaddress.ip_address("203.0.113.8"))


@pytest.mark.parametrize("text", ["", "10.0.0.0/33", "10.0.0.1/24", "proxy.example", "*", "10.0.0"])
def test_what_is_no_network_is_refused(text: str) -> None:
    assert read_network("10.0.0.7").num_addresses == 1
    with pytest.raises(NetworkError, match="address or network"):
        read_network(text)
