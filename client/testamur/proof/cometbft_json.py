"""Engine headers, commits and validators as CometBFT's `/commit` and `/validators` answers spell them.

Hashes are hexadecimal in capitals, keys and signatures base64, 64-bit integers decimal strings, times RFC 3339 with
up to nine decimals. Reading is strict about what it reads and silent about members it does not know.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from testamur.proof.cometbft import ABSENT, NIL, BlockId, Commit, CommitSignature, EngineHeader, SignedHeader, Validator
from testamur.proof.errors import MalformedEvidenceError

__all__ = [
    "format_time",
    "parse_time",
    "signed_header_from_json",
    "signed_header_to_json",
    "validator_from_json",
    "validator_to_json",
]

_MAX_VALIDATORS = 1_000
"""More places than any alliance has; a longer commit is refused before any signature is checked."""

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)
_ZERO_TIME = "0001-01-01T00:00:00Z"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEY_TYPE = "tendermint/PubKeyEd25519"
_HASHES = (
    "last_commit_hash",
    "data_hash",
    "validators_hash",
    "next_validators_hash",
    "consensus_hash",
    "app_hash",
    "last_results_hash",
    "evidence_hash",
    "proposer_address",
)


def signed_header_from_json(data: object) -> SignedHeader:
    """The `signed_header` member of a `/commit` answer. Raises MalformedEvidenceError."""
    signed = _object(data, "signed header")
    header, commit = _object(signed.get("header"), "header"), _object(signed.get("commit"), "commit")
    version = _object(header.get("version"), "version")
    places = commit.get("signatures")
    if not isinstance(places, list) or len(places) > _MAX_VALIDATORS:
        raise MalformedEvidenceError(f"signatures is not a list of at most {_MAX_VALIDATORS}")
    chain_id = header.get("chain_id")
    if not isinstance(chain_id, str) or not chain_id.isascii() or len(chain_id) > 50:
        raise MalformedEvidenceError("chain_id is not an engine chain id")
    return SignedHeader(
        EngineHeader(
            version_block=_integer(version, "block"),
            version_app=_integer(version, "app"),
            chain_id=chain_id,
            height=_integer(header, "height"),
            time_ns=parse_time(header.get("time")),
            last_block_id=_block_id(header.get("last_block_id")),
            **{name: _hex(header, name) for name in _HASHES},
        ),
        Commit(
            height=_integer(commit, "height"),
            round=_integer(commit, "round"),
            block_id=_block_id(commit.get("block_id")),
            signatures=tuple(_signature(place) for place in places),
        ),
    )


def signed_header_to_json(signed: SignedHeader) -> dict[str, Any]:
    """The `signed_header` member of a `/commit` answer, as CometBFT writes it."""
    header, commit = signed.header, signed.commit
    return {
        "header": {
            "version": {"block": str(header.version_block), "app": str(header.version_app)},
            "chain_id": header.chain_id,
            "height": str(header.height),
            "time": format_time(header.time_ns),
            "last_block_id": _block_id_to_json(header.last_block_id),
            **{name: getattr(header, name).hex().upper() for name in _HASHES},
        },
        "commit": {
            "height": str(commit.height),
            "round": commit.round,
            "block_id": _block_id_to_json(commit.block_id),
            "signatures": [
                {
                    "block_id_flag": vote.flag,
                    "validator_address": vote.validator_address.hex().upper(),
                    "timestamp": _ZERO_TIME if vote.flag == ABSENT else format_time(vote.time_ns),
                    "signature": base64.b64encode(vote.signature).decode() if vote.signature else None,
                }
                for vote in commit.signatures
            ],
        },
    }


def validator_from_json(data: object) -> Validator:
    """One element of a `/validators` answer. Raises MalformedEvidenceError."""
    entry = _object(data, "validator")
    key = _object(entry.get("pub_key"), "pub_key")
    raw = _base64(key.get("value"))
    power = _integer(entry, "voting_power")
    if key.get("type") != _KEY_TYPE or len(raw) != 32 or not 0 < power < 1 << 60:
        raise MalformedEvidenceError("a validator is not an Ed25519 key with a positive power")
    validator = Validator(raw, power)
    if _hex(entry, "address") != validator.address:
        raise MalformedEvidenceError("a validator's address is not that of its key")
    return validator


def validator_to_json(validator: Validator) -> dict[str, Any]:
    """One element of a `/validators` answer; the proposer's priority, which nothing hashes, is left out."""
    return {
        "address": validator.address.hex().upper(),
        "pub_key": {"type": _KEY_TYPE, "value": base64.b64encode(validator.key).decode()},
        "voting_power": str(validator.power),
    }


def parse_time(text: object) -> int:
    """Nanoseconds since 1970 of an RFC 3339 time in UTC. Raises MalformedEvidenceError."""
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    try:
        moment = datetime.fromisoformat(f"{match[1]}+00:00") if match else None
    except ValueError:
        moment = None
    if match is None or moment is None:
        raise MalformedEvidenceError(f"{str(text)[:40]!r} is not an RFC 3339 time in UTC")
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    return seconds * 1_000_000_000 + int((match[2] or "").ljust(9, "0"))


def format_time(time_ns: int) -> str:
    """The RFC 3339 form of a time, its decimals without trailing zeros, as Go prints it."""
    seconds, nanos = divmod(time_ns, 1_000_000_000)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return f"{text}.{nanos:09d}".rstrip("0") + "Z" if nanos else f"{text}Z"


def _signature(data: object) -> CommitSignature:
    place = _object(data, "commit signature")
    flag = place.get("block_id_flag")
    if isinstance(flag, bool) or not isinstance(flag, int) or not ABSENT <= flag <= NIL:
        raise MalformedEvidenceError("block_id_flag is none of 1, 2, 3")
    return CommitSignature(
        flag,
        _hex(place, "validator_address"),
        parse_time(place.get("timestamp")),
        b"" if flag == ABSENT else _base64(place.get("signature")),
    )


def _block_id(data: object) -> BlockId:
    if data is None:
        return BlockId(b"")
    block_id = _object(data, "block id")
    parts = _object(block_id.get("parts"), "parts")
    return BlockId(_hex(block_id, "hash"), _integer(parts, "total"), _hex(parts, "hash"))


def _block_id_to_json(block_id: BlockId) -> dict[str, Any]:
    parts = {"total": block_id.parts_total, "hash": block_id.parts_hash.hex().upper()}
    return {"hash": block_id.hash.hex().upper(), "parts": parts}


def _object(data: object, name: str) -> Mapping[str, object]:
    if not isinstance(data, dict):
        raise MalformedEvidenceError(f"{name} is not an object")
    return data


def _integer(data: Mapping[str, object], name: str) -> int:
    value = data.get(name)
    if isinstance(value, str) and re.fullmatch(r"0|[1-9][0-9]{0,18}", value, re.ASCII):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 63:
        raise MalformedEvidenceError(f"{name} is not a non-negative 64-bit integer")
    return value


def _hex(data: Mapping[str, object], name: str) -> bytes:
    value = data.get(name)
    if not isinstance(value, str) or not re.fullmatch(r"(?:[0-9A-Fa-f]{2}){0,64}", value, re.ASCII):
        raise MalformedEvidenceError(f"{name} is not hexadecimal of at most 64 bytes")
    return bytes.fromhex(value)


def _base64(value: object) -> bytes:
    try:
        if not isinstance(value, str) or len(value) > 128:
            raise ValueError("not a short string")
        data = base64.b64decode(value, validate=True)
        if base64.b64encode(data).decode() != value:
            raise ValueError("not the one encoding")
        return data
    except (ValueError, binascii.Error) as error:
        raise MalformedEvidenceError("a key or signature is not base64") from error
