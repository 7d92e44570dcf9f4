"""The suite on another EVM chain: the genesis constructors, run by transactions instead of in block 0.

On a chain of our own the contracts stand from genesis on. Elsewhere one account creates them in the same order, founds
the alliance in as many transactions as its size takes, and owns nothing afterwards.
On a governed chain a single replaceable contract gets a successor, which the Directory names by vote.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from testamur.artifacts.genesis import CONSTRUCTION_ORDER, LAYOUT, Founding, constructions
from testamur.chain.connection import Connection
from testamur.chain.contracts import Call, Contract, directory_name
from testamur.chain.deployment import Begun, Step, remaining_steps
from testamur.chain.errors import TransactionRevertedError, WrongChainError
from testamur.chain.founding import FoundingError
from testamur.chain.governance import propose_and_pass
from testamur.chain.proposals import Proposal
from testamur.chain.rpc import Rpc, to_hex
from testamur.chain.transactions import Receipt, Sender
from testamur.proof.hashing import keccak256

__all__ = [
    "REPLACEABLE",
    "Deployment",
    "Successor",
    "deploy_successor",
    "deploy_suite",
    "is_governed",
]

REPLACEABLE = ("IssuerRegistry", "QualificationFrameworks", "StatusRegistry", "CredentialBatches")
"""Contracts that a vote may put a successor in the place of."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the suite stands."""

    addresses: Mapping[str, bytes]
    """By contract name, 20 bytes each."""
    directory_code_hash: bytes
    """keccak-256 of the Directory's runtime code, for the policy."""
    blocks: tuple[int, ...]
    """The block of each transaction that this run sent; none where a former run had sent all."""
    gas_used: int
    """By this run."""
    most_gas: int
    """By the largest of its transactions."""


@dataclass(frozen=True, slots=True)
class Successor:
    """A new version of one contract and the vote that names it."""

    address: bytes
    proposal: Proposal
    receipt: Receipt | None
    """Of the execution; None while the vote waits for other members."""


def deploy_suite(
    rpc: Rpc,
    sender: Sender,
    founding: Founding,
    journal: Path,
    progress: Callable[[Step, int, int], None] = lambda step, done, total: None,
) -> Deployment:
    """Create the contracts from one account and found the alliance, in order; nobody acts before it is sealed.

    `journal` is written before anything is sent. Where a former run left one, what it did is kept and the rest follows:
    the result is the same, whenever it was killed. The journal stays; remove it once the result is put down.
    """
    sender.settle()
    begun = Begun.read(journal)
    if begun is None:
        begun = Begun.new(rpc, sender.account.address, founding)
        begun.write(journal)
    begun.demand_same(rpc, founding, journal)
    if begun.sender != sender.account.address:
        raise FoundingError(
            f"account {to_hex(begun.sender)} began this deployment, not {to_hex(sender.account.address)}",
            f"continue with that account, or remove {journal} to begin anew",
        )
    steps = remaining_steps(rpc, founding, begun)
    receipts: list[Receipt] = []
    for step in steps:
        progress(step, len(receipts), len(steps))
        if step.nonce not in (None, rpc.nonce(begun.sender)):
            raise _overtaken(step.contract, journal)
        receipt = sender.send(step.call)
        if step.nonce is not None and receipt.contract != begun.addresses[step.contract]:
            raise _overtaken(step.contract, journal)
        receipts.append(receipt)
    return Deployment(
        begun.addresses,
        keccak256(rpc.code(begun.addresses["Directory"])),
        tuple(receipt.block_number for receipt in receipts),
        sum(receipt.gas_used for receipt in receipts),
        max((receipt.gas_used for receipt in receipts), default=0),
    )


def _overtaken(name: str, journal: Path) -> TransactionRevertedError:
    return TransactionRevertedError(
        f"{name} cannot be created at its address any more: the account was used by another program",
        f"remove {journal} and run the command again; let one program at a time use the account",
    )


def deploy_successor(connection: Connection, sender: Sender, name: str, document: bytes) -> Successor:
    """Create a new version of a replaceable contract and let the Alliance enter it in the Directory.

    The sender's account must be allowed to create contracts (`Permissions.setDeploy`). A StatusRegistry goes on with
    its predecessor's list numbers, an IssuerRegistry falls back on its predecessor's records; QualificationFrameworks
    begins empty, and its frameworks are voted into it before it acts.
    """
    if name not in REPLACEABLE:
        raise WrongChainError(f"{name} is never replaced", f"replaceable are {', '.join(REPLACEABLE)}")
    connection.suite.refresh()  # another version may have taken over since it was asked
    addresses = {other: connection.contract(other).address for other in CONSTRUCTION_ORDER}
    founding = Founding(founders=(), validators=(), predecessor=addresses["IssuerRegistry"])
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
