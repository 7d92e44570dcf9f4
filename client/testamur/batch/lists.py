"""The profile's status lists: their keys on disk, their records on the chain, and opening a new one.

A profile issues only into lists that its ISSUE account holds (it opened them, or they were handed to it) and whose key
is here: without the key that maps counters to indexes a list takes no more. The key is on disk before the list is
opened, so that a crash in between costs an unused list and nothing else.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from testamur.batch.permutation import KEY_BYTES
from testamur.batch.planning import OpenList
from testamur.chain.connection import Connection
from testamur.chain.errors import KeyUnusableError
from testamur.chain.exposure import complain_of_exposure
from testamur.chain.institution import open_list_call
from testamur.chain.signer import write_secret
from testamur.profile import Institution, StatusListKey, update_profile

__all__ = ["load_list_key", "open_list", "read_lists"]

_RESTORE = "restore it from a backup, or take the list out of testamur.toml: a new one is opened then"


def read_lists(connection: Connection, institution: Institution) -> list[OpenList]:
    """The lists that this profile can issue into, oldest first, as they stand now."""
    if not institution.lists or institution.accounts.issue is None:
        return []
    own = connection.contract("Operators").read("referenceOf", connection.address_for(institution, "issue"))["index"]
    registry = connection.contract("StatusRegistry")
    records = registry.read_many("listOf", [(item.number,) for item in institution.lists])
    found: list[OpenList] = []
    for item, record in zip(institution.lists, records, strict=True):
        if record["issuer"] != institution.number:
            continue  # opened on another chain, or in a registry that was replaced since
        if record["holder"] != own:
            continue  # another account of the institution fills it
        key = load_list_key(connection.profile.resolve(item.key))
        found.append(OpenList(item.number, record["log2size"], record["next"], key))
    return found


def load_list_key(path: Path) -> bytes:
    """The 32-byte key in a list's key file."""
    complain_of_exposure(path)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip().removeprefix("0x"))
    except OSError as error:
        raise KeyUnusableError(
            f"the list key {path} cannot be read: {error.strerror}",
            _RESTORE,
        ) from error
    except ValueError as error:
        raise KeyUnusableError(f"{path} is no list key: not hex", _RESTORE) from error
    if len(key) != KEY_BYTES:
        raise KeyUnusableError(f"{path} is no list key: {len(key)} bytes, not {KEY_BYTES}", _RESTORE)
    return key


def open_list(connection: Connection, institution: Institution, log2size: int) -> Institution:
    """Open a list of 2^log2size entries, keep its key and enter it in the profile; the institution with it."""
    profile = connection.profile
    key_path = f"lists/{institution.slug}-{secrets.token_hex(4)}.key"
    write_secret(profile.resolve(key_path), secrets.token_hex(KEY_BYTES).encode() + b"\n")
    receipt = connection.sender_for(institution, "issue").send(open_list_call(connection, log2size))
    opened = connection.contract("StatusRegistry").decode_logs(receipt.logs)
    number = next(entry.arguments["list"] for entry in opened if entry.event == "ListOpened")
    entry = StatusListKey(number, log2size, key_path)
    changed = update_profile(
        profile, lambda current: current.with_institution(_with_list(current.institution(institution.number), entry))
    )
    connection.profile = replace(profile, institutions=changed.institutions)
    return connection.profile.institution(institution.number)


def _with_list(institution: Institution, entry: StatusListKey) -> Institution:
    lists: Sequence[StatusListKey] = [item for item in institution.lists if item.number != entry.number]
    return replace(institution, lists=(*lists, entry))
