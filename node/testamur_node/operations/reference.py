"""The reference alliance of two institutions, with fresh accounts: what `init` makes where no alliance.toml is given.

Beside the accounts' key files it writes `alliance.toml`, from which the genesis is built, and `testamur.toml`, the
profile with which the client acts for the founders.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import tomli_w
from testamur.artifacts import GENESIS_ADDRESSES
from testamur.artifacts.genesis import TRIAL_PERIODS

from testamur_node.operations.keystore import address_of, encrypt, new_key, write_secret

__all__ = ["ReferenceInstitution", "REFERENCE", "MemberAccounts", "make_accounts", "alliance_toml", "profile_toml"]


@dataclass(frozen=True, slots=True)
class ReferenceInstitution:
    """A founder of the reference alliance."""

    number: int
    name: str
    slug: str
    did: str
    region: int
    """First digits of its administrative division code (GB/T 2260)."""


REFERENCE = (
    ReferenceInstitution(1, "成都开放大学", "cdou", "did:web:cdou.example", 5101),
    ReferenceInstitution(2, "电子科技大学", "uestc", "did:web:uestc.example", 5101),
)

_ROLES = ("govern-1", "govern-2", "admin", "issue", "status", "recovery")


@dataclass(frozen=True, slots=True)
class MemberAccounts:
    """A founder with the addresses of its accounts."""

    institution: ReferenceInstitution
    addresses: dict[str, bytes]
    """By role: govern-1, govern-2, admin, issue, status, recovery."""


def make_accounts(folder: Path) -> list[MemberAccounts]:
    """Write `folder`/<slug>-<role>.json for every founder and role, and the one password that opens them."""
    folder.mkdir(mode=0o700, parents=True)
    password = secrets.token_urlsafe(24)
    write_secret(folder / "password", password + "\n")
    members = []
    for institution in REFERENCE:
        addresses = {}
        for role in _ROLES:
            key = new_key()
            write_secret(folder / f"{institution.slug}-{role}.json", encrypt(key, password))
            addresses[role] = address_of(key)
        members.append(MemberAccounts(institution, addresses))
    return members


def _hex(address: bytes) -> str:
    return "0x" + address.hex()


def alliance_toml(members: list[MemberAccounts], chain_id: int, genesis_time: datetime, validator_key: bytes) -> str:
    """The founding as a file that its members can read, compare and agree on before genesis."""
    return tomli_w.dumps(
        {
            "version": 1,
            "chain_id": chain_id,
            "genesis_time": genesis_time,
            "threshold": [2, 3],
            "periods": {"unit": "seconds", **TRIAL_PERIODS},
            "member": [
                {
                    "number": member.institution.number,
                    "name": member.institution.name,
                    "govern": [_hex(member.addresses["govern-1"]), _hex(member.addresses["govern-2"])],
                    "admin": [_hex(member.addresses["admin"])],
                    "issue": [_hex(member.addresses["issue"])],
                    "status": [_hex(member.addresses["status"])],
                    "recovery": _hex(member.addresses["recovery"]),
                }
                for member in members
            ],
            "validator": [{"key": validator_key.hex(), "institution": 1, "power": 100}],
        }
    )


def profile_toml(members: list[MemberAccounts], chain_id: int, rpc: str) -> str:
    """The profile, `testamur.toml`, whose accounts lie in keys/ beside it."""

    def path(member: MemberAccounts, role: str) -> str:
        return f"keys/{member.institution.slug}-{role}.json"

    return tomli_w.dumps(
        {
            "version": 1,
            "rpc": rpc,
            "chain_id": chain_id,
            "engine_chain_id": f"testamur-{chain_id}",
            "password_file": "keys/password",
            "directory": _hex(GENESIS_ADDRESSES["Directory"]),
            "policy": "policy.toml",
            "institution": [
                {
                    "number": member.institution.number,
                    "name": member.institution.name,
                    "slug": member.institution.slug,
                    "did": member.institution.did,
                    "region": member.institution.region,
                    "accounts": {
                        "govern": [path(member, "govern-1"), path(member, "govern-2")],
                        **{role: path(member, role) for role in ("admin", "issue", "status", "recovery")},
                    },
                }
                for member in members
            ],
        }
    )
