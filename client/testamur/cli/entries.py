"""What a proposal enters in the Directory, for the commands that show it, propose it and vote for it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from testamur.cli.failure import UsageError
from testamur.cli.session import Session

if TYPE_CHECKING:
    from testamur.chain.contracts import Suite

__all__ = ["CodeHashes", "agree_to_code", "show_entries"]

CodeHashes = Annotated[
    list[str] | None,
    typer.Option(
        "--code-hash", metavar="0x…", help="Agree to code that this client does not know: its hash, once you read it."
    ),
]


def agree_to_code(suite: "Suite", calls: Iterable[tuple[bytes, bytes]], hashes: Iterable[str] | None) -> None:
    """Refuse calls (target, data) that enter code which neither this client knows nor one of the hashes names."""
    from testamur.chain.entries import require_known_code

    require_known_code(suite, calls, [_hash(text) for text in hashes or ()])


def show_entries(session: Session, suite: "Suite", calls: Iterable[tuple[bytes, bytes]]) -> list[dict[str, Any]]:
    """Say what the calls enter and whether its code is known; the same as data."""
    from testamur.chain.entries import entries_in
    from testamur.chain.rpc import to_hex

    shown: list[dict[str, Any]] = []
    for entry in entries_in(suite, calls):
        shown.append(
            {
                "name": entry.name,
                "target": to_hex(entry.target),
                "codeHash": to_hex(entry.code_hash),
                "known": entry.is_known,
                "unexpected": list(entry.unexpected),
            }
        )
        target, code_hash = to_hex(entry.target), to_hex(entry.code_hash)
        if entry.is_known:
            session.terminal.say(
                "{name} would be {target}, with code that this client knows ({code_hash})",
                name=entry.name,
                target=target,
                code_hash=code_hash,
            )
        elif entry.unexpected:
            session.terminal.say(
                "{name} would be {target}, built for something else than this chain: {unexpected} ({code_hash})",
                name=entry.name,
                target=target,
                unexpected=", ".join(entry.unexpected),
                code_hash=code_hash,
            )
        else:
            session.terminal.say(
                "{name} would be {target}, with code that this client does not know ({code_hash})",
                name=entry.name,
                target=target,
                code_hash=code_hash,
            )
    return shown


def _hash(text: str) -> bytes:
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 32:
        raise UsageError(f"{text!r} is not the hash of a code", "32 bytes in hex: --code-hash 0x…")
    return found
