"""What a header's fee fields must be, given its parent: EIP-1559 and EIP-4844 with the targets of EIP-7691."""

from testamur_node.chain.block import Header
from testamur_node.chain.rules import ChainSpec, Fork

__all__ = ["next_base_fee", "next_excess_blob_gas"]

_GAS_PER_BLOB = 1 << 17
_FIRST_BASE_FEE = 1_000_000_000


def next_base_fee(parent: Header, spec: ChainSpec, fork: Fork) -> int | None:
    """The base fee of a block under `fork`; None before London, 0 on free chains."""
    if fork < Fork.LONDON:
        return None
    if spec.is_free:
        return 0
    if parent.base_fee is None or spec.fork_at(parent.number, parent.timestamp) < Fork.LONDON:
        return _FIRST_BASE_FEE
    target = parent.gas_limit // 2
    if parent.gas_used == target:
        return parent.base_fee
    change = parent.base_fee * abs(parent.gas_used - target) // target // 8
    return parent.base_fee + max(change, 1) if parent.gas_used > target else parent.base_fee - change


def next_excess_blob_gas(parent: Header, fork: Fork) -> int | None:
    """The excess blob gas of a block under `fork`; None before Cancun."""
    if fork < Fork.CANCUN:
        return None
    target = (6 if fork >= Fork.PRAGUE else 3) * _GAS_PER_BLOB
    return max((parent.excess_blob_gas or 0) + (parent.blob_gas_used or 0) - target, 0)
