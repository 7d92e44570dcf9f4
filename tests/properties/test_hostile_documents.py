"""What a hostile document costs (docs/protocol.md 1.2): time per byte is bounded, and nothing makes the reader raise.

Clocks do not judge here. Steps of the interpreter are counted, at one length and at four times that; and what happens
in C, where steps are not seen, must end within so much processor time that only work that grows with the square of
the length is stopped.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testamur.api.elements import ElementsError, elements
from testamur.batch.bundle import MAX_BUNDLE_BYTES
from testamur.credential.bounds import MAX_VALUES
from testamur.verification.verify import examine

LONG = MAX_BUNDLE_BYTES
SECONDS = 60
"""Of this process, for a document that takes half a second."""


def repeated(unit: bytes, size: int, head: bytes = b"", tail: bytes = b"") -> bytes:
    return head + unit * max((size - len(head) - len(tail)) // len(unit), 0) + tail


def keys(size: int, tail: bytes = b'"k0":0}') -> bytes:
    return b"{" + b"".join(b'"k%d":1,' % number for number in range(size // 12)) + tail


FAMILIES: dict[str, Callable[[int], bytes]] = {
    "pairs of brackets, then escaped quotes": lambda size: repeated(b'\\"', size, b"[]" * 40),
    "escaped quotes": lambda size: repeated(b'\\"', size, b'["'),
    "quotes": lambda size: repeated(b'"', size),
    "empty lists": lambda size: repeated(b"[]", size),
    "empty objects in a list": lambda size: repeated(b"{},", size, b"[", b"{}]"),
    "as many values as may be": lambda size: repeated(b"1.25,", min(size, 5 * MAX_VALUES - 9), b"[", b"1]"),
    "as many faults as may be": lambda size: repeated(b"1.12345,", min(size, 8 * MAX_VALUES - 9), b"[", b"1]"),
    "opening brackets": lambda size: repeated(b"[", size),
    "commas": lambda size: repeated(b",", size),
    "the first key again at the end": lambda size: keys(min(size, 12 * MAX_VALUES - 99)),
    "the last key twice": lambda size: keys(min(size, 12 * MAX_VALUES - 99), b'"z":0,"z":0}'),
    "one integer": lambda size: repeated(b"9", size, b"[", b"]"),
    "one decimal": lambda size: repeated(b"0", size, b"[1", b".5]"),
    "characters that need a second look": lambda size: repeated("\u3000".encode(), size, b'["', b'"]'),
    "escaped characters": lambda size: repeated(b"\\u0041", size, b'["', b'"]'),
    "a fault below a long key": lambda size: repeated(b"k", size, b'{"', b'":[' + b'"a",' * 99 + b'"\\n"]}'),
    "a long key over many values": lambda size: (
        repeated(b'"\\t",', size // 2, repeated(b"k", size // 2, b'{"', b'":[')) + b"1]}"
    ),
    "backslashes": lambda size: repeated(b"\\", size),
    "spaces": lambda size: repeated(b" ", size, b"", b"{"),
    "line ends": lambda size: repeated(b"\n", size),
    "trie nodes": lambda size: repeated(
        b'"0x00",', min(size, 7 * MAX_VALUES - 99), b'{"type":"TestamurBundle","evidence":{"nodes":[', b"1]}}"
    ),
}


def steps(work: Callable[[], object]) -> int:
    """Lines and calls of the interpreter that `work` takes."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@contextmanager
def within_processor_time() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"not done after {SECONDS} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def read(data: bytes) -> None:
    checks, bundle = examine(data)
    assert (checks[0].code, bundle) == ("malformed", None)
    assert len(checks[0].message) < 1_000  # nobody is sent a document back


def cut(data: bytes) -> None:
    with suppress(ElementsError):
        assert len(elements(data, 200)) <= 200


@pytest.mark.parametrize("reader", [read, cut])
@pytest.mark.parametrize("family", FAMILIES)
def test_four_times_the_length_takes_four_times_the_steps(family: str, reader: Callable[[bytes], None]) -> None:
    build = FAMILIES[family]
    short, long = (steps(partial(reader, build(size))) for size in (2_000, 8_000))
    assert long <= 4 * short + 400


@pytest.mark.parametrize("reader", [read, cut])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_greatest_document_of_a_family_is_refused_in_bounded_time(
    family: str, reader: Callable[[bytes], None]
) -> None:
    data = FAMILIES[family](LONG)
    with within_processor_time():
        reader(data)


PIECES = [b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\", b'\\"', b"\\u00", b"a", b"1", b"-", b".", b"e9", b"\n", b" "]
PIECES += [b"null", b"\xff", "李".encode(), "\u202e".encode(), b'"type":"TestamurBundle"', b'"evidence"', b"\x00"]


@given(
    unit=st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map(b"".join),
    head=st.lists(st.sampled_from(PIECES), max_size=4).map(b"".join),
    tail=st.lists(st.sampled_from(PIECES), max_size=4).map(b"".join),
)
@settings(max_examples=60)
def test_generated_documents_of_many_equal_pieces_take_steps_in_proportion(
    unit: bytes, head: bytes, tail: bytes
) -> None:
    for reader in (read, cut):
        short, long = (steps(partial(reader, head + unit * count + tail)) for count in (300, 1_200))
        assert long <= 4 * short + 400
    with within_processor_time():
        read(head + unit * 20_000 + tail)
