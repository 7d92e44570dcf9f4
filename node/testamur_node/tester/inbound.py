"""Transactions as eth-tester hands them over -> what the node signs, runs or submits."""

from collections.abc import Mapping
from typing import Any

from testamur_node.chain.transaction import AccessEntry, Authorization
from testamur_node.codec import word
from testamur_node.execution.executor import CallRequest
from testamur_node.rpc.signing import UnsignedTransaction

__all__ = ["call_of", "unsigned_of"]

_DEFAULT_FEE = 1_000_000_000
"""wei; what eth-tester's own backend offers where a transaction names no price."""


def unsigned_of(fields: Mapping[str, Any], chain_id: int, nonce: int, base_fee: int) -> UnsignedTransaction:
    """A transaction out of what was said; `nonce` and fees stand in for what was not. Raises `KeyError` without gas."""
    tip, cap = fields.get("max_priority_fee_per_gas"), fields.get("max_fee_per_gas")
    if "gas_price" not in fields and tip is None and cap is None:
        tip = cap = _DEFAULT_FEE
    tip = 0 if tip is None else tip
    authorizations = fields.get("authorization_list")
    # eth-tester takes no signature value above 255 for a legacy transaction, and so no replay protection there
    is_legacy = "gas_price" in fields and "access_list" not in fields
    return UnsignedTransaction(
        chain_id=None if is_legacy else fields.get("chain_id", chain_id),
        nonce=fields.get("nonce", nonce),
        gas_limit=fields["gas"],
        to=fields.get("to") or None,
        value=fields.get("value", 0),
        data=fields.get("data", b""),
        gas_price=fields.get("gas_price"),
        max_fee_per_gas=tip + 2 * base_fee if cap is None else cap,
        max_priority_fee_per_gas=tip,
        access_list=_access_list(fields),
        authorizations=None
        if authorizations is None
        else tuple(
            Authorization(item["chain_id"], item["address"], item["nonce"], item["y_parity"], item["r"], item["s"])
            for item in authorizations
        ),
    )


def call_of(fields: Mapping[str, Any]) -> CallRequest:
    """The message to run; it offers no price, so that it needs no balance."""
    return CallRequest(
        sender=fields["from"],
        to=fields.get("to") or None,
        data=fields.get("data", b""),
        value=fields.get("value", 0),
        gas=fields.get("gas"),
        access_list=_access_list(fields) or (),
    )


def _access_list(fields: Mapping[str, Any]) -> tuple[AccessEntry, ...] | None:
    entries = fields.get("access_list")
    if entries is None:
        return None
    return tuple(AccessEntry(address, tuple(word(slot) for slot in slots)) for address, slots in entries)
