"""Brownie from its own environment: compile, test, console and the scripts, on our node and on an anvil.

Everything brownie keeps for a user (networks, compilers, deployments) lies in a home made for the test.
"""

import json
import os
import re
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from testamur.artifacts import CONTRACTS, artifact

from tests.interop.conftest import NodeProcess
from tests.interop.tools.conftest import genesis_address
from tests.tooling import BROWNIE, ROOT, output_of, with_foundry

pytestmark = [pytest.mark.tool, pytest.mark.timeout(500)]


@dataclass(frozen=True, slots=True)
class Brownie:
    """Brownie on a copy of the repository, where it also keeps what it deployed on each chain id."""

    home: Path
    project: Path

    def __call__(self, *arguments: object) -> str:
        return output_of(
            BROWNIE / "brownie", *arguments, cwd=self.project, environment=self.environment, timeout_seconds=400
        )

    def typed(self, text: str, *arguments: str) -> str:
        """What it says when that is typed into it."""
        done = subprocess.run(
            [BROWNIE / "brownie", *arguments],
            cwd=self.project,
            env={**os.environ, **self.environment},
            input=text,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        return done.stdout + done.stderr

    @property
    def environment(self) -> dict[str, str]:
        return {
            **with_foundry(),
            "HOME": str(self.home),
            "SOLCX_BINARY_PATH": str(self.home / "solcx"),
            "ETH_HASH_BACKEND": "pysha3",
            "PYTHONUTF8": "1",
        }


def make_brownie(folder: Path, built: Path | None) -> Brownie:
    """A home and a project of its own; `built` is where the contracts are compiled already."""
    brownie = Brownie(folder / "home", folder / "project")
    (brownie.home / "solcx").mkdir(parents=True)
    (brownie.home / "solcx" / "solc-v0.8.30").symlink_to(ROOT / "tools" / "solc")
    for name in ("contracts", "scripts", "tests/brownie"):
        shutil.copytree(ROOT / name, brownie.project / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "brownie-config.yaml", brownie.project)
    (brownie.project / "node_modules").symlink_to(ROOT / "node_modules")
    if built is not None:
        shutil.copytree(built, brownie.project / ".brownie")
    return brownie


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build folder of a project that brownie compiled."""
    brownie = make_brownie(tmp_path_factory.mktemp("brownie"), None)
    brownie("compile")
    return brownie.project / ".brownie"


@pytest.fixture
def on_node(development: NodeProcess, compiled: Path, tmp_path: Path) -> Brownie:
    """A brownie that knows a development chain of ours, as the comment of brownie-config.yaml enters it."""
    brownie = make_brownie(tmp_path, compiled)
    (line,) = re.findall(r"^# +brownie (networks add .*)$", (ROOT / "brownie-config.yaml").read_text(), re.MULTILINE)
    brownie(*line.replace("http://127.0.0.1:8545", development.rpc).split())
    return brownie


@pytest.fixture
def on_own_anvil(compiled: Path, tmp_path: Path) -> Brownie:
    """A brownie whose network `development` is an anvil that it starts itself."""
    brownie = make_brownie(tmp_path, compiled)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    brownie("networks", "modify", "development", f"port={port}")
    return brownie


@pytest.fixture
def on_running_anvil(anvil: str, compiled: Path, tmp_path: Path) -> Brownie:
    """A brownie whose network `development` is the anvil that runs already, with fees."""
    brownie = make_brownie(tmp_path, compiled)
    brownie("networks", "modify", "development", f"port={urlsplit(anvil).port}")
    return brownie


def test_brownie_compiles_the_same_interfaces(compiled: Path) -> None:
    for name in CONTRACTS:
        built = json.loads((compiled / "contracts" / f"{name}.json").read_text(encoding="utf-8"))
        ours = {json.dumps(entry, sort_keys=True) for entry in artifact(name).abi}
        assert {json.dumps(entry, sort_keys=True) for entry in built["abi"]} == ours


def test_brownie_tests_pass_on_our_node(on_node: Brownie) -> None:
    assert re.search(r"\b5 passed", on_node("test", "tests/brownie", "--network", "testamur"))


def test_brownie_tests_pass_on_an_anvil(on_own_anvil: Brownie) -> None:
    assert re.search(r"\b5 passed", on_own_anvil("test", "tests/brownie", "--network", "development"))


SESSION = """
me = accounts.add()
made = QualificationFrameworks.deploy(me, me, {"from": me})
print("deployed", made.address == made.tx.contract_address, made.tx.status == 1, me.nonce)
print("reads", made.alliance() == me, int(made.crosswalkCount()))
"""


@pytest.mark.parametrize("network", ["testamur", "development"])
def test_a_console_session_deploys_and_reads(network: str, request: pytest.FixtureRequest) -> None:
    brownie: Brownie = request.getfixturevalue("on_node" if network == "testamur" else "on_own_anvil")
    said = brownie.typed(SESSION, "console", "--network", network)
    assert "deployed True True 1" in said, said
    assert "reads True 0" in said, said


def test_a_console_session_reads_our_alliance(on_node: Brownie) -> None:
    # brownie 1.22 cannot keep a contract of a live network in its own database: persist=False
    typed = f'print("members", len(Alliance.at("{genesis_address("Alliance")}", persist=False).members()))\n'
    assert "members 2" in on_node.typed(typed, "console", "--network", "testamur")


def test_the_scripts_run_on_a_strangers_chain(on_running_anvil: Brownie, tmp_path: Path) -> None:
    folder = tmp_path / "deployment"

    def run(script: str, *arguments: object) -> str:
        return on_running_anvil("run", script, "main", folder, *arguments, "--network", "development")

    assert "trust rpc" in run("deploy")
    assert "members (1, 2)" in run("alliance").replace("[1, 2]", "(1, 2)")
    issued = run("issue", folder / "issued")
    assert "valid ok, trust rpc" in issued
    bundle = min((folder / "issued" / "bundles").glob("*.json"))
    assert "invalid revoked, trust rpc" in run("revoke", 1, bundle)
    audited = run("audit")
    assert "1 revoked, 0 suspended" in audited
    assert "complete:" in audited


def test_the_scripts_run_by_themselves_on_our_alliance(governed: NodeProcess, tmp_path: Path) -> None:
    home = governed.home
    environment = {"TESTAMUR_RPC": governed.rpc, "TESTAMUR_PROFILE": str(home)}

    def run(script: str, *arguments: object) -> str:
        return output_of(BROWNIE / "python", f"scripts/{script}.py", *arguments, environment=environment)

    prepared = run("alliance")
    assert "proposals 5" in prepared
    assert "policy fingerprint" in prepared
    assert "valid ok, trust single-signer" in run("issue", home, tmp_path / "issued")
    bundle = min((tmp_path / "issued" / "bundles").glob("*.json"))
    assert "invalid revoked, trust single-signer" in run("revoke", home, 1, bundle)
    assert "complete:" in run("audit")


def test_the_suite_is_not_deployed_over_one_from_genesis(governed: NodeProcess, tmp_path: Path) -> None:
    done = subprocess.run(
        [BROWNIE / "python", "scripts/deploy.py", str(tmp_path / "second")],
        cwd=ROOT,
        env={**os.environ, "TESTAMUR_RPC": governed.rpc},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1
    assert "has the suite from genesis" in done.stderr
    assert not (tmp_path / "second").exists()
