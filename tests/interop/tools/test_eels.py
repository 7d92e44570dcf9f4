"""The Ethereum execution specification as second judge of our executor.

*Imported* rules: whole random blocks, every root, receipt and gas equal. *Alliance* rules: what both chains allow, in
one
block each; the deltas are that fees are not charged (so transactions here offer none), that precompiles 0x05 to 0x11,
value,
blobs, delegations and creations by others are out (so none occurs), and that the node first writes the parent's hash
into
BlockHistory (so the specification is given the state after that write).
"""

import random
from pathlib import Path

import pytest
from testamur.artifacts import GENESIS_ADDRESSES, slot
from testamur.artifacts.slots import mapping_slot
from testamur_node.chain.rules import ALLIANCE, Fork, ForkStart, imported
from testamur_node.codec import to_hex
from testamur_node.execution.executor import BlockContext
from testamur_node.execution.pyevm import PyEvm
from testamur_node.genesis import Allocation, Genesis, genesis_block
from testamur_node.state.reader import StateReader

from tests.interop.tools.eels import BASE_FEE, as_json, contracts, difference, transactions, transition
from tests.node.founding import (
    ADDRESSES,
    CHAIN_ID,
    DEPLOYER,
    GENESIS_TIME,
    GOVERN,
    ISSUE,
    STORING_CODE,
    creating,
    genesis_of,
    raw,
    word,
)

pytestmark = [pytest.mark.tool, pytest.mark.timeout(3600)]

PRAGUE = imported((ForkStart(Fork.PRAGUE, block=0),))


def test_random_blocks_of_imported_chains_agree_in_every_root(tmp_path: Path, is_slow: bool) -> None:
    for seed in range(24 if is_slow else 2):
        chance = random.Random(seed)
        system = {address: item for address, item in genesis_of().allocations.items() if not item.storage}
        allocations = {
            **{address: item for address, item in system.items() if address[:2] == b"\0\0" and item.code},
            **{address: Allocation(balance=10**21) for address in ADDRESSES},
            **contracts(chance),
        }
        block, nodes = genesis_block(Genesis(PRAGUE, CHAIN_ID, 1000, 30_000_000, allocations))
        root, parent, accounts = block.header.state_root, block.hash, as_json(allocations)
        hashes: dict[int, bytes] = {}
        for number in range(1, 4):
            hashes[number - 1] = parent
            context = BlockContext(
                number=number, timestamp=1000 + 12 * number, coinbase=b"\x99" * 20, prev_randao=word(seed + number),
                gas_limit=30_000_000, base_fee=BASE_FEE, chain_id=CHAIN_ID, parent_hash=parent,
                ancestors=[hashes[at] for at in range(number - 1, -1, -1)], parent_beacon_root=word(number),
                excess_blob_gas=0, withdrawals=(),
            )  # fmt: skip
            state = StateReader(root, nodes.get)
            made = transactions(chance, 25, {address: state.nonce(address) for address in ADDRESSES})
            ours = PyEvm(PRAGUE, nodes.get).execute(root, made, context)
            result, accounts = transition(tmp_path, accounts, made, context, hashes)
            assert difference(result, ours) == [], f"seed {seed}, block {number}"
            nodes.update(ours.writes)
            root, parent = ours.state_root, word(seed * 100 + number)


def test_alliance_transactions_agree_one_by_one(tmp_path: Path) -> None:
    genesis = genesis_of(ALLIANCE)
    block, nodes = genesis_block(genesis)
    accounts, root, parent = as_json(genesis.allocations), block.header.state_root, block.hash
    contract = bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")
    operators = GENESIS_ADDRESSES["Operators"]
    free = {"gasPrice": 0}
    history, hashes = to_hex(GENESIS_ADDRESSES["BlockHistory"]), dict[int, bytes]()
    for number, item in enumerate(
        [
            raw(DEPLOYER, 0, to=None, data=creating(STORING_CODE), **free),
            raw(GOVERN, 0, to=contract, data=word(3, 4), **free),
            raw(GOVERN, 1, to=contract, data=word(3, 0), **free),
            raw(ISSUE, 0, to=operators, data=b"\x01\x02\x03\x04", **free),
            raw(ISSUE, 1, to=contract, data=word(5, 6), gas=30_000, **free),
        ],
        start=1,
    ):
        hashes[number - 1] = parent
        context = BlockContext(
            number=number, timestamp=GENESIS_TIME + number, coinbase=bytes(20), prev_randao=word(number),
            gas_limit=30_000_000, base_fee=0, chain_id=CHAIN_ID, parent_hash=parent, excess_blob_gas=0,
            ancestors=[hashes[at] for at in range(number - 1, -1, -1)], parent_beacon_root=bytes(32), withdrawals=(),
            deployers=frozenset({ADDRESSES[DEPLOYER]}),
        )  # fmt: skip
        ours = PyEvm(ALLIANCE, nodes.get).execute(root, [item], context)
        place = to_hex(word(mapping_slot(slot("BlockHistory", "_hashes"), number - 1)))
        accounts[history].setdefault("storage", {})[place] = to_hex(parent)
        result, accounts = transition(tmp_path, accounts, [item], context, hashes)
        assert difference(result, ours) == [], f"transaction {number}"
        nodes.update(ours.writes)
        root, parent = ours.state_root, word(number * 1000)
