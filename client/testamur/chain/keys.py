"""Signing keys of an institution: made, registered, retired and cut off by its ADMIN, restored by vote.

Registered keys are named by their hash (`key_hash`).
"""

from dataclasses import replace
from enum import IntEnum

from testamur.chain.connection import Connection
from testamur.chain.contracts import Call
from testamur.chain.password_file import read_password
from testamur.chain.signing_key import create_signing_key, load_signing_key, raw_public_key
from testamur.chain.transactions import Receipt
from testamur.profile import Institution, SigningKeys, update_profile
from testamur.proof.hashing import keccak256

__all__ = [
    "NOW",
    "KeyUsage",
    "add_key",
    "add_signing_keys",
    "consent_to_clear_key",
    "key_hash",
    "mark_key_compromised",
    "restore_key_call",
    "retire_key",
]

NOW = 0
"""As an end: the second of the block."""


class KeyUsage(IntEnum):
    """What a signing key signs (IKeys)."""

    CREDENTIAL = 1
    STATUS = 2


def key_hash(key: bytes) -> bytes:
    """The name of a raw 32-byte Ed25519 public key in the registry: its keccak-256."""
    if len(key) != 32:
        raise ValueError(f"an Ed25519 public key has 32 bytes, not {len(key)}")
    return keccak256(key)


def add_signing_keys(connection: Connection, institution: Institution, folder: str) -> Institution:
    """Create both signing keys where the profile has none, register those the chain does not know, save the profile.

    Safe to repeat: a key that is registered already is left alone.
    """
    profile = connection.profile
    signing = institution.signing
    if signing is None:
        signing = SigningKeys(f"{folder}/credential.pem", f"{folder}/status.pem")
        password = read_password(profile.password_path)
        for path in (signing.credential, signing.status):
            if not profile.resolve(path).exists():
                create_signing_key(profile.resolve(path), password)
        institution = replace(institution, signing=signing)
        changed = update_profile(profile, lambda current: current.with_institution(institution))
        connection.profile = replace(profile, institutions=changed.institutions)
    for path, usage in ((signing.credential, KeyUsage.CREDENTIAL), (signing.status, KeyUsage.STATUS)):
        key = raw_public_key(load_signing_key(profile.resolve(path), profile.password_path))
        record = connection.contract("Keys").read("key", institution.number, key_hash(key))
        if record["institution"] == 0:
            add_key(connection, institution, key, usage)
    return institution


def add_key(connection: Connection, institution: Institution, key: bytes, usage: KeyUsage) -> Receipt:
    """Register a raw Ed25519 public key; by the institution's ADMIN."""
    call = connection.contract("Keys").call("addKey", key, int(usage))
    return connection.sender_for(institution, "admin").send(call)


def retire_key(connection: Connection, institution: Institution, hashed: bytes, until: int = NOW) -> Receipt:
    """End a key's use, now or at a later second; what is anchored before stays valid. It only moves earlier."""
    call = connection.contract("Keys").call("retireKey", institution.number, hashed, until)
    return connection.sender_for(institution, "admin").send(call)


def mark_key_compromised(connection: Connection, institution: Institution, hashed: bytes, since: int) -> Receipt:
    """Say since when a key was in wrong hands: what was anchored from then on is not valid. It only moves earlier."""
    call = connection.contract("Keys").call("markKeyCompromised", institution.number, hashed, since)
    return connection.sender_for(institution, "admin").send(call)


def consent_to_clear_key(connection: Connection, institution: Institution, hashed: bytes) -> Receipt:
    """Agree, as a GOVERN, that a vote takes a key's cut-off away; good for 60 days."""
    call = connection.contract("Keys").call("consentToClearKey", institution.number, hashed)
    return connection.sender_for(institution, "govern").send(call)


def restore_key_call(connection: Connection, number: int, hashed: bytes, since: int | None, document: bytes) -> Call:
    """The call that moves the cut-off of institution `number`'s key to a later second, or takes it away; for a vote.

    Taking it away (None) needs the consent of a GOVERN of the institution first.
    """
    keys = connection.contract("Keys")
    if since is None:
        return keys.call("clearKey", number, hashed, document)
    return keys.call("restoreKey", number, hashed, since, document)
