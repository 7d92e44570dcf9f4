"""evm_, hardhat_, anvil_: what a tool asks of the blocks that a development chain makes next (`Wishes`)."""

from dataclasses import replace

from testamur_node.rpc.codec import read_address, read_hash, read_quantity
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Namespace, required
from testamur_node.rpc.errors import InvalidParametersError
from testamur_node.rpc.parameters import read_loose_number

__all__ = ["evm", "hardhat", "anvil"]

evm: Namespace[Context] = Namespace("evm")
hardhat: Namespace[Context] = Namespace("hardhat")
anvil: Namespace[Context] = Namespace("anvil")

_LEAST_GAS_LIMIT = 5_000
"""Of a header, as everywhere (Yellow Paper 4.4.4)."""


@anvil.method("setCoinbase", required(read_address))
@hardhat.method("setCoinbase", required(read_address))
def set_coinbase(context: Context, address: bytes) -> bool:
    """Who is named as the maker of the blocks to come, and gets their tips."""
    context.node.development.wish(lambda wishes: replace(wishes, coinbase=address))
    return True


@hardhat.method("setPrevRandao", required(read_hash))
def set_prev_randao(context: Context, value: bytes) -> bool:
    """What PREVRANDAO gives in the next block."""
    context.node.development.wish(lambda wishes: replace(wishes, prev_randao=value))
    return True


@anvil.method("setNextBlockBaseFeePerGas", required(read_quantity))
@hardhat.method("setNextBlockBaseFeePerGas", required(read_quantity))
def set_next_block_base_fee(context: Context, base_fee: int) -> bool:
    """The next block's base fee in wei; those after it follow from it. A chain without fees takes 0 alone."""
    if base_fee and context.node.spec.is_free:
        raise InvalidParametersError(
            "this chain takes no fees: testamur-node init --dev --base-fee WEI makes one that does"
        )
    context.node.development.wish(lambda wishes: replace(wishes, base_fee=base_fee))
    return True


@anvil.method("setBlockGasLimit", required(read_loose_number))
@evm.method("setBlockGasLimit", required(read_loose_number))
def set_block_gas_limit(context: Context, gas_limit: int) -> bool:
    """The gas limit of the blocks to come."""
    if not _LEAST_GAS_LIMIT <= gas_limit < 2**63:
        raise InvalidParametersError(f"a block's gas limit lies between {_LEAST_GAS_LIMIT} and 2^63, not {gas_limit}")
    context.node.development.wish(lambda wishes: replace(wishes, gas_limit=gas_limit))
    return True
