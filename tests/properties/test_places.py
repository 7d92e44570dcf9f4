"""Each row of the table of places (`batch.places`), held against the full parse: what a place takes, and what not.

For every place of a genuine line, every text of a list is put there, and the line is read both ways. What the pattern
lets pass must equal what `Bundle.from_tree(parse_strict(…))` makes of it; and it must let pass the ordinary values of
its rule, so that the table is not held right by never being used.
"""

import json
import re
from dataclasses import asdict, replace
from functools import cache
from typing import Any

import orjson
import pytest
from testamur.batch.bundle import MAX_BUNDLE_BYTES, Bundle
from testamur.batch.learning import learn_pattern, subject_name_path
from testamur.batch.likeness import Likeness
from testamur.batch.pattern import Pattern, Place
from testamur.batch.places import EQUAL, KINDS, LATER, OWN, RULES
from testamur.credential.errors import MalformedError
from testamur.credential.strict import parse_strict
from testamur.credential.vocabulary import VALUE_RULES

from tests.client.verification.world import credential, world

HASH = "0x" + "5a" * 32
SIGNATURE = "z" + "2" * 87
TAKEN = {
    "iri": ["urn:x:y", "https://a.example/b?c#d", "urn:李:华"],
    "moment": ["2026-05-02T00:00:00Z", "2027-01-01T00:00:00+08:00", "2026-06-30T23:59:59-05:00"],
    "date": ["2026-09-01", "1999-12-31"],
    "whole": ["0", "7", "4294967"],
    "fraction": ["0.5", "140.125", "4294967.25"],
    "u32": ["0", "7", "4294967295"],
    "text": ["欧阳娜娜", "O'Neil, X.", "a b", "𠮷野", "{[,:]}", "0", "null"],
    "hash": [HASH, "0x" + "00" * 32, "0x" + "f0" * 32],
}
"""Ordinary values: a pattern is there to read these."""
HOSTILE = [
    "", " ", "x", "0", "00", "01", "-1", "-0", "+1", "1e2", "1E2", "1.0", "1.50", "0.00001", "1.2345",
    "12345678.9", "NaN",
    "Infinity", "true", "null", "1_0", "٣", "１", "4294967295", "4294967296", "99999999999", "9" * 400, "1 ",
    " 1", "1\t",
    "urn:x: y", "urn:x:%zz", "x:#", "a#b#c", "urn:x:#a#b", "//x", "urn:x:\u202e", "urn:" + "a" * 3_000, "1:2",
    "did:x:y",
    "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-05-01T24:00:00Z", "2026-05-01T00:00:60Z",
    "2026-05-01",
    "2026-05-01T00:00:00", "2026-05-01T00:00:00z", "2026-05-01t00:00:00Z", "2026-05-01T00:00:00+08:60",
    "1969-12-31T23:59:59Z",
    "2026-05-01T00:00:00+99:00", "2026-05-01T00:00:00.5Z", "２０２６-05-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00Z", "2099-01-01T00:00:00Z", HASH.upper(), HASH[:-1], HASH + "0", HASH[:-1] + " ",
    HASH[:-1] + "G",
    "0x" + " 5" * 32, "0X" + HASH[2:], HASH[2:], "0x" * 33, SIGNATURE, SIGNATURE[:-1], SIGNATURE + "2", "z",
    "z0", "m" + "2" * 87,
    "a\\u0041", "a\\n", "\\", 'a"', '","x":"', "\u200b", "\u202e", "\x7f", "\u0085", "\ufeff", "\ufffe",
    "\U000e0001", "\u3000", "\t",
]  # fmt: skip


@cache
def genuine() -> tuple[bytes, ...]:
    """Lines with every column: credits with a fraction and without."""
    trees = []
    for number, earned in ((1, 140.5), (2, 12)):
        columns: dict[str, Any] = {
            "creditsEarned": earned,
            "licenseNumber": "51101-2026-07",
            "term": "2026春",
            "activityStartDate": "2024-09-01",
            "activityEndDate": "2026-06-30",
        }
        changes = {f"credentialSubject__{name}": value for name, value in columns.items()}
        trees.append(credential(number, status_index=70_000 + number, **changes))
    return tuple(bundle.dump() for bundle in world().issue(trees))


@cache
def learnt(line: bytes) -> tuple[Pattern, Likeness]:
    """The pattern of a line, and what reads by it."""
    bundle = full(line)
    assert bundle is not None
    assert bundle.document is not None
    pattern = learn_pattern(line, orjson.loads(line), bundle.document)
    assert pattern is not None
    found = bundle.document, bundle.inclusion, bundle.anchor
    return pattern, Likeness(pattern, found, subject_name_path(orjson.loads(line)))


def full(line: bytes) -> Bundle | None:
    try:
        return Bundle.from_tree(parse_strict(line, MAX_BUNDLE_BYTES))
    except MalformedError:
        return None


def read(likeness: Likeness, line: bytes) -> bool:
    """Whether a line is read by its likeness; then the full parse takes it too, and reads the same."""
    parts = line.decode().split('"')
    found = likeness.read(line, parts) if len(parts) == likeness.size else None
    if found is None:
        return False
    document, inclusion, anchor = found
    assert full(line) == Bundle(document, None, inclusion, anchor)
    return True


def written(pattern: Pattern, values: dict[str, str]) -> bytes:
    """The example with other texts at some places, and at those that must be equal to them."""
    parts = pattern.example.split('"')
    for first, second in EQUAL:
        if first in values or second in values:
            values = {first: values.get(first, values.get(second, "")), second: values.get(second, ""), **values}
            values[second] = values[first]
    for place in pattern.places:
        if place.path in values:
            text = values[place.path]
            parts[place.part] = text if place.part % 2 else f":{text}{place.after}"
    return '"'.join(parts).encode("utf-8", "surrogatepass")


def places() -> list[tuple[int, Place]]:
    return [(number, place) for number, line in enumerate(genuine()) for place in learnt(line)[0].places]


def test_every_row_of_the_table_is_a_place_of_a_genuine_line() -> None:
    found = {re.sub(r"\[\d+\]", "[]", place.path) for _, place in places()}
    assert found == set(OWN)
    assert {place.rule for _, place in places()} == set(RULES)
    assert {name for pair in (*EQUAL, *LATER) for name in pair} <= {place.path for _, place in places()}


@pytest.mark.parametrize("number", range(2))
def test_each_place_takes_what_the_full_parse_takes_and_reads_it_alike(number: int) -> None:
    pattern, likeness = learnt(genuine()[number])
    for place in pattern.places:
        for text in (*HOSTILE, *(text for texts in TAKEN.values() for text in texts)):
            read(likeness, written(pattern, {place.path: text}))


@pytest.mark.parametrize("number", range(2))
def test_each_place_takes_the_ordinary_values_of_its_rule(number: int) -> None:
    pattern, likeness = learnt(genuine()[number])
    assert read(likeness, pattern.example.encode())
    for place in pattern.places:
        for text in TAKEN.get(place.rule, []):
            assert read(likeness, written(pattern, {place.path: text})), (place.path, text)


def test_another_learners_signature_is_taken() -> None:
    (first, second), (pattern, likeness) = genuine(), learnt(genuine()[0])
    other = json.loads(second)["credential"]["proof"]["proofValue"]
    assert first != second
    assert read(likeness, written(pattern, {"credential.proof.proofValue": other}))


def test_places_that_must_be_equal_or_later_are_held_to_it() -> None:
    pattern, likeness = learnt(genuine()[0])
    parts = pattern.example.split('"')
    for _, second in EQUAL:
        [place] = [place for place in pattern.places if place.path == second]
        changed = [*parts[: place.part], "5", *parts[place.part + 1 :]]
        assert not read(likeness, '"'.join(changed).encode())
    for later, earlier in LATER:
        for moment in ("2030-01-01T00:00:00Z", "2030-01-01T08:00:00+08:00"):
            values = {earlier: "2030-01-01T00:00:00Z", later: moment}
            assert not read(likeness, written(pattern, values))
        assert read(likeness, written(pattern, {earlier: "2030-01-01T00:00:00Z", later: "2030-01-01T00:00:01Z"}))


def test_every_part_that_is_no_place_is_fixed() -> None:
    pattern, likeness = learnt(genuine()[0])
    parts = pattern.example.split('"')
    own = {place.part for place in pattern.places}
    assert len(own) == len(pattern.places)
    for number in set(range(len(parts))) - own:
        for other in (parts[number] + " ", parts[number][1:], "x"):
            if other != parts[number]:
                assert not read(likeness, '"'.join([*parts[:number], other, *parts[number + 1 :]]).encode())


def test_what_stands_around_a_number_is_fixed() -> None:
    pattern, likeness = learnt(genuine()[0])
    parts = pattern.example.split('"')
    numbers = [place for place in pattern.places if not place.part % 2]
    assert len(numbers) == 3
    for place in numbers:
        one = "1.5" if place.rule == "fraction" else "12"
        good = f":{one}{place.after}"
        others = [
            "",
            ":",
            one,
            f"{one}{place.after}",
            f":{one}",
            f":{one}]",
            f" :{one}{place.after}",
            f":{one} {place.after}",
        ]
        others += [
            f":{one}{place.after} ",
            f",{one}{place.after}",
            f":{one}{place.after}{place.after}",
            f": {one}{place.after}",
        ]
        assert read(likeness, '"'.join([*parts[: place.part], good, *parts[place.part + 1 :]]).encode())
        for other in others:
            assert not read(likeness, '"'.join([*parts[: place.part], other, *parts[place.part + 1 :]]).encode())


@pytest.mark.parametrize("rule", KINDS)
def test_a_rule_takes_no_text_that_the_kinds_of_its_place_refuse(rule: str) -> None:
    for text in (*HOSTILE, *TAKEN[rule]):
        values = RULES[rule]([text]) if text.isprintable() and '"' not in text and "\\" not in text else None
        if values is not None:
            value: Any = values[0] if rule in ("whole", "fraction") else text
            assert all(VALUE_RULES[kind][0](value) for kind in KINDS[rule] if kind != "integer" or rule == "whole")


@pytest.mark.parametrize("rule", RULES)
def test_one_bad_text_among_good_ones_refuses_all(rule: str) -> None:
    good = TAKEN.get(rule) or [json.loads(genuine()[0])["credential"]["proof"]["proofValue"]]
    assert RULES[rule](good) is not None
    assert RULES[rule]([*good, ""]) is None
    assert RULES[rule](["", *good]) is None


def test_a_pattern_is_plain_data_that_json_carries() -> None:
    pattern, _ = learnt(genuine()[0])
    carried = json.loads(json.dumps(asdict(pattern)))
    again = Pattern(
        example=carried["example"],
        places=tuple(Place(**place) for place in carried["places"]),
        values=tuple(carried["values"]),
        sets=tuple(map(tuple, carried["sets"])),
        quads=tuple(map(tuple, carried["quads"])),
    )
    assert again == pattern
    bundle = full(genuine()[0])
    assert bundle is not None
    assert bundle.document is not None
    likeness = Likeness(again, (bundle.document, bundle.inclusion, bundle.anchor), None)
    assert likeness.read(genuine()[0], pattern.example.split('"')) is not None


def test_a_line_that_is_not_written_as_this_software_writes_is_no_pattern() -> None:
    line = genuine()[0]
    bundle = full(line)
    assert bundle is not None
    assert bundle.document is not None
    tree = orjson.loads(line)
    moved = orjson.dumps({key: tree[key] for key in ("version", "type", "credential", "inclusion", "anchor")})
    assert learn_pattern(moved, tree, bundle.document) is None
    spaced = json.dumps(tree, ensure_ascii=False).encode()
    assert learn_pattern(spaced, tree, bundle.document) is None
    other = replace(bundle.document, canonical=type(bundle.document.canonical)(b"{}"))
    assert learn_pattern(line, tree, other) is None
