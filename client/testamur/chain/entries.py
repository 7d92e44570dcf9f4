"""What a proposal would enter in the Directory: which contract, with which code, and whether this client knows it.

A contract that the Directory names acts for everybody, and the Directory itself asks it only what it says of itself. So
nobody votes for code that is not among the client's artifacts, unless they name its hash. Immutables are compared with
what they must be on this chain, by the variable that the compiler says stands there.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from testamur.artifacts import CONTRACTS, artifact
from testamur.artifacts.genesis import directory_name
from testamur.chain.calls import decode_call, name_in
from testamur.chain.contracts import Suite
from testamur.chain.errors import UnknownCodeError
from testamur.chain.rpc import to_hex
from testamur.proof.hashing import keccak256

__all__ = ["EntryCode", "entries_in", "require_known_code", "without_immutables"]

_EXPECTED = {
    "_alliance": "Alliance",
    "_operators": "Operators",
    "_permissions": "Permissions",
    "_directory": "Directory",
    "_keys": "Keys",
    "_history": "BlockHistory",
}
"""Immutable variable -> the contract whose address it holds; `_predecessor` holds the version in force."""


@dataclass(frozen=True, slots=True)
class EntryCode:
    """The code of one entry that a proposal would make."""

    name: str
    """The name in the Directory, as hex where it is no text."""
    target: bytes
    """20 bytes."""
    code_hash: bytes
    """keccak-256 of the code that stands there, 32 bytes."""
    is_known: bool
    """Whether it is the artifact of that name, with the immutables that this chain's contract has."""
    unexpected: tuple[str, ...] = ()
    """`Contract.variable` of immutables that hold something else, where the code is known but for them."""


def entries_in(suite: Suite, calls: Iterable[tuple[bytes, bytes]]) -> list[EntryCode]:
    """The entries that calls (target, data) of a proposal would make, in order."""
    found: list[EntryCode] = []
    for target, data in calls:
        if target != suite.directory.address:
            continue
        call = decode_call("Directory", data)
        if call is not None and call.function == "set":
            found.append(_entry(suite, call.arguments["name"], call.arguments["target"]))
    return found


def require_known_code(suite: Suite, calls: Iterable[tuple[bytes, bytes]], accepted: Iterable[bytes] = ()) -> None:
    """Refuse calls that enter code which this client does not know, unless `accepted` has its hash.

    Raises `UnknownCodeError`.
    """
    read = set(accepted)
    for entry in entries_in(suite, calls):
        if entry.is_known or entry.code_hash in read:
            continue
        name, target, code_hash = entry.name, to_hex(entry.target), to_hex(entry.code_hash)
        advice = f"update the client; or read the code and name its hash: --code-hash {code_hash}"
        if entry.unexpected:
            unexpected = ", ".join(entry.unexpected)
            raise UnknownCodeError(
                f"{name} would be {target}, which is built for something else than this chain: {unexpected}", advice
            )
        raise UnknownCodeError(f"{name} would be {target}, whose code this client does not know", advice)


def without_immutables(name: str, code: bytes | None) -> bytes:
    """Runtime code with zeros where the constructor wrote values; the artifact's own where none is given."""
    known = artifact(name)
    plain = bytearray(known.deployed_bytecode if code is None else code)
    for start, length in known.immutable_references:
        plain[start : start + length] = bytes(length)
    return bytes(plain)


def _entry(suite: Suite, word: bytes, target: bytes) -> EntryCode:
    name = name_in(word)
    code = suite.rpc.code(target)
    is_known = False
    unexpected: tuple[str, ...] = ()
    if name in CONTRACTS and without_immutables(name, code) == without_immutables(name, None):
        unexpected = tuple(_unexpected(suite, name, code))
        is_known = not unexpected
    return EntryCode(name or to_hex(word), target, keccak256(code), is_known, unexpected)


def _current(suite: Suite, name: str) -> bytes:
    """The contract in force under a name; zeros where there is none."""
    if name == "Directory":
        return suite.directory.address
    found: bytes = suite.directory.read("current", directory_name(name))
    return found


def _unexpected(suite: Suite, name: str, code: bytes) -> Iterable[str]:
    """The immutables that hold what they do not on this chain, or of which this client does not know what they hold."""
    for variable, places in artifact(name).immutables.items():
        short = variable.partition(".")[2]
        holder = name if short == "_predecessor" else _EXPECTED.get(short)
        expected = None if holder is None else _current(suite, holder).rjust(32, b"\0")
        if any(code[start : start + length] != expected for start, length in places):
            yield variable
