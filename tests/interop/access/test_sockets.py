"""The two Unix sockets: what each opens, to whom, and that `admin` is nowhere else."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from testamur_node.node import Node
from testamur_node.operations.initialise import initialise
from testamur_node.rpc.ipc import serve_socket
from testamur_node.rpc.limits import Limits
from testamur_node.rpc.server import dispatcher_for

from tests.interop.access.asking import call, exchange, post
from tests.interop.conftest import NodeProcess, node_command

ADMIN = ("admin_nodeInfo", "admin_peers", "admin_poolLimits")


@pytest.mark.parametrize("name", ["ipc", "admin"])
def test_both_sockets_are_closed_to_others(alliance: NodeProcess, name: str) -> None:
    assert Path(str(alliance.ready[name])).stat().st_mode & 0o177 == 0


def test_admin_is_on_its_own_socket(alliance: NodeProcess) -> None:
    admin, local = Path(str(alliance.ready["admin"])), Path(str(alliance.ready["ipc"]))
    assert exchange(admin, call("admin_nodeInfo"))["result"]["spec"] == "alliance"
    assert exchange(admin, call("rpc_modules"))["result"] == {"admin": "1.0", "rpc": "1.0"}
    assert exchange(admin, call("eth_chainId"))["error"]["code"] == -32601
    assert exchange(local, call("eth_chainId"))["result"] == "0x4f24"
    modules = exchange(local, call("rpc_modules"))["result"]
    assert set(modules) == {"eth", "net", "web3", "rpc", "testamur", "debug", "txpool"}


@pytest.mark.parametrize("method", [*ADMIN, "admin_noSuchThing"])
def test_admin_is_nowhere_else(alliance: NodeProcess, development: NodeProcess, method: str) -> None:
    expected = f"the method {method} does not exist/is not available"
    for node in (alliance, development):
        for answer in (post(node.rpc, call(method)).body, exchange(Path(str(node.ready["ipc"])), call(method))):
            assert answer["error"] == {"code": -32601, "message": expected}


def test_the_flag_cannot_open_admin_either_and_a_star_does_not(started: Callable[..., NodeProcess]) -> None:
    node = started("--dev", start_options=("--http-api", "*", "--admin-ipc", "none"))
    assert node.ready["admin"] is None
    assert post(node.rpc, call("debug_getRawBlock", "0x0")).status == 200
    assert post(node.rpc, call("debug_getRawBlock", "0x0")).code is None
    for method in ADMIN:
        assert post(node.rpc, call(method)).code == -32601
    assert "admin" not in post(node.rpc, call("rpc_modules")).body["result"]
    refused = node_command("start", "--home", node.home, "--http", "127.0.0.1:0", "--http-api", "eth,admin")
    assert refused.returncode == 2
    assert "admin socket alone" in refused.stderr


def test_status_and_doctor_ask_over_the_unix_socket(alliance: NodeProcess) -> None:
    told = json.loads(node_command("status", "--home", alliance.home, "--json").stdout)
    assert (told["rpc"], told["admin"]) == (alliance.rpc, alliance.ready["admin"])
    findings = json.loads(node_command("doctor", "--home", alliance.home, "--json").stdout)["findings"]
    assert {finding["name"]: finding["result"] for finding in findings}["process"] == "pass"


def test_the_kernel_says_who_has_connected(tmp_path: Path) -> None:
    """The file's mode is not the only guard: another user who can open it is refused by the kernel's word."""
    initialise(tmp_path / "home", engine="solo", alliance=None, chain_id=None, is_development=True)
    node = Node.open(tmp_path / "home", time.time_ns)

    async def asked(users: set[int]) -> Any:
        dispatcher = dispatcher_for(node, ["admin"], Limits())
        server = await serve_socket(tmp_path / "ipc", dispatcher, ThreadPoolExecutor(4), users)
        try:
            return await asyncio.to_thread(exchange, tmp_path / "ipc", call("admin_peers"))
        finally:
            server.close()
            while len(asyncio.all_tasks()) > 1:  # the server's side of the connection is still ending
                await asyncio.sleep(0.01)

    try:
        assert asyncio.run(asked({os.geteuid()}))["result"] == []
        refused = asyncio.run(asked({os.geteuid() + 1, os.geteuid() + 2}))
    finally:
        node.close()
    assert refused["error"]["code"] == -40100
    assert refused["id"] is None
