"""The node beside go-ethereum on one chain: generated requests of every kind, answered alike by the comparison rule.

geth first proves itself on the recorded conversations, so that a wrong set-up cannot pass. What the two may differ in
stands in docs/rpc.md, and in `KNOWN`. CI runs a fixed sample, `--slow` the full family.
"""

import json
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.interop.comparing import Request, differences, shape, without_messages
from tests.interop.conftest import NodeProcess, node_command, start_node
from tests.interop.conversations import conversations
from tests.interop.tools.oracle import calling, edges, malformed, programs, reading, sending, simulating, tracing
from tests.interop.tools.oracle.chain import Chain, read_chain
from tests.interop.tools.oracle.geth import Http, started_geth

pytestmark = [pytest.mark.tool, pytest.mark.timeout(1800)]

HEAD = 45
KNOWN = frozenset({"eth_protocolVersion", "eth_coinbase", "eth_mining", "eth_hashrate"})
"""Methods that tools still ask and geth has dropped."""
Family = Callable[[Chain, Random, int], Iterable[Request]]
FAMILIES: dict[str, tuple[Family, int, int]] = {
    "blocks": (lambda chain, chance, count: reading.blocks(chain), 0, 0),
    "accounts": (reading.accounts, 100, 5_000),
    "proofs": (reading.proofs, 100, 3_000),
    "logs": (reading.logs, 150, 5_000),
    "fees": (reading.fees, 50, 1_000),
    "identity": (lambda chain, chance, count: reading.identity(), 0, 0),
    "malformed": (lambda chain, chance, count: malformed.malformed(chain), 0, 0),
    "calls": (calling.calls, 300, 20_000),
    "simulations": (simulating.simulations, 300, 10_000),
    "simulations at the edges": (edges.simulated_edges, 200, 5_000),
    "calls at the edges": (edges.called_edges, 200, 10_000),
    "traced calls at the edges": (edges.traced_edges, 200, 5_000),
    "traces": (tracing.traces, 50, 1_000),
    "traced calls": (tracing.trace_calls, 300, 10_000),
    "programs": (programs.programs, 200, 3_000),
    "sent": (sending.sent, 60, 500),
    "filled": (sending.filled, 100, 2_000),
}
"""How each family is made, and how many it makes in CI and with `--slow`, beside those that it always makes."""


class Ipc:
    """Our node behind its Unix socket."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(120)
        self._socket.connect(path)
        self._lines = self._socket.makefile("rb")

    def ask(self, requests: Sequence[Request]) -> list[dict[str, Any]]:
        """The answers to one batch, in order."""
        bodies = [
            {"jsonrpc": "2.0", "id": number, "method": request.method, "params": request.parameters}
            for number, request in enumerate(requests)
        ]
        self._socket.sendall(json.dumps(bodies).encode() + b"\n")
        answers: list[dict[str, Any]] = json.loads(self._lines.readline())
        return answers

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


@pytest.fixture(scope="module")
def geth(tmp_path_factory: pytest.TempPathFactory, vectors: Path) -> Iterator[Http]:
    with started_geth(tmp_path_factory.mktemp("geth"), vectors / "rpc-compat") as node:
        yield node


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, vectors: Path) -> Iterator[NodeProcess]:
    home, folder = tmp_path_factory.mktemp("n") / "home", vectors / "rpc-compat"
    done = node_command(
        *("import-chain", "--home", home, "--genesis", folder / "genesis.json", "--blocks", folder / "chain.rlp")
    )
    assert done.returncode == 0, done.stderr
    node = start_node(home)
    yield node
    assert node.stop() == 0


@pytest.fixture(scope="module")
def ours(imported: NodeProcess) -> Iterator[Ipc]:
    peer = Ipc(str(imported.ready["ipc"]))
    yield peer
    peer.close()


@pytest.fixture(scope="module")
def chain(geth: Http, vectors: Path) -> Chain:
    """What the oracle holds; it has proved itself before anything is compared with it."""
    for conversation in conversations(vectors):
        if "sendRaw" in conversation.name:
            continue  # what is pending must stay empty for what follows
        view = shape if conversation.is_shape_only else without_messages
        for request, recorded in conversation.exchanges:
            assert view(geth.post(request.encode())) == view(recorded), f"geth itself differs on {conversation.name}"
    genesis = json.loads((vectors / "rpc-compat" / "genesis.json").read_text(encoding="utf-8"))
    return read_chain(geth, genesis, HEAD)


@pytest.mark.parametrize("family", FAMILIES)
def test_geth_and_the_node_answer_alike(family: str, chain: Chain, ours: Ipc, geth: Http, is_slow: bool) -> None:
    make, few, many = FAMILIES[family]
    seeds = range(3) if is_slow and many else (0,)
    requests = [request for seed in seeds for request in make(chain, Random(seed), many if is_slow else few)]
    asked = [request for request in requests if request.method not in KNOWN]
    found = list(differences(asked, ours, geth))
    assert len(asked) > 50
    assert not found, f"{len(found)} of {len(asked)} differ\n" + "\n".join(str(item) for item in found[:10])


def test_the_comparison_sees_a_single_wrong_digit(chain: Chain, geth: Http) -> None:
    class Liar:
        def ask(self, requests: Sequence[Request]) -> list[dict[str, Any]]:
            answers = geth.ask(requests)
            answers[-1]["result"] = hex(int(answers[-1]["result"], 16) + 1)
            return answers

    request = Request("eth_getBalance", [chain.accounts[0], "latest"])
    assert list(differences([request], geth, geth)) == []
    assert [item.request for item in differences([request], Liar(), geth)] == [request]
