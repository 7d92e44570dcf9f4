"""eth_config (EIP-7910): the rules that hold now, next and last, so that operators can compare their nodes."""

from zlib import crc32

from eth.vm.forks.cancun.constants import BEACON_ROOTS_ADDRESS
from eth.vm.forks.prague.constants import (
    CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
    HISTORY_STORAGE_ADDRESS,
    WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
)

from testamur_node.chain.rules import Fork
from testamur_node.execution.pretending import precompiles_of
from testamur_node.rpc.codec import data, quantity
from testamur_node.rpc.context import Context, header_of
from testamur_node.rpc.dispatch import Namespace
from testamur_node.rpc.fees import blob_schedule
from testamur_node.rpc.parameters import BlockReference
from testamur_node.rpc.rendering import Json

__all__ = ["eth"]

eth: Namespace[Context] = Namespace("eth")

_PRECOMPILES = (
    *("ECREC", "SHA256", "RIPEMD160", "ID", "MODEXP", "BN254_ADD", "BN254_MUL", "BN254_PAIRING", "BLAKE2F"),
    *("KZG_POINT_EVALUATION", "BLS12_G1ADD", "BLS12_G1MSM", "BLS12_G2ADD", "BLS12_G2MSM", "BLS12_PAIRING_CHECK"),
    *("BLS12_MAP_FP_TO_G1", "BLS12_MAP_FP2_TO_G2"),
)
"""By address, from 1 on."""


@eth.method("config")
def config(context: Context) -> Json:
    """The present rules; none are planned, since a chain's schedule ends with the newest fork that the node knows."""
    spec, head = context.node.spec, context.node.head.header
    later = sorted(moment for start in spec.forks if (moment := start.timestamp or 0) > head.timestamp)
    rules = [_rules(context, moment) for moment in (_newest_start(context, head.timestamp), *later)]
    return {"current": rules[0], "next": rules[1] if later else None, "last": rules[-1] if later else None}


def _newest_start(context: Context, now: int) -> int:
    """When the fork that holds at `now` began; 0 for one that began by block or with the chain."""
    return max((start.timestamp or 0 for start in context.node.spec.forks if (start.timestamp or 0) <= now), default=0)


def _rules(context: Context, moment: int) -> Json:
    spec = context.node.spec
    last_block = max((start.block or 0 for start in spec.forks), default=0)
    fork = spec.fork_at(last_block, moment)
    schedule = blob_schedule(fork)
    names = {number.to_bytes(20, "big"): name for number, name in enumerate(_PRECOMPILES, 1)}
    genesis = header_of(context, BlockReference(number=0))
    return {
        "activationTime": 0 if genesis.timestamp >= moment else moment,
        "blobSchedule": None
        if schedule is None
        else {
            "target": schedule.target,
            "max": schedule.most,
            "baseFeeUpdateFraction": schedule.update_fraction,
        },
        "chainId": quantity(context.node.chain_id),
        "forkId": data(_fork_id(context, genesis.hash, moment)),
        "precompiles": {names[address]: data(address) for address in precompiles_of(spec, fork) if address in names},
        "systemContracts": _system_contracts(context, fork),
    }


def _system_contracts(context: Context, fork: Fork) -> Json:
    contracts: Json = {}
    if fork >= Fork.CANCUN:
        contracts["BEACON_ROOTS_ADDRESS"] = data(BEACON_ROOTS_ADDRESS)
    if fork >= Fork.PRAGUE:
        contracts |= {
            "CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS": data(CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS),
            "DEPOSIT_CONTRACT_ADDRESS": data(context.node.spec.deposit_contract),
            "HISTORY_STORAGE_ADDRESS": data(HISTORY_STORAGE_ADDRESS),
            "WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS": data(WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS),
        }
    return contracts


def _fork_id(context: Context, genesis: bytes, moment: int) -> bytes:
    """The checksum of the genesis hash and of every fork's start up to `moment` (EIP-2124, 6122)."""
    spec = context.node.spec
    blocks = {*(start.block for start in spec.forks if start.block), *spec.bomb_delays}
    times = {start.timestamp for start in spec.forks if start.timestamp and start.timestamp <= moment}
    checksum = crc32(genesis)
    for start in (*sorted(blocks), *sorted(times)):
        if start:
            checksum = crc32(start.to_bytes(8, "big"), checksum)
    return checksum.to_bytes(4, "big")
