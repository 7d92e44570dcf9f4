"""Bundles that differ from one judged before in nothing but a learner's own values, read by that difference.

Data flow: bytes -> `Pattern.read` -> what `Bundle.parse` builds a bundle of, or None: the full parse judges. In a text
without escapes a quote is always the end of a string, so a text split at its quotes is a list of structure and strings
in turn. Where all parts but a learner's values are those of a bundle that passed the full parse, the tree has the same
shape and the same other values, and only these values are left to judge, each by the rule that the full parse has for
it. Whatever does not fit gives None, so that a refusal and its reason come from the full parse alone
(`docs/protocol.md 1.1`; the differential test is `tests/properties/test_patterns.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any, Final

import orjson

from testamur.batch.inclusion import Anchor, Inclusion
from testamur.credential.canonical import CanonicalBytes, double_lexical
from testamur.credential.document import Document, parse_credits, parse_moment, parse_signature
from testamur.credential.errors import MalformedError
from testamur.credential.nquads import Quads, UncompilableError
from testamur.credential.number import is_exact
from testamur.credential.shape import compile_shape, flatten, lexical_forms

__all__ = ["MAX_LINE", "Pattern", "compile_pattern"]

Path = tuple[str | int, ...]

_HEAD: Final = b'{"type":"TestamurBundle","version":1,"credential":'
_TAIL: Final = b',"inclusion":{'
MAX_LINE: Final = 32 * 1024
"""Bytes of a bundle that a pattern is made of; a learner's is a tenth of that."""
_U32: Final = 2**32
_SUBJECT: Final = "credentialSubject"
_OWN: Final = frozenset(
    {
        ("id",),
        ("validFrom",),
        ("validUntil",),
        (_SUBJECT, "creditsEarned"),
        (_SUBJECT, "licenseNumber"),
        (_SUBJECT, "term"),
        (_SUBJECT, "activityStartDate"),
        (_SUBJECT, "activityEndDate"),
    }
)
"""Values of a credential that are a learner's own, besides the status entries, identifiers and the proof's value."""


class Pattern:
    """What a line must be like, and where in it a learner's values stand; made by `compile_pattern`."""

    __slots__ = (
        "_anchor",
        "_credits",
        "_document",
        "_expected",
        "_fixed",
        "_hashes",
        "_inclusion",
        "_leaf_index",
        "_name",
        "_names",
        "_proof",
        "_quads",
        "_rules",
        "_sets",
        "_status_index",
        "_until",
        "_values",
        "fixed_parts",
        "size",
    )

    def __init__(
        self,
        parts: Sequence[str],
        places: Mapping[Path, int],
        values: Sequence[Path],
        rules: Sequence[tuple[Sequence[int], Callable[[Any], bool]]],
        sets: Sequence[Sequence[int]],
        quads: Quads,
        name: int | None,
        found: tuple[Document, Inclusion, Anchor],
    ) -> None:
        own = set(places.values())
        fixed = [place for place in range(len(parts)) if place not in own]
        self.size = len(parts)
        self.fixed_parts = {place: parts[place] for place in fixed}
        self._fixed: Callable[[Sequence[str]], tuple[str, ...]] = itemgetter(*fixed)
        self._expected = self._fixed(parts)
        self._values: Callable[[Sequence[str]], tuple[str, ...]] = itemgetter(*(places[path] for path in values))
        self._rules = tuple((allows, tuple(numbers)) for numbers, allows in rules)
        self._sets = tuple(tuple(numbers) for numbers in sets)
        self._quads = quads
        self._document, self._inclusion, self._anchor = found
        number = {path: position for position, path in enumerate(values)}
        status = [number["credentialStatus", entry, "statusListIndex"] for entry in (0, 1)]
        self._names = number["id",], number["validFrom",], *status
        self._until = number.get(("validUntil",))
        self._name = name
        credit = number.get((_SUBJECT, "creditsEarned"))
        self._credits = None if credit is None else (credit, (place := places[values[credit]]), *_ends(parts[place]))
        self._proof = places["proof", "proofValue"]
        path = [("inclusion", "path", step) for step in range(len(self._inclusion.path))]
        hashes = [*path, *(("inclusion", key) for key in ("salt", "outcomeTag", "holder"))]
        self._hashes: Callable[[Sequence[str]], tuple[str, ...]] = itemgetter(*(places[key] for key in hashes))
        leaf_index, status_index = places["inclusion", "leafIndex"], places["inclusion", "statusIndex"]
        self._leaf_index = leaf_index, _ends(parts[leaf_index])[0]
        self._status_index = status_index, _ends(parts[status_index])[0]

    def read(self, line: bytes, parts: Sequence[str]) -> tuple[Document, Inclusion, Anchor] | None:
        """Credential, proof and anchor of a line (and its parts), or None where it is to be parsed in full."""
        if self._credits is not None and ("." in parts[self._credits[1]]) is self._credits[3]:
            return None
        if self._fixed(parts) != self._expected:
            return None
        values = self._values(parts)
        joined = "".join(values)
        if not joined.isprintable() or "\\" in joined:
            return None
        document = self._read_document(line, parts[self._proof], list(values))
        inclusion = None if document is None else self._read_inclusion(parts)
        return None if document is None or inclusion is None else (document, inclusion, self._anchor)

    def _read_document(self, line: bytes, proof_value: str, forms: list[str]) -> Document | None:
        like, thousandths = self._document, self._document.claims.credits_thousandths
        if self._credits is not None:
            number, _, tail, is_whole = self._credits
            credit = _number(forms[number], tail) if is_whole else _fraction(forms[number], tail)
            if credit is None:
                return None
            forms[number] = str(credit) if is_whole else double_lexical(credit)
            try:
                thousandths = parse_credits(credit)
            except MalformedError:
                return None
        for allows, numbers in self._rules:
            for number in numbers:
                if not allows(forms[number]):
                    return None
        for numbers in self._sets:
            if len({forms[number] for number in numbers}) < len(numbers):
                return None
        id_, from_, index, other_index = self._names
        until, name = self._until, self._name
        valid_from = parse_moment(forms[from_])
        valid_until = None if until is None else parse_moment(forms[until])
        status_index = _integer(forms[index])
        signature = parse_signature(proof_value)
        if (
            valid_from is None
            or (until is not None and (valid_until is None or valid_until <= valid_from))
            or status_index is None
            or forms[index] != forms[other_index]
            or signature is None
            or (name is not None and not forms[name])
        ):
            return None
        nquads = self._quads.render(forms)
        if nquads is None:
            return None
        end = int(valid_until.timestamp()) if valid_until else 0
        claims = like.claims
        if claims.credits_thousandths != thousandths or claims.valid_until != end:
            claims = replace(claims, credits_thousandths=thousandths, valid_until=end)
        return Document(
            canonical=CanonicalBytes(line[len(_HEAD) : line.rindex(_TAIL)]),
            id=forms[id_],
            issuer_did=like.issuer_did,
            issuer_name=like.issuer_name,
            verification_method=like.verification_method,
            key=like.key,
            signature=signature,
            claims=claims,
            labels=like.labels,
            list=like.list,
            status_index=status_index,
            valid_from=valid_from,
            valid_until=valid_until,
            subject_name=like.subject_name if name is None else forms[name],
            achievement_name=like.achievement_name,
            created=like.created,
            nquads=nquads,
        )

    def _read_inclusion(self, parts: Sequence[str]) -> Inclusion | None:
        hashes = self._hashes(parts)
        joined = "".join(hashes)
        try:
            data = bytes.fromhex(joined.replace("0x", ""))
        except ValueError:
            return None
        # fromhex also takes capitals and spaces
        if set(map(len, hashes)) != {66} or f"x{data.hex('x', 32)}".replace("x", "0x") != joined:
            return None
        leaf_index = _number(parts[self._leaf_index[0]], self._leaf_index[1])
        status_index = _number(parts[self._status_index[0]], self._status_index[1])
        if leaf_index is None or status_index is None:
            return None
        like, end = self._inclusion, len(data) - 96
        return Inclusion(
            kind=like.kind,
            issuer=like.issuer,
            leaf_index=leaf_index,
            size=like.size,
            path=tuple([data[start : start + 32] for start in range(0, end, 32)]),
            salt=data[end : end + 32],
            outcome_tag=data[end + 32 : end + 64],
            holder=data[end + 64 :],
            list=like.list,
            status_index=status_index,
        )


def compile_pattern(line: bytes, tree: Mapping[str, Any], found: tuple[Document, Inclusion, Anchor]) -> Pattern | None:
    """The pattern of a line that was parsed into `tree` and judged to be `found`; None where it cannot serve as one."""
    document = found[0]
    if not line.startswith(_HEAD) or line[len(_HEAD) : line.rindex(_TAIL)] != document.canonical:
        return None
    parts = line.decode().split('"')
    leaves: list[tuple[Path, int, Any]] = []
    _find_leaves(tree, (), 0, leaves)
    places: dict[Path, int] = {}
    values: list[tuple[Path | None, Any]] = []  # in the order of `flatten`; without a path where it is not a learner's
    for path, place, value in leaves:
        written = orjson.dumps(value).decode()
        if isinstance(value, str) and f'"{parts[place]}"' != written:
            return None
        if path[0] == "credential":
            path, is_own = path[1:], _is_own(path[1:])
            if path[0] != "proof" and "type" not in path and "@context" not in path:
                values.append((path if is_own else None, value))
        else:
            is_own = path[0] == "inclusion" and (path[1] not in ("version", "kind", "issuer", "size", "list"))
        if is_own:
            if not isinstance(value, str) and not parts[place].startswith(f":{written}"):
                return None
            places[path] = place
    credential = {key: item for key, item in tree["credential"].items() if key != "proof"}
    if flatten(credential)[1] != [value for _, value in values]:
        return None
    return _compile(parts, places, values, credential, found)


def _compile(
    parts: Sequence[str],
    places: Mapping[Path, int],
    values: Sequence[tuple[Path | None, Any]],
    credential: Mapping[str, Any],
    found: tuple[Document, Inclusion, Anchor],
) -> Pattern | None:
    own = {number: path for number, (path, _) in enumerate(values) if path is not None}
    position = {number: place for place, number in enumerate(own)}
    shape = compile_shape(credential)
    sets = [numbers for numbers in shape.sets if any(number in own for number in numbers)]
    if any(number not in own for numbers in sets for number in numbers):
        return None  # some of the values that must differ are fixed
    forms = lexical_forms([value for _, value in values], shape.numbers)
    try:
        quads = shape.quads.bind({number: form for number, form in enumerate(forms) if number not in own})
    except UncompilableError:
        return None
    name = next((place for number, place in position.items() if own[number] == _name_path(credential)), None)
    return Pattern(
        parts,
        places,
        list(own.values()),
        [([position[n] for n in numbers if n in own], allows) for numbers, allows in shape.rules],
        [[position[number] for number in numbers] for numbers in sets],
        quads,
        name,
        found,
    )


def _name_path(credential: Mapping[str, Any]) -> Path | None:
    """Where the name stands that `Document.subject_name` gives."""
    for number, item in enumerate(credential[_SUBJECT].get("identifier", ())):
        if isinstance(item, dict) and item.get("identityType") == "name" and item.get("hashed") is False:
            return _SUBJECT, "identifier", number, "identityHash"
    return None


def _is_own(path: Path) -> bool:
    """Whether a credential's value is a learner's own."""
    if path[0] == "credentialStatus":
        return path[-1] in ("id", "statusListIndex")
    if path[:2] == (_SUBJECT, "identifier"):
        return path[-1] == "identityHash"
    return path in _OWN or path == ("proof", "proofValue")


def _find_leaves(value: Any, path: Path, strings: int, leaves: list[tuple[Path, int, Any]]) -> int:
    """Note every text and number with its path and its place among the parts; how many strings were before its end."""
    if isinstance(value, dict):
        for key, item in value.items():
            strings = _find_leaves(item, (*path, key), strings + 1, leaves)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            strings = _find_leaves(item, (*path, number), strings, leaves)
    elif isinstance(value, str):
        leaves.append((path, 2 * strings + 1, value))
        strings += 1
    elif value is not None and not isinstance(value, bool):
        leaves.append((path, 2 * strings, value))
    return strings


def _ends(part: str) -> tuple[str, bool]:
    """What follows the number in a part, and whether it is a whole one."""
    tail = part[1:].lstrip("-.0123456789")
    return tail, "." not in part


def _number(part: str, tail: str) -> int | None:
    """The whole number in a part `:number` and `tail`; None where there is none below 2³²."""
    if part[:1] != ":" or not part.endswith(tail):
        return None
    return _integer(part[1 : len(part) - len(tail)])


def _integer(text: str) -> int | None:
    if not text.isdigit() or not text.isascii() or len(text) > 10 or (text[0] == "0" and text != "0"):
        return None
    value = int(text)
    return value if value < _U32 else None


def _fraction(part: str, tail: str) -> float | None:
    text = part[1 : len(part) - len(tail)]
    try:
        value = float(text)
    except ValueError:
        return None
    is_plain = part[:1] == ":" and part.endswith(tail) and repr(value) == text and is_exact(value)
    return value if is_plain else None
