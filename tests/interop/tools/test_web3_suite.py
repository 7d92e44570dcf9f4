"""web3.py's own suite for nodes, `web3._utils.module_testing`, of 7.16 and of 8, each from its own environment.

A development chain with fees and blocks of three seconds, as geth runs under it; tests/web3suite holds its fixtures and
names the tests that cannot pass. Every module gets a node of its own, and all run at once: they wait more than they
work.
"""

import os
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
from testamur_node.chain.development import development_accounts

from tests.interop.conftest import NodeProcess
from tests.tooling import ROOT, WEB3

pytestmark = [pytest.mark.tool, pytest.mark.timeout(600)]

SUITE = ROOT / "tests" / "web3suite"
MODULES = ("http", "async_http", "websocket", "ipc", "geth")
OTHER_TRANSPORTS = {7: ("sync_ipc", "legacy_websocket", "async_websocket"), 8: ("sync_ipc", "async_websocket")}
"""The same tests over what web3.py speaks beside HTTP."""
CHAIN_ID = 131277322940537
"""The suite compares with it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one module of the suite came to."""

    output: str
    exit_code: int
    passed: int
    total: int
    failed: tuple[str, ...]
    """Names of the tests that did not pass."""


@pytest.fixture(scope="module", params=WEB3, ids=[f"web3-{version}" for version in WEB3])
def version(request: pytest.FixtureRequest) -> int:
    """web3.py's major version."""
    found: int = request.param
    return found


@pytest.fixture(scope="module")
def outcomes(
    version: int, started: Callable[..., NodeProcess], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Outcome]:
    """The outcome of each module."""
    return outcomes_of(version, MODULES, started, tmp_path_factory.mktemp("web3suite"))


def outcomes_of(
    version: int, modules: Iterable[str], started: Callable[..., NodeProcess], folder: Path
) -> dict[str, Outcome]:
    """Run some modules at once, each against a node of its own."""
    running = {}
    for module in modules:
        node = started(
            *("--dev", "--base-fee", str(10**9), "--chain-id", str(CHAIN_ID)),
            start_options=("--ws", "127.0.0.1:0", "--block-time", "3", "--http-api", "eth,net,web3,debug,txpool"),
        )
        running[module] = node, begin(version, module, node, folder)
    found = {}
    for module, (node, process) in running.items():
        output, _ = process.communicate(timeout=400)
        node.stop()
        found[module] = judge(output, process.returncode, folder / f"{module}.xml")
    return found


def begin(version: int, module: str, node: NodeProcess, folder: Path) -> subprocess.Popen[str]:
    """Start one module of the suite against a node."""
    key = next(iter(development_accounts().values()))
    addresses = {"RPC": node.rpc, "WS": str(node.ready["ws"]), "IPC": str(node.ready["ipc"])}
    return subprocess.Popen(
        [
            *(WEB3[version], "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"),
            *(f"test_{module}.py", f"--junitxml={folder / module}.xml"),
        ],
        cwd=SUITE,
        env={**os.environ, **addresses, "KEY": "0x" + key.hex(), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def judge(output: str, exit_code: int, report: Path) -> Outcome:
    """Read the report that pytest wrote."""
    assert report.exists(), output
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    failed = [case for case in cases if any(child.tag in ("failure", "error", "skipped") for child in case)]
    names = tuple(f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}" for case in failed)
    return Outcome(output, exit_code, len(cases) - len(failed), len(cases), names)


def test_the_suite_passes_but_for_what_no_node_can_pass(
    version: int, outcomes: dict[str, Outcome], record_property: Callable[[str, object], None]
) -> None:
    synchronous, asynchronous = outcomes["http"], outcomes["async_http"]
    assert synchronous.exit_code == 0, synchronous.output
    assert asynchronous.exit_code == 0, asynchronous.output
    passed, total = synchronous.passed + asynchronous.passed, synchronous.total + asynchronous.total
    record_property(f"web3.py {version}", f"{passed} of {total}")
    assert (passed, total) == {7: (445, 452), 8: (441, 448)}[version]
    assert len(synchronous.failed) == 2
    assert len(asynchronous.failed) == 5


@pytest.mark.parametrize("module", ["websocket", "ipc"])
def test_providers_that_keep_their_connection_are_told_what_happens(module: str, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[module]
    assert outcome.exit_code == 0, outcome.output
    assert (outcome.passed, outcome.total) == (23, 23)


def test_what_geth_has_beside_eth_passes(outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes["geth"]
    assert outcome.exit_code == 0, outcome.output
    assert (outcome.passed, outcome.total) == (14, 14)


@pytest.mark.slow
def test_the_same_passes_over_every_transport(
    version: int, started: Callable[..., NodeProcess], tmp_path: Path
) -> None:
    for outcome in outcomes_of(version, OTHER_TRANSPORTS[version], started, tmp_path).values():
        assert outcome.exit_code == 0, outcome.output
        assert outcome.total > 170
