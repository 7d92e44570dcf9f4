"""A running node's numbers, scraped: they are there, they move with what happens, and nobody can make up labels."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from eth_account import Account
from prometheus_client.parser import text_string_to_metric_families
from testamur_node.operations.doctor import examine
from testamur_node.operations.initialise import initialise

from tests.interop.access.asking import call, exchange, post
from tests.interop.conftest import NodeProcess, make_home, node_command


@pytest.fixture(scope="module")
def node(started: Callable[..., NodeProcess]) -> NodeProcess:
    """A development node with metrics, and calls that end after a fifth of a second."""
    return started(
        "--dev", start_options=("--metrics", "127.0.0.1:0", "--http-api", "eth,net"),
        settings="[limits]\ncall_seconds = 0.2\ncall_gas = 1000000000\n",
    )  # fmt: skip


Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(node: NodeProcess) -> Samples:
    """Every sample by name and labels, as Prometheus reads them."""
    with urllib.request.urlopen(str(node.ready["metrics"]), timeout=60) as response:
        assert response.headers["content-type"].startswith("text/plain; version=")
        text = response.read().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((f"testamur_node_{name}", tuple(sorted(labels.items()))), 0.0)


def test_the_numbers_of_the_chain_move_with_a_block(node: NodeProcess) -> None:
    before = scraped(node)
    w3, sender = node.web3(), Account.create()
    fields = {"chainId": 20260, "gas": 100_000, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "value": 0,
              "data": "0x60005fa000"}  # fmt: skip
    hash_ = w3.eth.send_raw_transaction(sender.sign_transaction({**fields, "nonce": 0}).raw_transaction)
    receipt = w3.eth.wait_for_transaction_receipt(hash_, timeout=60)
    after = scraped(node)
    rises = {
        "height": 1, "transactions_total": 1, "gas_total": receipt["gasUsed"], "block_execution_seconds_count": 1,
        "block_commit_seconds_count": 1,
    }  # fmt: skip
    assert {name: value(after, name) - value(before, name) for name in rises} == rises
    assert value(after, "block_execution_seconds_sum") > value(before, "block_execution_seconds_sum")
    assert value(after, "store_bytes") > 0
    assert value(after, "ready") == 1
    assert abs(value(after, "block_age_seconds")) < 3_600
    assert after[("process_resident_memory_bytes", ())] > 10_000_000
    w3.eth.send_raw_transaction(sender.sign_transaction({**fields, "nonce": 7}).raw_transaction)
    waiting = scraped(node)
    assert value(waiting, "pool_transactions", state="queued") == 1
    assert value(waiting, "pool_transactions", state="pending") == 0
    assert value(waiting, "pool_bytes") > 0


def test_a_request_counts_by_method_and_outcome(node: NodeProcess) -> None:
    before = scraped(node)
    post(node.rpc, [call("eth_chainId"), call("eth_chainId"), call("eth_getBalance", "0x1")])
    exchange_path = node.home / "node.ipc"
    exchange(exchange_path, call("eth_chainId"))
    after = scraped(node)

    def risen(method: str, outcome: str) -> float:
        labels = {"method": method, "outcome": outcome}
        return value(after, "rpc_requests_total", **labels) - value(before, "rpc_requests_total", **labels)

    assert risen("eth_chainId", "ok") == 3
    assert risen("eth_getBalance", "error") == 1
    assert value(after, "rpc_seconds_count", method="eth_chainId") >= 3


def test_an_invented_method_makes_no_label(node: NodeProcess) -> None:
    before = scraped(node)
    for number in range(20):
        post(node.rpc, call(f"eth_invented{number}"))
    post(node.rpc, call('eth_"\n}'))
    after = scraped(node)
    labels = {"method": "other", "outcome": "not_found"}
    assert value(after, "rpc_requests_total", **labels) - value(before, "rpc_requests_total", **labels) == 21
    assert "invented" not in str(sorted(after))


def test_a_call_that_is_killed_is_counted(node: NodeProcess) -> None:
    before = scraped(node)
    loop = {"to": None, "data": "0x5b600056", "gas": hex(900_000_000)}  # JUMPDEST, PUSH1 0, JUMP: for ever
    answer = post(node.rpc, call("eth_call", loop, "latest"))
    assert "timeout" in answer.body["error"]["message"]
    after = scraped(node)
    labels = {"method": "eth_call", "outcome": "killed"}
    assert value(after, "rpc_requests_total", **labels) - value(before, "rpc_requests_total", **labels) == 1


@pytest.mark.parametrize("listener", ["metrics", "rpc"])
def test_supervisors_ask_both_listeners_whether_the_node_works(node: NodeProcess, listener: str) -> None:
    base = str(node.ready[listener]).removesuffix("/metrics")
    with urllib.request.urlopen(f"{base}/healthz", timeout=60) as response:
        assert set(json.load(response)) == {"height", "hash", "time"}
    with urllib.request.urlopen(f"{base}/readyz", timeout=60) as response:
        assert json.load(response)["ready"] is True


def test_the_metrics_listener_answers_nothing_else(node: NodeProcess) -> None:
    base = str(node.ready["metrics"]).removesuffix("/metrics")
    assert post(base, call("eth_chainId")).status == 404
    assert post(f"{base}", call("eth_chainId"), host="evil.example").status == 403
    for path, status in (("/", 404), ("/metrics/../admin", 404)):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(base + path, timeout=60)
        assert refused.value.code == status
        refused.value.close()


def test_the_numbers_are_not_on_the_listener_of_the_chain(node: NodeProcess) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{node.rpc}/metrics", timeout=60)
    assert refused.value.code == 405
    refused.value.close()


def test_the_doctor_warns_of_a_proxy_whose_callers_nothing_bounds(tmp_path: Path) -> None:
    """They all seem to come from this machine, whose own programs are not measured."""
    initialise(tmp_path / "home", engine="solo", alliance=None, chain_id=None, is_development=True)
    settings = tmp_path / "home" / "node.toml"
    for text, result in (
        ("", "pass"),
        ('[rpc]\nhosts = ["node.example"]\n', "warn"),
        ('[rpc]\nhosts = ["node.example"]\ntrusted_proxies = ["127.0.0.1"]\n', "pass"),
        ('[rpc]\nhosts = ["node.example"]\n[rates]\nloopback = true\n', "pass"),
    ):
        settings.write_text(text, encoding="utf-8")
        found = next(finding for finding in examine(tmp_path / "home") if finding.name == "settings")
        assert (found.result, "node.example" in found.message) == (result, result == "warn")


def test_the_doctor_warns_of_metrics_that_others_reach(tmp_path: Path) -> None:
    make_home(tmp_path / "home", "--dev")
    settings = tmp_path / "home" / "node.toml"
    for address, result in (("127.0.0.1:9545", "pass"), ("[::1]:9545", "pass"), ("0.0.0.0:9545", "warn")):
        settings.write_text(f'[rpc]\nmetrics = "{address}"\n', encoding="utf-8")
        said = node_command("doctor", "--home", tmp_path / "home", "--json").stdout
        found = {finding["name"]: finding for finding in json.loads(said)["findings"]}["settings"]
        assert (found["result"], "plain HTTP" in found["message"]) == (result, result == "warn")
