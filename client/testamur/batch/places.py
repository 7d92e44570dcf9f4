"""Where a learner's own values stand in a bundle, and the rule for each: a table, and the few functions that it names.

A bundle differs from the others of its batch in these places alone. `batch.learning` finds them in a line,
`batch.likeness` reads other lines by them. A rule is what the full parse demands of the value, or stricter
(`docs/protocol.md 1`, `5`); `tests/properties/test_patterns.py` holds each row of the table against the full parse.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from testamur.credential.document import parse_credits, parse_moment, parse_signature
from testamur.credential.errors import MalformedError
from testamur.credential.number import is_exact
from testamur.credential.vocabulary import VALUE_RULES, is_absolute_iri

__all__ = ["EQUAL", "KINDS", "LATER", "OWN", "RULES", "TELLING", "rule_at"]

_SUBJECT: Final = "credential.credentialSubject"
OWN: Final[Mapping[str, str]] = {
    "credential.id": "iri",
    "credential.validFrom": "moment",
    "credential.validUntil": "moment",
    "credential.credentialStatus[].id": "iri",
    "credential.credentialStatus[].statusListIndex": "u32",
    f"{_SUBJECT}.identifier[].identityHash": "text",
    f"{_SUBJECT}.creditsEarned": "credits",
    f"{_SUBJECT}.licenseNumber": "text",
    f"{_SUBJECT}.term": "text",
    f"{_SUBJECT}.activityStartDate": "date",
    f"{_SUBJECT}.activityEndDate": "date",
    "credential.proof.proofValue": "signature",
    "inclusion.leafIndex": "u32",
    "inclusion.statusIndex": "u32",
    "inclusion.path[]": "hash",
    "inclusion.salt": "hash",
    "inclusion.outcomeTag": "hash",
    "inclusion.holder": "hash",
}
"""Place -> rule; `[]` is any place of an array."""
EQUAL: Final = (("credential.credentialStatus[0].statusListIndex", "credential.credentialStatus[1].statusListIndex"),)
"""Places that must say the same."""
LATER: Final = (("credential.validUntil", "credential.validFrom"),)
"""Moments of which the first must come after the second, where both are there."""
KINDS: Final[Mapping[str, frozenset[str]]] = {
    "iri": frozenset({"id", "anyURI"}),
    "moment": frozenset({"dateTime"}),
    "date": frozenset({"date"}),
    "whole": frozenset({"float", "integer"}),
    "fraction": frozenset({"float"}),
    "u32": frozenset({"text", "plain"}),
    "text": frozenset({"text", "plain"}),
}
"""Rule -> kinds of values of `vocabulary.VALUE_RULES` for which it is strict enough, of those in a credential."""
_U32: Final = 2**32
_HASH_LENGTH: Final = len("0x") + 64


def rule_at(path: str, value: str | int | float) -> str | None:
    """The rule for what stands at `path`; None where it is not a learner's own. Numbers keep their JSON type."""
    rule = OWN.get(re.sub(r"\[\d+\]", "[]", path))
    if rule == "credits":
        return "whole" if isinstance(value, int) else "fraction"
    return rule


def _integer(text: str) -> int | None:
    if not text.isdigit() or not text.isascii() or len(text) > 10 or (text[0] == "0" and text != "0"):
        return None
    value = int(text)
    return value if value < _U32 else None


def _whole(text: str) -> int | None:
    value = _integer(text)
    return value if value is not None and _are_credits(value) else None


def _fraction(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if repr(value) == text and is_exact(value) and _are_credits(value) else None


def _are_credits(value: float) -> bool:
    try:
        parse_credits(value)
    except MalformedError:
        return False
    return True


def _moment(text: str) -> Any:
    return parse_moment(text) if VALUE_RULES["dateTime"][0](text) else None


def _hashes(texts: Sequence[str]) -> list[bytes] | None:
    joined = "".join(texts)
    try:
        data = bytes.fromhex(joined.replace("0x", ""))
    except ValueError:
        return None
    # fromhex also takes capitals and spaces
    if set(map(len, texts)) != {_HASH_LENGTH} or f"x{data.hex('x', 32)}".replace("x", "0x") != joined:
        return None
    return [data[start : start + 32] for start in range(0, len(data), 32)]


def _each(read: Callable[[str], Any]) -> Callable[[Sequence[str]], list[Any] | None]:
    def read_all(texts: Sequence[str]) -> list[Any] | None:
        values = [read(text) for text in texts]
        return None if None in values else values

    return read_all


RULES: Final[Mapping[str, Callable[[Sequence[str]], list[Any] | None]]] = {
    "iri": _each(lambda text: text if is_absolute_iri(text) else None),
    "moment": _each(_moment),
    "date": _each(lambda text: text if VALUE_RULES["date"][0](text) else None),
    "whole": _each(_whole),
    "fraction": _each(_fraction),
    "u32": _each(_integer),
    "text": _each(lambda text: text or None),  # an empty name is none
    "signature": _each(parse_signature),
    "hash": _hashes,
}
"""Rule -> the values of the texts at all its places, or None where the full parse is to judge."""
TELLING: Final = frozenset({"whole", "fraction"})
"""Rules by which patterns of the same fixed parts differ: judged first, for half the lines may be the other's."""
