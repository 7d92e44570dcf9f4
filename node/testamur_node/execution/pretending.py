"""State and rules that a call pretends: accounts replaced, precompiles moved or hidden, a blob price of its own.

The rules are geth's (its StateOverride): an account override at a precompile's address hides the precompile, and a
precompile moves only to an address that is not overridden itself.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from testamur_node.chain.rules import ChainSpec, Fork
from testamur_node.errors import NodeError
from testamur_node.execution.executor import AccountOverride
from testamur_node.execution.machine import machine

__all__ = ["OverrideError", "override", "precompiles_of", "moved_precompiles", "pretending"]


class OverrideError(NodeError):
    """The state that a call pretends contradicts itself."""


@lru_cache(maxsize=64)
def precompiles_of(spec: ChainSpec, fork: Fork) -> Mapping[bytes, Any]:
    """The precompiles by address."""
    return dict(machine(spec, fork).computation_class.get_precompiles())


def moved_precompiles(plain: Mapping[bytes, Any], overrides: Mapping[bytes, AccountOverride]) -> Mapping[bytes, Any]:
    """The precompiles after what is overridden: `plain` itself where nothing of it changes."""
    if not any(address in plain or wanted.moves_to is not None for address, wanted in overrides.items()):
        return plain
    present = dict(plain)
    for address, wanted in overrides.items():
        target = wanted.moves_to
        if target is not None:
            if address not in present:
                raise OverrideError(f"account 0x{address.hex()} is not a precompile")
            if target in overrides:
                raise OverrideError(f"account 0x{target.hex()} is already overridden")
            present[target] = present[address]
        present.pop(address, None)
    return present


def pretending(kind: Any, precompiles: Mapping[bytes, Any], blob_base_fee: int | None) -> Any:
    """A state class like `kind` with these precompiles, and this blob price unless it is None."""
    computation = kind.computation_class
    members: dict[str, Any] = {"__slots__": ()}
    plain = computation.get_precompiles()
    if precompiles != plain:
        # what is warm from the start stays where the fork has its precompiles, as in geth
        moved = {"_precompiles": dict(precompiles), "get_precompiles": classmethod(lambda _: plain)}
        members["computation_class"] = type("Pretending", (computation,), moved)
    if blob_base_fee is not None:
        members["blob_base_fee"] = property(lambda _: blob_base_fee)
    return kind if len(members) == 1 else type("Pretending", (kind,), members)


def override(state: Any, overrides: Mapping[bytes, AccountOverride]) -> None:
    """Write the accounts into py-evm's state."""
    for address, wanted in overrides.items():
        if wanted.storage is not None and wanted.storage_difference is not None:
            raise OverrideError(f"account 0x{address.hex()} has both 'state' and 'stateDiff'")
        if wanted.nonce is not None:
            state.set_nonce(address, wanted.nonce)
        if wanted.code is not None:
            state.set_code(address, wanted.code)
        if wanted.balance is not None:
            state.set_balance(address, wanted.balance)
        if wanted.storage is not None:
            state.delete_storage(address)
        if wanted.storage_difference:
            state.touch_account(address)  # geth makes an account of whatever it writes a slot of, a 0 too
        for slot, value in (wanted.storage or wanted.storage_difference or {}).items():
            state.set_storage(address, slot, value)
