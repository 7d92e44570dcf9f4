"""What an account signs before it acts for an institution: an acceptance, and the file that carries it to who needs it.

Every new account accepts, by vote too (contracts/governance/Acceptances.sol). It signs the institution, the roles, its
own nonce (how often it took on a role), a deadline, and this chain: an acceptance is used up once it takes effect.
"""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testamur.chain.connection import Connection
from testamur.chain.contracts import Call
from testamur.chain.errors import KeyUnusableError
from testamur.chain.rpc import to_hex
from testamur.chain.signer import Account
from testamur.chain.typed import domain_of

__all__ = [
    "DAY",
    "Acceptance",
    "Controllers",
    "accept",
    "creation_call",
    "in_order",
    "read_acceptance",
    "read_controllers",
]

DAY = 86_400
_GOVERN, _ADMIN, _RECOVERY = 1, 8, 0
_TYPES = {
    "Acceptance": [
        {"name": "account", "type": "address"},
        {"name": "institution", "type": "uint32"},
        {"name": "roles", "type": "uint16"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One account's consent to act for one institution."""

    account: bytes
    """20 bytes."""
    institution: int
    roles: int
    """Bits of `Role`; 0: as recovery account."""
    deadline: int
    """Seconds since 1970; a later block does not take it."""
    signature: bytes
    """65 bytes."""

    def as_struct(self) -> tuple[int, bytes]:
        """IControllers.Acceptance."""
        return self.deadline, self.signature

    def as_json(self) -> dict[str, Any]:
        """What `read_acceptance` reads."""
        return {
            "type": "TestamurAcceptance",
            "version": 1,
            "account": to_hex(self.account),
            "institution": self.institution,
            "roles": self.roles,
            "deadline": self.deadline,
            "signature": to_hex(self.signature),
        }


@dataclass(frozen=True, slots=True)
class Controllers:
    """Who controls an institution, 20 bytes each."""

    govern: tuple[bytes, ...]
    admin: tuple[bytes, ...]
    recovery: bytes

    def as_struct(self) -> tuple[list[bytes], list[bytes], bytes]:
        """IControllers.Controllers."""
        return list(self.govern), list(self.admin), self.recovery

    def places(self) -> list[tuple[bytes, int]]:
        """Each account with the role it accepts, in the order that the contract takes acceptances in."""
        listed = [(account, _GOVERN) for account in self.govern] + [(account, _ADMIN) for account in self.admin]
        return [*listed, (self.recovery, _RECOVERY)]

    def newcomers(self, present: "Controllers | None") -> list[tuple[bytes, int]]:
        """Those that have another place in the present set, or none."""
        known = set() if present is None else set(present.places())
        return [place for place in self.places() if place not in known]


def accept(
    connection: Connection,
    account: Account,
    institution: int,
    roles: int,
    *,
    seconds: int = 3600,
    now: Callable[[], float] = time.time,
) -> Acceptance:
    """Let `account` accept the roles (0: recovery) for `seconds` from now, by this clock or the chain's."""
    nonce = connection.contract("Operators").read("referenceOf", account.address)["nonce"]
    block = connection.rpc.block() or {}
    deadline = max(int(now()), int(block.get("timestamp", "0x0"), 16)) + seconds
    message = {
        "account": account.address,
        "institution": institution,
        "roles": roles,
        "nonce": nonce,
        "deadline": deadline,
    }
    signature = account.sign_typed(domain_of(connection, "Operators"), _TYPES, message)
    return Acceptance(account.address, institution, roles, deadline, signature)


def read_controllers(connection: Connection, institution: int) -> Controllers:
    """The accounts that control an institution now."""
    record = connection.contract("Operators").read("controllers", institution)
    return Controllers(
        tuple(bytes(item) for item in record["govern"]),
        tuple(bytes(item) for item in record["admin"]),
        bytes(record["recovery"]),
    )


def in_order(
    places: Sequence[tuple[bytes, int]], institution: int, given: Iterable[Acceptance]
) -> list[tuple[int, bytes]]:
    """The acceptances of these places as the contract takes them. Raises `KeyUnusableError` for what lacks."""
    known = {(item.account, item.roles): item for item in given if item.institution == institution}
    for account, roles in places:
        if (account, roles) not in known:
            raise KeyUnusableError(
                f"the acceptance of {to_hex(account)} for institution {institution} is missing",
                "let its holder sign: `testamur account accept NAME --role ROLE`; and name the file with --acceptance",
            )
    return [known[place].as_struct() for place in places]


def creation_call(connection: Connection, number: int, chosen: Controllers, given: Iterable[Acceptance]) -> Call:
    """The call that creates institution `number`, for a vote."""
    accepted = in_order(chosen.places(), number, given)
    return connection.contract("Operators").call("createInstitution", number, chosen.as_struct(), accepted)


def read_acceptance(path: Path) -> Acceptance:
    """The acceptance in a file. Raises `KeyUnusableError`."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if (record["type"], record["version"]) != ("TestamurAcceptance", 1):
            raise ValueError("another kind of file")
        account, signature = (bytes.fromhex(record[name].removeprefix("0x")) for name in ("account", "signature"))
        found = Acceptance(
            account, int(record["institution"]), int(record["roles"]), int(record["deadline"]), signature
        )
        if len(account) != 20:
            raise ValueError("no address")
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeyUnusableError(
            f"{path} holds no acceptance", "`testamur account accept --out FILE` writes one"
        ) from error
    return found
