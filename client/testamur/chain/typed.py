"""The EIP-712 domain of a contract's messages: this chain, this contract, and the hash of the chain's block 0 as salt.

A chain id is a number that anybody may take, and the suite stands at the same addresses on every chain of its kind:
what was signed on a rehearsal must not count on the real chain (contracts/governance/OriginBound.sol).
"""

from typing import Any

from testamur.chain.connection import Connection
from testamur.chain.errors import WrongChainError
from testamur.chain.rpc import to_hex

__all__ = ["domain_of"]


def domain_of(connection: Connection, name: str) -> dict[str, Any]:
    """The domain for what contract `name` is given to read, as wallets take it.

    While block 0 is the newest, no contract knows its hash yet; block 1 will.

    Raises `WrongChainError` where the contract takes another block for the chain's first than the node serves.
    """
    contract = connection.contract(name)
    first = connection.rpc.block_hash(0)
    known: bytes = contract.read("origin")
    if known != first and (any(known) or not _is_at_block_0(connection)):
        raise WrongChainError(
            f"{name} at {to_hex(contract.address)} is bound to block 0 {to_hex(known)}, "
            f"but the node's block 0 is {to_hex(first)}",
            "sign nothing here: compare genesis with the other members, or deploy again with the right block",
        )
    return {
        "name": "Testamur " + name,
        "version": "1",
        "chainId": connection.profile.chain_id,
        "verifyingContract": contract.address,
        "salt": first,
    }


def _is_at_block_0(connection: Connection) -> bool:
    newest = connection.rpc.block()
    return newest is not None and int(newest["number"], 16) == 0
