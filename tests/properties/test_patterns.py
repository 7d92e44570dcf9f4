"""Reading a bundle by its likeness to an earlier one gives what the full parse gives, and refuses nothing less.

The judge of `batch.patterns` is `Bundle.from_tree(parse_strict(…))`: every line is read both ways, with patterns of
genuine bundles known, and whatever a pattern lets pass must be equal to what the full parse makes of it.
"""

import copy
import json
from functools import cache
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from testamur.batch.bundle import MAX_BUNDLE_BYTES, Bundle
from testamur.batch.patterns import Patterns
from testamur.credential.errors import MalformedError
from testamur.credential.strict import parse_strict
from testamur.verification.checks import check_document

from tests.client.verification.world import credential, world
from tests.properties.test_verdicts import Path, altered, at, leaves, replaced

OWN = ("2026-02-30T00:00:00Z", "2026-07-01T16:00:00Z", "urn:uuid:1", "x y", "", "0", "00", "-1", "4294967296", "陈平")


@cache
def genuine() -> list[bytes]:
    """Lines of one batch and of another, each with two sets of columns."""
    chain = world()
    first = [credential(n, status_index=70_000 + n) for n in range(4)]
    second = [credential(n, status_index=80_000 + n, valid_until=None) for n in range(4, 8)]
    return [bundle.dump() for bundle in (*chain.issue(first), *chain.issue(second))]


@cache
def learned() -> Patterns:
    patterns = Patterns()
    for line in genuine() * 3:
        bundle = full(line)
        assert bundle is not None
        assert bundle.document is not None
        patterns.learn(line, orjson.loads(line), (bundle.document, bundle.inclusion, bundle.anchor))
    return patterns


def full(line: bytes) -> Bundle | None:
    try:
        return Bundle.from_tree(parse_strict(line, MAX_BUNDLE_BYTES))
    except MalformedError:
        return None


def read(line: bytes) -> bool:
    """Whether a pattern lets a line pass; then the full parse does too, with the same result."""
    found = learned().read_like(line)
    if found is None:
        return False
    document, inclusion, anchor = found
    assert full(line) == Bundle(document, None, inclusion, anchor)
    return True


def compact(tree: Any) -> bytes:
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def test_bundles_of_a_known_batch_are_read_by_their_likeness() -> None:
    assert all(read(line) and read(line + b"\r\n") for line in genuine())


def test_what_nothing_like_it_came_before_is_left_to_the_full_parse() -> None:
    patterns = Patterns()
    assert patterns.read_like(genuine()[0]) is None


@pytest.mark.parametrize("line", [0, 4])
def test_each_altered_leaf_is_judged_as_by_the_full_parse(line: int) -> None:
    tree = json.loads(genuine()[line])
    passed: set[Path] = set()
    for path in leaves(tree):
        value = at(tree, path)
        others = [altered(value, 0), altered(value, -1), altered(value, 7), None, True, 0.5, -1, 2**53, 1e300, [], {}]
        others += [*OWN, f"{value}\u200b", f"{value}\u202e", f'{value}"', f"{value}\\", f"{value}\n", f"{value}\ud800"]
        others += [f"{value} ", str(value).upper(), f" {value}", f"{value}\x7f"]
        if any(read(compact(replaced(tree, path, other))) for other in others):
            passed.add(path)
    assert passed  # a learner's own values may differ
    assert {path[0] for path in passed} == {"credential", "inclusion"}
    assert ("credential", "issuer", "id") not in passed


@pytest.mark.parametrize(
    "other", ["1.0", "01", "+1", "1e2", "0.5", "-0", "NaN", "1_0", "٣", "99999999999", " 1", "1.50"]
)
@pytest.mark.parametrize("key", ["leafIndex", "statusIndex", "creditsEarned"])
def test_each_way_to_write_a_number_is_judged_as_by_the_full_parse(key: str, other: str) -> None:
    head, mark, rest = genuine()[0].partition(f'"{key}":'.encode())
    assert mark
    digits = len(rest) - len(rest.lstrip(b"0123456789."))
    read(head + mark + other.encode() + rest[digits:])


def test_an_empty_part_where_a_number_is_due_is_left_to_the_full_parse() -> None:
    line = genuine()[0]
    tree = json.loads(line)
    numbers = [path for path in leaves(tree) if isinstance(at(tree, path), int | float)]
    assert len(numbers) > 5
    for path in numbers:
        written = f'"{path[-1]}":{json.dumps(at(tree, path))}'.encode()
        assert written in line
        for rest in (b"", b":", b",", b":,"):  # as in "leafIndex""size"
            changed = line.replace(written, f'"{path[-1]}"'.encode() + rest)
            assert not read(changed)
            assert not read(changed.replace(b'",', b'"', 1))
            assert check_document(changed)[0].code == "malformed"


def test_a_key_that_comes_twice_or_in_another_place_is_left_to_the_full_parse() -> None:
    tree = json.loads(genuine()[0])
    for path in leaves(tree):
        parent = at(tree, path[:-1])
        if isinstance(parent, dict):
            changed = copy.deepcopy(tree)
            changed_parent = at(changed, path[:-1])
            changed_parent[path[-1]] = changed_parent.pop(path[-1])  # now the last key
            if list(changed_parent) != list(parent):
                assert not read(compact(changed))
    line = genuine()[0]
    assert not read(line.replace(b'"salt":', b'"salt":"0x00","salt":'))


@given(st.data())
def test_flipped_cut_and_joined_lines_are_judged_as_by_the_full_parse(data: st.DataObject) -> None:
    line = bytearray(data.draw(st.sampled_from(genuine())))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(line)))
        end = start + data.draw(st.integers(0, 3))
        line[start:end] = data.draw(
            st.sampled_from([b"", b'"', b"\\", b"0", b"{", b",", b"\x00", b"\xff", "龘".encode()])
        )
    read(bytes(line))


@given(st.data())
def test_own_values_of_any_text_are_judged_as_by_the_full_parse(data: st.DataObject) -> None:
    tree = json.loads(data.draw(st.sampled_from(genuine())))
    subject = tree["credential"]["credentialSubject"]
    subject["identifier"][0]["identityHash"] = data.draw(st.text(max_size=12))
    tree["credential"]["id"] = data.draw(st.sampled_from([tree["credential"]["id"], "urn:x:y", "urn:x: y", "x"]))
    read(compact(tree) if data.draw(st.booleans()) else orjson.dumps(tree, default=str))
