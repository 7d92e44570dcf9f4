"""Registry-like transactions (44k gas: a fresh slot and a log) through JSON-RPC into durable blocks, against py-evm.

./run bench node [TRANSACTIONS]

The node is a process of its own with its disk and its signatures; the floor is py-evm's own `mine_all` in memory,
without
RPC and disk, measured before and after in this process, so that a busy machine slows both alike.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from testamur_node.chain.rules import DEVELOPMENT  # noqa: E402 - the path above makes the tests' ground importable
from testamur_node.chain.transaction import created_address  # noqa: E402 - as above

from tests.node.founding import ADDRESSES, CHAIN_ID, STORING_CODE, creating, make_home, raw, word  # noqa: E402 - as above

_BATCH = 100
_BLOCK = 500
_START = "from testamur_node.cli import main; main()"


def transactions(count: int) -> list[bytes]:
    """One creation, then `count` calls that each write a fresh slot, of ten senders in turn."""
    contract = created_address(ADDRESSES[0], 0)
    calls = []
    for index in range(count):
        sender, nonce = index % 10, index // 10 + (index % 10 == 0)
        calls.append(raw(sender, nonce, to=contract, data=word(index, index + 1), gas=60_000))
    return [raw(0, 0, to=None, data=creating(STORING_CODE)), *calls]


def through_rpc(batch: list[bytes]) -> float:
    """Seconds from the first request until the last transaction's block is on disk."""
    with tempfile.TemporaryDirectory(prefix="testamur-bench-") as name:
        home = make_home(Path(name), DEVELOPMENT)
        command = [sys.executable, "-c", _START, "start", "--home", str(home), "--http", "127.0.0.1:0"]
        with subprocess.Popen(
            [*command, "--block-time", "1", "--json"], stdout=subprocess.PIPE, text=True
        ) as node, httpx.Client(timeout=120) as client:  # fmt: skip
            assert node.stdout is not None
            url = json.loads(node.stdout.readline())["rpc"]
            send(client, url, batch[:1])
            wait_for(client, url, 1)
            started = time.perf_counter()
            for first in range(1, len(batch), _BATCH):
                send(client, url, batch[first : first + _BATCH])
            wait_for(client, url, len(batch))
            seconds = time.perf_counter() - started
            node.terminate()
        return seconds


def send(client: httpx.Client, url: str, batch: list[bytes]) -> None:
    calls = [
        {"jsonrpc": "2.0", "id": at, "method": "eth_sendRawTransaction", "params": ["0x" + item.hex()]}
        for at, item in enumerate(batch)
    ]
    answers = client.post(url, json=calls).json()
    assert all("result" in answer for answer in answers), answers[0]


def wait_for(client: httpx.Client, url: str, count: int) -> None:
    """Until the senders' nonces add up to `count`."""
    calls = [
        {"jsonrpc": "2.0", "id": at, "method": "eth_getTransactionCount", "params": ["0x" + address.hex(), "latest"]}
        for at, address in enumerate(ADDRESSES)
    ]
    while sum(int(answer["result"], 16) for answer in client.post(url, json=calls).json()) < count:
        time.sleep(0.02)


def mine_all(batch: list[bytes]) -> float:
    """Seconds of py-evm's MiningChain over the same transactions, in blocks of 500."""
    from eth.chains.base import MiningChain
    from eth.consensus import NoProofConsensus
    from eth.db.atomic import AtomicDB
    from eth.vm.forks import PragueVM

    machine = PragueVM.configure(consensus_class=NoProofConsensus)
    chain_class = MiningChain.configure("Floor", vm_configuration=((0, machine),), chain_id=CHAIN_ID)
    account = {"balance": 10**24, "nonce": 0, "code": b"", "storage": {}}
    chain = chain_class.from_genesis(
        AtomicDB(),
        {"difficulty": 0, "gas_limit": 40_000_000, "timestamp": 1, "base_fee_per_gas": 1},
        dict.fromkeys(ADDRESSES, account),
    )
    builder = chain.get_vm().get_transaction_builder()
    decoded = [builder.decode(item) for item in batch]
    chain.mine_all(decoded[:1], timestamp=2)
    started = time.perf_counter()
    for number, first in enumerate(range(1, len(decoded), _BLOCK)):
        chain.mine_all(decoded[first : first + _BLOCK], timestamp=3 + number)
    return time.perf_counter() - started


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    batch = transactions(count)
    floor = mine_all(batch)
    ours = through_rpc(batch)
    floor = (floor + mine_all(batch)) / 2
    print(f"py-evm mine_all, memory only      {count / floor:10.0f} tx/s")
    print(f"node, JSON-RPC to durable blocks  {count / ours:10.0f} tx/s")
    print(f"ratio {floor / ours:.2f}")


if __name__ == "__main__":
    main()
