"""The bytes of the pool's journal: a heading that names the chain, then records, each with its length and checksum.

`length ‖ CRC-32 ‖ kind ‖ body`: kind 1 keeps a transaction (sender ‖ raw), kind 2 forgets some (their hashes). Nothing
here touches a disk. Reading takes any bytes for what they are: an unfinished end is what a power cut leaves, a record
whose checksum fails is passed over where the next one stands firm, and else everything from there on is given up.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from testamur.proof.hashing import keccak256

__all__ = ["Kept", "Reading", "heading", "keeping", "forgetting", "read", "HEADING_BYTES", "KEEPING_BYTES"]

_MAGIC = b"testamur pool 1\n"
HEADING_BYTES = len(_MAGIC) + 32
_FRAME = struct.Struct(">II")
_KEEP, _FORGET = 1, 2
KEEPING_BYTES = _FRAME.size + 21
"""What keeping a transaction takes beside its raw form."""
_LONGEST = 1 << 26
"""No body is longer: a larger length is damage."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One transaction as the journal has it."""

    sender: bytes
    """Who sent it; on development chains that may be another than the signature names."""
    raw: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What a journal says."""

    waiting: tuple[Kept, ...]
    """In the order in which they were acknowledged."""
    problems: tuple[str, ...]
    """What could not be read, a sentence each."""


def heading(chain: bytes) -> bytes:
    """How the journal of the chain with this genesis hash begins."""
    return _MAGIC + chain


def keeping(sender: bytes, raw: bytes) -> bytes:
    """The record that a transaction waits."""
    return _framed(bytes([_KEEP]) + sender + raw)


def forgetting(hashes: Sequence[bytes]) -> bytes:
    """The record that these do not wait any more; nothing for none."""
    return _framed(bytes([_FORGET]) + b"".join(hashes)) if hashes else b""


def _framed(body: bytes) -> bytes:
    return _FRAME.pack(len(body), zlib.crc32(body)) + body


def read(data: bytes, chain: bytes) -> Reading | None:
    """What waits by a journal's bytes; None where it is the journal of another chain, or none at all."""
    if data[:HEADING_BYTES] != heading(chain):
        return None
    waiting: dict[bytes, Kept] = {}
    problems: list[str] = []
    for body in _bodies(data, problems):
        if body[0] == _KEEP and len(body) > 21:
            waiting[keccak256(body[21:])] = Kept(body[1:21], body[21:])
        elif body[0] == _FORGET and len(body) % 32 == 1:
            for at in range(1, len(body), 32):
                waiting.pop(body[at : at + 32], None)
        else:
            problems.append(f"a record of kind {body[0]} and {len(body)} bytes means nothing")
    return Reading(tuple(waiting.values()), tuple(problems))


def _bodies(data: bytes, problems: list[str]) -> Iterator[bytes]:
    at = HEADING_BYTES
    while at < len(data):
        end = _end(data, at)
        if end is not None and _is_sound(data, at, end):
            yield data[at + _FRAME.size : end]
            at = end
            continue
        following = None if end is None else _end(data, end)
        if end is None or following is None or not _is_sound(data, end, following):
            problems.append(f"{len(data) - at} bytes at its end are no whole record")
            return
        problems.append(f"the record at byte {at} is damaged")
        at = end


def _end(data: bytes, at: int) -> int | None:
    """Where the record at `at` ends; None where no whole one begins there."""
    if at + _FRAME.size > len(data):
        return None
    length, _ = _FRAME.unpack_from(data, at)
    end: int = at + _FRAME.size + length
    return end if 0 < length <= _LONGEST and end <= len(data) else None


def _is_sound(data: bytes, at: int, end: int) -> bool:
    checksum: int = _FRAME.unpack_from(data, at)[1]
    return zlib.crc32(memoryview(data)[at + _FRAME.size : end]) == checksum
