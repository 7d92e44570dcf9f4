"""Bundles that differ from one judged before in nothing but a learner's own values, read by that difference.

Data flow: a line and its parts -> `Likeness.read` -> what `Bundle.parse` builds a bundle of, or None: the full parse
judges. Whatever does not fit gives None, so that a refusal and its reason come from the full parse alone
(`docs/protocol.md 1.1`; the differential test is `tests/properties/test_patterns.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from testamur.batch.inclusion import Anchor, Inclusion
from testamur.batch.pattern import HEAD, TAIL, Pattern
from testamur.batch.places import EQUAL, LATER, RULES, TELLING
from testamur.credential.canonical import CanonicalBytes, double_lexical
from testamur.credential.document import Document, parse_credits
from testamur.credential.nquads import Quads

__all__ = ["Likeness"]

_CREDITS = "credential.credentialSubject.creditsEarned"


class Likeness:
    """A pattern made ready for reading, with what the full parse found in its example."""

    __slots__ = (
        "_anchor",
        "_credits",
        "_document",
        "_equal",
        "_expected",
        "_fixed",
        "_forms",
        "_groups",
        "_inclusion",
        "_later",
        "_name",
        "_numbers",
        "_own",
        "_path",
        "_quads",
        "_sets",
        "fixed_parts",
        "size",
    )

    def __init__(self, pattern: Pattern, found: tuple[Document, Inclusion, Anchor], name: str | None) -> None:
        """`name` is the path of the text that `Document.subject_name` gives; None where it is not a learner's own."""
        parts = pattern.example.split('"')
        places = {place.path: place for place in pattern.places}
        own = {place.part for place in pattern.places}
        self._document, self._inclusion, self._anchor = found
        self.size = len(parts)
        self.fixed_parts = {number: part for number, part in enumerate(parts) if number not in own}
        self._fixed: Callable[[Sequence[str]], tuple[str, ...]] = itemgetter(*self.fixed_parts)
        self._expected = self._fixed(parts)
        self._numbers = [(place.part, place.after) for place in pattern.places if not place.part % 2]
        self._own: Callable[[Sequence[str]], tuple[str, ...]] = itemgetter(*own)
        self._groups = []
        rules = dict.fromkeys(place.rule for place in pattern.places)
        for rule in sorted(rules, key=lambda rule: rule not in TELLING):
            group = [place for place in pattern.places if place.rule == rule]
            self._groups.append((RULES[rule], _getter([place.part for place in group]), [item.path for item in group]))
        self._forms = _getter([places[path].part for path in pattern.values])
        self._credits = pattern.values.index(_CREDITS) if _CREDITS in places else None
        self._sets = pattern.sets
        self._quads = Quads(pattern.quads, pattern.sets, len(pattern.values))
        self._equal = [pair for pair in EQUAL if pair[0] in places or pair[1] in places]
        self._later = [pair for pair in LATER if pair[0] in places and pair[1] in places]
        self._path = [f"inclusion.path[{step}]" for step in range(len(self._inclusion.path))]
        self._name = name

    def read(self, line: bytes, parts: Sequence[str]) -> tuple[Document, Inclusion, Anchor] | None:
        """Credential, proof and anchor of a line (and its parts), or None where it is to be parsed in full.

        1. every part that is not a place is the example's
        2. a number stands where a number is due
        3. no text of a learner's own needs an escape or may not be shown
        4. each value keeps the rule of its place, those that must be equal, later or different are
        5. the quads can be written by substitution
        """
        if self._fixed(parts) != self._expected:
            return None
        texts = list(parts)
        for part, after in self._numbers:
            text = texts[part]
            if text[:1] != ":" or not text.endswith(after):
                return None
            texts[part] = text[1 : len(text) - len(after)]
        joined = "".join(self._own(texts))
        if not joined.isprintable() or "\\" in joined:
            return None
        found: dict[str, Any] = {}
        for read, get, paths in self._groups:
            values = read(get(texts))
            if values is None:
                return None
            found.update(zip(paths, values, strict=True))
        for first, second in self._equal:
            if found[first] != found[second]:
                return None
        for later, earlier in self._later:
            if found[later] <= found[earlier]:
                return None
        document = self._read_document(line, list(self._forms(texts)), found)
        return None if document is None else (document, self._read_inclusion(found), self._anchor)

    def _read_document(self, line: bytes, forms: list[str], found: dict[str, Any]) -> Document | None:
        like, claims = self._document, self._document.claims
        thousandths = claims.credits_thousandths
        if self._credits is not None:
            earned = found[_CREDITS]
            thousandths = parse_credits(earned)
            forms[self._credits] = str(earned) if isinstance(earned, int) else double_lexical(earned)
        for numbers in self._sets:
            if len({forms[number] for number in numbers}) < len(numbers):
                return None
        nquads = self._quads.render(forms)
        if nquads is None:
            return None
        valid_until = found.get("credential.validUntil")
        end = int(valid_until.timestamp()) if valid_until else 0
        if claims.credits_thousandths != thousandths or claims.valid_until != end:
            claims = replace(claims, credits_thousandths=thousandths, valid_until=end)
        return Document(
            canonical=CanonicalBytes(line[len(HEAD) : line.rindex(TAIL)]),
            id=found["credential.id"],
            issuer_did=like.issuer_did,
            issuer_name=like.issuer_name,
            verification_method=like.verification_method,
            key=like.key,
            signature=found["credential.proof.proofValue"],
            claims=claims,
            labels=like.labels,
            list=like.list,
            status_index=found["credential.credentialStatus[0].statusListIndex"],
            valid_from=found["credential.validFrom"],
            valid_until=valid_until,
            subject_name=like.subject_name if self._name is None else found[self._name],
            achievement_name=like.achievement_name,
            created=like.created,
            nquads=nquads,
        )

    def _read_inclusion(self, found: dict[str, Any]) -> Inclusion:
        like = self._inclusion
        return Inclusion(
            kind=like.kind,
            issuer=like.issuer,
            leaf_index=found["inclusion.leafIndex"],
            size=like.size,
            path=tuple([found[step] for step in self._path]),
            salt=found["inclusion.salt"],
            outcome_tag=found["inclusion.outcomeTag"],
            holder=found["inclusion.holder"],
            list=like.list,
            status_index=found["inclusion.statusIndex"],
        )


def _getter(numbers: list[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """The items of these numbers, as a tuple also where it is one."""
    if len(numbers) == 1:
        return lambda items: (items[numbers[0]],)
    return itemgetter(*numbers)
