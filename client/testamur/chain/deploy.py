"""The suite on another EVM chain: the genesis constructors, run by transactions instead of in block 0.

On a chain of our own the contracts stand from genesis on. Elsewhere one account creates them in the same order, each
with the addresses that the following nonces will give (`keccak(rlp([sender, nonce]))`), and owns nothing afterwards.
On a governed chain a single replaceable contract gets a successor, which the Directory names by vote.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from testamur.artifacts.founding_calls import founding_calls
from testamur.artifacts.genesis import CONSTRUCTION_ORDER, LAYOUT, Founding, constructions
from testamur.chain.connection import Connection
from testamur.chain.contracts import Call, Contract, directory_name
from testamur.chain.errors import TransactionRevertedError, WrongChainError
from testamur.chain.governance import propose_and_pass
from testamur.chain.proposals import Proposal
from testamur.chain.rpc import Rpc, to_hex
from testamur.chain.transactions import Receipt, Sender
from testamur.proof.hashing import keccak256

__all__ = [
    "REPLACEABLE",
    "Deployment",
    "Successor",
    "contract_address",
    "deploy_successor",
    "deploy_suite",
    "is_governed",
]

REPLACEABLE = ("IssuerRegistry", "QualificationFrameworks", "StatusRegistry", "CredentialBatches")
"""Contracts that a vote may put a successor in the place of."""
_CALL_GAS = 12_000_000
"""Chains refuse a transaction of more than 2^24 gas (EIP-7825), and an estimate is not exact."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the suite stands."""

    addresses: Mapping[str, bytes]
    """By contract name, 20 bytes each."""
    directory_code_hash: bytes
    """keccak-256 of the Directory's runtime code, for the policy."""
    blocks: tuple[int, int]
    """First and last block that hold a creation."""
    gas_used: int


@dataclass(frozen=True, slots=True)
class Successor:
    """A new version of one contract and the vote that names it."""

    address: bytes
    proposal: Proposal
    receipt: Receipt | None
    """Of the execution; None while the vote waits for other members."""


def contract_address(sender: bytes, nonce: int) -> bytes:
    """The address of the contract that `sender` creates with `nonce`: 20 bytes (Yellow Paper, section 7)."""
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    encoded = number if len(number) == 1 and number[0] < 0x80 else bytes([0x80 + len(number)]) + number
    body = b"\x94" + sender + encoded
    return keccak256(bytes([0xC0 + len(body)]) + body)[12:]


def deploy_suite(
    rpc: Rpc, sender: Sender, founding: Founding, progress: Callable[[str, int, int], None] = lambda name, i, n: None
) -> Deployment:
    """Create the contracts from one account, in order; nothing is of use until the last one stands.

    An interrupted deployment is simply begun anew: the contracts of the first attempt are named by nobody.
    """
    sender.settle()
    first = rpc.nonce(sender.account.address)
    addresses = {name: contract_address(sender.account.address, first + i) for i, name in enumerate(CONSTRUCTION_ORDER)}
    receipts: list[Receipt] = []
    for construction in constructions(replace(founding, origin=rpc.block_hash(0)), addresses):
        progress(construction.name, len(receipts), len(CONSTRUCTION_ORDER))
        receipt = sender.send(Call(None, construction.init_code, f"creation of {construction.name}"))
        if receipt.contract != construction.address:
            raise TransactionRevertedError(
                f"{construction.name} stands at {to_hex(receipt.contract or b'')}, not {to_hex(construction.address)}",
                "another program used the account meanwhile; run the command again",
            )
        receipts.append(receipt)
    for call in founding_calls(founding, addresses, gas=_CALL_GAS):
        receipts.append(sender.send(Call(call.address, call.data, f"{call.name}.{call.function}")))
    blocks = [receipt.block_number for receipt in receipts]
    return Deployment(
        addresses,
        keccak256(rpc.code(addresses["Directory"])),
        (min(blocks), max(blocks)),
        sum(receipt.gas_used for receipt in receipts),
    )


def deploy_successor(connection: Connection, sender: Sender, name: str, document: bytes) -> Successor:
    """Create a new version of a replaceable contract and let the Alliance enter it in the Directory.

    The sender's account must be allowed to create contracts (`Permissions.setDeploy`). A StatusRegistry goes on with
    its predecessor's list numbers.
    """
    if name not in REPLACEABLE:
        raise WrongChainError(f"{name} is never replaced", f"replaceable are {', '.join(REPLACEABLE)}")
    addresses = {other: connection.contract(other).address for other in CONSTRUCTION_ORDER}
    founding = Founding(founders=(), validators=())
    if name == "StatusRegistry":
        founding = replace(founding, first_list=connection.contract(name).read("nextList"))
    init_code = next(item.init_code for item in constructions(founding, addresses) if item.name == name)
    created = sender.send(Call(None, init_code, f"creation of {name}")).contract
    if created is None:
        raise TransactionRevertedError(f"the node named no address for the new {name}")
    call = connection.suite.directory.call("set", directory_name(name), created, LAYOUT)
    proposal, receipt = propose_and_pass(connection, [call], document)
    return Successor(created, proposal, receipt)


def is_governed(rpc: Rpc, directory: bytes) -> bool:
    """Whether a suite stands on this chain under that Directory."""
    return bool(rpc.code(directory)) and bool(
        Contract("Directory", directory, rpc).read("count", directory_name("Alliance"))
    )
