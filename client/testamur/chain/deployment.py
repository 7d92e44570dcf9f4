"""A deployment as a list of transactions, and the journal that lets it go on after an interruption.

The addresses of all contracts follow from the account and its first nonce (`keccak(rlp([sender, nonce]))`), so these
two are written down before anything is sent; everything else is read from the chain: which contracts stand, how many
institutions, members and validators were entered, what is sealed. Nothing is done twice, whenever it was killed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from testamur.artifacts import artifact
from testamur.artifacts.founding_calls import SEALED, Entered, founding_calls
from testamur.artifacts.genesis import CONSTRUCTION_ORDER, Founding, constructions
from testamur.chain import answers
from testamur.chain.contracts import Call, Contract
from testamur.chain.founding import FoundingError
from testamur.chain.rpc import Rpc
from testamur.files import replacing
from testamur.proof.hashing import keccak256

__all__ = ["Begun", "Step", "contract_address", "remaining_steps"]

_HIGHEST_GAS = 2**24
"""Chains refuse a transaction of more (EIP-7825)."""
_STORED_GAS = {"Directory": 2_500_000, "Permissions": 500_000, "Alliance": 800_000}
"""What a constructor stores takes at most, beside the code; others store next to nothing."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A deployment that was begun: where its contracts stand, or will."""

    chain: bytes
    """Hash of block 0."""
    sender: bytes
    first_nonce: int
    founding: bytes
    """What is founded, by its hash: an interrupted founding goes on with the same alone."""

    @property
    def addresses(self) -> Mapping[str, bytes]:
        """By contract name, 20 bytes each."""
        return {
            name: contract_address(self.sender, self.first_nonce + place)
            for place, name in enumerate(CONSTRUCTION_ORDER)
        }

    @classmethod
    def new(cls, rpc: Rpc, sender: bytes, founding: Founding) -> "Begun":
        """One that begins with the account's next transaction."""
        chain = rpc.block_hash(0)
        return cls(chain, sender, rpc.nonce(sender), _identity(founding, chain))

    @classmethod
    def read(cls, path: Path) -> "Begun | None":
        """What a former run wrote; None where none did. Raises FoundingError."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            chain, sender, founding = (bytes.fromhex(data[name]) for name in ("chain", "sender", "founding"))
            return cls(chain, sender, int(data["first_nonce"]), founding)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
            raise FoundingError(f"{path} cannot be read: {error}", f"remove {path} to begin anew") from error

    def write(self, path: Path) -> None:
        """Put it on disk, whole or not at all."""
        data = {
            "chain": self.chain.hex(),
            "sender": self.sender.hex(),
            "first_nonce": self.first_nonce,
            "founding": self.founding.hex(),
        }
        with replacing(path) as file:
            file.write(json.dumps(data, indent=1).encode() + b"\n")

    def demand_same(self, rpc: Rpc, founding: Founding, path: Path) -> None:
        """Raises FoundingError where the journal at `path` is of another chain or another founding."""
        chain = rpc.block_hash(0)
        if (self.chain, self.founding) != (chain, _identity(founding, chain)):
            raise FoundingError(
                f"{path} is of a deployment that was begun with other founders, another client or another chain",
                f"finish that one with what it was begun with, or remove {path} to begin anew",
            )


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction of a deployment."""

    contract: str
    action: str
    """`create`, or the function that is called."""
    entries: int
    """How many institutions, members or validators it enters; 0 where it enters none."""
    gas: int
    """What it takes at most."""
    call: Call
    nonce: int | None
    """The nonce that a creation must have; None for a call, which may have any."""


def contract_address(sender: bytes, nonce: int) -> bytes:
    """The address of the contract that `sender` creates with `nonce`: 20 bytes (Yellow Paper, section 7)."""
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    encoded = number if len(number) == 1 and number[0] < 0x80 else bytes([0x80 + len(number)]) + number
    body = b"\x94" + sender + encoded
    return keccak256(bytes([0xC0 + len(body)]) + body)[12:]


def remaining_steps(rpc: Rpc, founding: Founding, begun: Begun) -> list[Step]:
    """What is still to be sent, in order. Raises FoundingError where the chain's blocks are too small for a step."""
    highest = _highest_gas(rpc)
    steps = list(_steps(rpc, replace(founding, origin=begun.chain), begun, highest * 3 // 4))
    for step in steps:
        if step.gas > highest:
            raise FoundingError(
                f"{step.contract}.{step.action} may take {step.gas} gas, the chain allows a transaction {highest}",
                "deploy on a chain with larger blocks, or with fewer accounts for an institution",
            )
    return steps


def _steps(rpc: Rpc, founding: Founding, begun: Begun, gas: int) -> Iterator[Step]:
    addresses = begun.addresses
    standing = {name for name in CONSTRUCTION_ORDER if rpc.code(addresses[name])}
    for place, item in enumerate(constructions(founding, addresses)):
        if item.name not in standing:
            call = Call(None, item.init_code, f"creation of {item.name}")
            used = _creation_gas(item.name, item.init_code)
            yield Step(item.name, "create", 0, used, call, begun.first_nonce + place)
    entered = _entered(rpc, addresses) if set(SEALED) <= standing else Entered()
    for each in founding_calls(founding, addresses, gas=gas, entered=entered):
        call = Call(each.address, each.data, f"{each.name}.{each.function}")
        yield Step(each.name, each.function, each.entries, each.gas, call, None)


def _entered(rpc: Rpc, addresses: Mapping[str, bytes]) -> Entered:
    contracts = {name: Contract(name, addresses[name], rpc) for name in SEALED}
    return Entered(
        contracts["Operators"].read("institutionCount"),
        contracts["Alliance"].read("memberCount"),
        len(contracts["Permissions"].read("validators")),
        frozenset(name for name, contract in contracts.items() if contract.read("isSealed")),
    )


def _highest_gas(rpc: Rpc) -> int:
    """What a transaction may take on this chain."""
    block = rpc.block() or {}
    try:
        return min(_HIGHEST_GAS, answers.quantity(block.get("gasLimit")))
    except ValueError as error:
        raise rpc.nonsense("eth_getBlockByNumber", block) from error


def _creation_gas(name: str, init_code: bytes) -> int:
    """At most: the transaction, its data, running it, and 200 gas for each byte of code that stays."""
    words = -(-len(init_code) // 32)
    kept = len(artifact(name).deployed_bytecode)
    return 100_000 + 16 * len(init_code) + 2 * words + 200 * kept + _STORED_GAS.get(name, 150_000)


def _identity(founding: Founding, chain: bytes) -> bytes:
    """A hash of everything that is created and entered, wherever it will stand."""
    nowhere = dict.fromkeys(CONSTRUCTION_ORDER, bytes(20))
    parts = [item.init_code for item in constructions(replace(founding, origin=chain), nowhere)]
    parts += [call.data for call in founding_calls(founding, nowhere)]
    return keccak256(b"".join(keccak256(part) for part in parts))
