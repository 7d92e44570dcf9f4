"""The node as a process: ready line, signals, second starts, dead starts, and what survives a kill."""

import json
import signal
import socket
from pathlib import Path

import pytest
from eth_account import Account
from testamur_node.operations.doctor import examine

from tests.interop.conftest import NodeProcess, make_home, node_command, start_node


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A made home of a development chain."""
    make_home(tmp_path / "home", "--dev")
    return tmp_path / "home"


def submit(node: NodeProcess) -> str:
    """Send a transaction and wait until a block holds it; its hash."""
    w3 = node.web3()
    sender = Account.create()
    fields = {
        "chainId": w3.eth.chain_id, "nonce": 0, "gas": 21_000, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "value": 0,
        "to": "0x" + "11" * 20,
    }  # fmt: skip
    hash_ = w3.eth.send_raw_transaction(sender.sign_transaction(fields).raw_transaction)
    w3.eth.wait_for_transaction_receipt(hash_, timeout=60)
    return hash_.to_0x_hex()


def test_init_writes_the_reference_alliance(tmp_path: Path) -> None:
    made = make_home(tmp_path / "home", "--chain-id", "777")
    names = {path.name for path in (tmp_path / "home").iterdir()}
    assert {"alliance.toml", "genesis.json", "keys", "testamur.toml", "node.toml"} <= names
    assert made["chainId"] == 777
    assert made["members"] == ["成都开放大学", "电子科技大学"]
    assert (tmp_path / "home" / "keys" / "password").stat().st_mode & 0o077 == 0
    assert len(list((tmp_path / "home" / "keys").glob("*.json"))) == 12


def test_two_homes_of_one_alliance_have_one_genesis(tmp_path: Path) -> None:
    first = make_home(tmp_path / "first")
    second = make_home(tmp_path / "second", "--alliance", str(tmp_path / "first" / "alliance.toml"))
    assert first["genesisHash"] == second["genesisHash"]
    assert first["validatorKey"] != second["validatorKey"]
    other = make_home(tmp_path / "other", "--alliance", str(tmp_path / "first" / "alliance.toml"), "--chain-id", "5")
    assert other["chainId"] == 5


def test_init_refuses_a_folder_that_holds_something(home: Path) -> None:
    before = (home / "genesis.json").read_bytes()
    again = node_command("init", "--home", home)
    assert again.returncode == 2
    assert "is not empty" in again.stderr
    assert (home / "genesis.json").read_bytes() == before


def test_init_refuses_an_alliance_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "alliance.toml").write_text("version = 1\nchain_id = 5\n", encoding="utf-8")
    made = node_command("init", "--home", tmp_path / "home", "--alliance", tmp_path / "alliance.toml")
    assert made.returncode == 2
    assert "Traceback" not in made.stderr
    assert not (tmp_path / "home").exists()


def test_init_refuses_fees_on_an_alliances_chain(tmp_path: Path) -> None:
    made = node_command("init", "--home", tmp_path / "home", "--base-fee", "1")
    assert made.returncode == 2
    assert "say --base-fee with --dev alone" in made.stderr
    assert not (tmp_path / "home").exists()


def test_a_node_ends_with_0_on_sigterm_and_goes_on_where_it_was(home: Path) -> None:
    node = start_node(home)
    assert node.ready["chainId"] == 20260
    assert node.ready["pid"] == node.process.pid
    hash_ = submit(node)
    height = node.web3().eth.block_number
    assert node.stop() == 0
    assert node_command("status", "--home", home).returncode == 7
    again = start_node(home)
    assert again.web3().eth.block_number >= height
    assert again.web3().eth.get_transaction_receipt(hash_)["status"] == 1  # type: ignore[arg-type]
    assert again.stop(signal.SIGINT) == 0


def test_a_killed_node_has_lost_nothing_it_acknowledged(home: Path) -> None:
    node = start_node(home)
    hash_ = submit(node)
    node.stop(signal.SIGKILL)
    again = start_node(home)
    assert again.web3().eth.get_transaction_receipt(hash_)["status"] == 1  # type: ignore[arg-type]
    assert again.stop() == 0


def test_a_second_node_on_the_same_home_is_refused(home: Path) -> None:
    node = start_node(home)
    second = node_command("start", "--home", home, "--http", "127.0.0.1:0", "--json")
    assert second.returncode != 0
    assert "in use by another process" in second.stderr
    assert "Traceback" not in second.stderr
    assert second.stdout == ""
    assert json.loads(second.stderr)["advice"] == "stop the other node first"
    assert node.web3().eth.chain_id == 20260
    assert node.stop() == 0


def test_a_taken_port_is_told(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        started = node_command("start", "--home", home, "--http", f"127.0.0.1:{taken.getsockname()[1]}")
    assert started.returncode == 2
    assert "cannot listen" in started.stderr
    assert "Traceback" not in started.stderr


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--http", "nowhere", "HOST:PORT"), ("--http-api", "eth,nothing", "no namespace"),
        ("--block-time", "soon", "block time"), ("--block-time", "-1", "block time"),
        ("--log-level", "loud", "log level"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_told(home: Path, option: str, value: str, reason: str) -> None:
    started = node_command("start", "--home", home, "--http", "127.0.0.1:0", option, value)
    assert started.returncode == 2
    assert reason in started.stderr
    assert "Traceback" not in started.stderr


def test_a_home_that_was_never_made_is_told(tmp_path: Path) -> None:
    started = node_command("start", "--home", tmp_path / "nothing")
    assert started.returncode in (1, 2)
    assert "init" in started.stderr
    assert "Traceback" not in started.stderr


def test_settings_come_from_the_file_and_flags_win(home: Path) -> None:
    (home / "node.toml").write_text(
        '[rpc]\nhttp = "none"\nws = "127.0.0.1:0"\napi = ["eth", "debug"]\n', encoding="utf-8"
    )
    node = start_node(home)
    assert str(node.ready["ws"]).startswith("ws://127.0.0.1:")
    modules = node.web3().provider.make_request("rpc_modules", [])["result"]  # type: ignore[arg-type]
    assert {"eth", "debug"} <= set(modules)
    assert "net" not in modules
    assert node.stop() == 0
    (home / "node.toml").write_text("[rpc]\nhtpp = 5\n", encoding="utf-8")
    refused = node_command("start", "--home", home)
    assert refused.returncode == 2
    assert "htpp" in refused.stderr


def told_of_settings(home: Path) -> str:
    """What `doctor` says of where a node listens."""
    return next(finding.message for finding in examine(home) if finding.name == "settings")


def test_status_and_doctor_tell_of_a_running_node(home: Path) -> None:
    node = start_node(home)
    submit(node)
    status = json.loads(node_command("status", "--home", home, "--json").stdout)
    assert status["height"] == node.web3().eth.block_number
    assert status["pid"] == node.process.pid
    assert status["pool"] == {"pending": 0, "queued": 0}
    w3 = node.web3()
    queued = Account.create().sign_transaction(
        {"chainId": w3.eth.chain_id, "nonce": 4, "gas": 21_000, "gasPrice": 0, "value": 0, "to": "0x" + "11" * 20}
    )
    w3.eth.send_raw_transaction(queued.raw_transaction)
    assert "0 pending and 1 queued" in node_command("status", "--home", home).stdout
    doctor = node_command("doctor", "--home", home, "--json")
    findings = {finding["name"]: finding["result"] for finding in json.loads(doctor.stdout)["findings"]}
    assert doctor.returncode == 0
    assert findings["genesis"] == findings["process"] == findings["home"] == "pass"
    place = node.rpc.removeprefix("http://")
    assert told_of_settings(home) == f"HTTP {place}, WebSocket none: this machine alone", "not node.toml's"
    assert node.stop() == 0
    assert told_of_settings(home) == "HTTP 127.0.0.1:8545, WebSocket none: this machine alone"
    (home / "keys" / "password").chmod(0o644)
    (home / "engine" / "priv_validator_key.json").chmod(0o604)
    again = start_node(home, "--ipc", "none", "--http", "localhost:0", "--log-level", "warning")
    assert json.loads(node_command("status", "--home", home, "--json").stdout)["pool"] is None
    port = again.rpc.rpartition(":")[2]
    assert told_of_settings(home) == f"HTTP localhost:{port}, WebSocket none: this machine alone"
    again.process.terminate()
    _, log = again.process.communicate(timeout=60)
    assert again.process.returncode == 0
    assert "engine/priv_validator_key.json, keys/password can be read by others: chmod 600" in log


def test_doctor_finds_a_key_that_others_can_read(home: Path) -> None:
    (home / "keys" / "password").chmod(0o644)
    doctor = node_command("doctor", "--home", home)
    assert doctor.returncode == 1
    assert "chmod 600" in doctor.stdout


def test_every_command_has_help_with_an_example() -> None:
    commands = (
        "init", "start", "status", "doctor", "import-chain", "import", "export", "backup", "restore", "verify-db",
        "prune", "compact", "rollback", "aside",
    )  # fmt: skip
    for arguments in ((), *((command,) for command in commands)):
        shown = node_command(*arguments, "--help")
        assert shown.returncode == 0
        assert "$ testamur-node" in shown.stdout


def test_help_does_not_import_what_is_slow() -> None:
    import subprocess
    import sys

    program = "import sys; import testamur_node.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"eth", "web3", "uvicorn", "lmdb", "rich", "cryptography"} & set(loaded)
