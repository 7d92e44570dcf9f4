"""JSON that others wrote is bounded in size and depth before a decoder sees it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testamur.foreign import ForeignJsonError, is_deeper, read_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(alphabet='ab"\\[]{}:,é'),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet='"\\[{a', max_size=3), inner, max_size=3)
    ),
    max_leaves=30,
)


def depth(value: object) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if parts is None else 1 + max(map(depth, parts), default=0)


@given(VALUES)
def test_depth_is_counted_as_a_parser_nests(value: object) -> None:
    data = json.dumps(value).encode()
    levels = depth(value)
    assert not is_deeper(data, levels)
    assert read_json(data, max_bytes=len(data)) == value
    assert levels == 0 or is_deeper(b"[" * levels + data + b"]" * levels, 2 * levels - 1)


@pytest.mark.parametrize(
    "data",
    [b"[" * 100_000, b"]" * 100_000, b'{"a":' * 100_000, b'"' + b'\\"' * 500_000, b'["\\"]' * 200_000, b"", b"\xff"],
)
def test_what_is_deep_endless_or_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(ForeignJsonError):
        read_json(data, max_bytes=2_000_000)


def test_a_byte_order_mark_is_read_over_and_one_byte_more_than_the_bound_is_refused() -> None:
    assert read_json(b'\xef\xbb\xbf{"a":1}', max_bytes=10) == {"a": 1}
    with pytest.raises(ForeignJsonError, match="8 bytes, at most 7"):
        read_json(b'{"a": 1}', max_bytes=7)
