"""Blocks imported a second: `import-chain` into a home on disk against py-evm's own `import_block`, in memory.

./run bench replay [BLOCKS]

py-evm makes the chain first, one registry entry a block, and both bring in the very same bytes: every header, root and
receipt is recomputed by both. Ours ends with every block synced to disk.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import rlp
from _floor import GENESIS, chain_of
from _registry import ADDRESSES, CHAIN_ID, Workload, workload
from testamur_node.operations.upkeep import import_chain


def made_by_py_evm(work: Workload) -> list[Any]:
    """A chain of its MiningChain: the registry, then one entry a block."""
    chain = chain_of()
    builder = chain.get_vm().get_transaction_builder()
    blocks = []
    for number, raw in enumerate((work.creation, *work.entries)):
        # by itself it lowers the limit of blocks that are far from full, until nothing fits
        chain.header = chain.header.copy(gas_limit=GENESIS["gas_limit"])
        blocks.append(chain.mine_all([builder.decode(raw)], timestamp=2 + number)[0].imported_block)
    return blocks


def by_py_evm(blocks: list[Any]) -> float:
    """Seconds of `import_block` over all blocks."""
    chain = chain_of()
    started = time.perf_counter()
    for block in blocks:
        chain.import_block(block)
    return time.perf_counter() - started


def by_ours(blocks: list[Any], genesis: dict[str, object]) -> float:
    """Seconds of `testamur-node import-chain` over the same blocks, as it reports them."""
    with tempfile.TemporaryDirectory(prefix="testamur-bench-") as name:
        folder = Path(name)
        (folder / "genesis.json").write_text(json.dumps(genesis), encoding="utf-8")
        (folder / "chain.rlp").write_bytes(b"".join(rlp.encode(block) for block in blocks))
        imported = import_chain(folder / "home", folder / "genesis.json", folder / "chain.rlp")
        assert imported.blocks == len(blocks), imported
        assert imported.head_hash == blocks[-1].hash, "the imported chain ends with another block"
        return imported.seconds


def genesis_json() -> dict[str, object]:
    """py-evm's genesis in the form that geth and `import-chain` take."""
    header = chain_of().get_canonical_head()
    forks = (
        "homestead",
        "eip150",
        "eip155",
        "eip158",
        "byzantium",
        "constantinople",
        "petersburg",
        "istanbul",
        "berlin",
    )
    config: dict[str, object] = {f"{fork}Block": 0 for fork in (*forks, "london", "mergeNetsplit")}
    config |= {"chainId": CHAIN_ID, "shanghaiTime": 0, "cancunTime": 0, "pragueTime": 0, "terminalTotalDifficulty": 0}
    return {
        "config": config,
        "timestamp": hex(GENESIS["timestamp"]),
        "gasLimit": hex(GENESIS["gas_limit"]),
        "difficulty": "0x0",
        "baseFeePerGas": hex(GENESIS["base_fee_per_gas"]),
        "extraData": "0x" + header.extra_data.hex(),
        "nonce": "0x" + header.nonce.hex(),
        "mixHash": "0x" + header.mix_hash.hex(),
        "coinbase": "0x" + header.coinbase.hex(),
        "alloc": {"0x" + address.hex(): {"balance": hex(10**24)} for address in ADDRESSES},
    }


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    blocks = made_by_py_evm(workload(count - 1))
    floor = by_py_evm(blocks)
    seconds = by_ours(blocks, genesis_json())
    floor = (floor + by_py_evm(blocks)) / 2
    print(f"py-evm import_block, memory only   {count / floor:10.0f} blocks/s")
    print(f"import-chain, to disk              {count / seconds:10.0f} blocks/s")
    print(f"ratio {floor / seconds:.2f}")


if __name__ == "__main__":
    main()
