"""JSON that others wrote is bounded in size and depth before a decoder sees it."""

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testamur.cli.calls import parse_call
from testamur.cli.failure import UsageError
from testamur.foreign import ForeignJsonError, is_deeper, read_json, read_toml
from testamur.profile import Profile, ProfileError
from testamur.verification.errors import PolicyError
from testamur.verification.policy import Policy

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


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "{a=" * 100_000,
        "a = " + "9" * 10_000,
        "a =",
        "#" * 5_000_000,
        "a." * 9_999 + "a = 1",
        ("a." * 64 + "a = 1\n") * 2_000,
    ],
)
def test_toml_that_is_deep_endless_or_none_is_refused_as_toml_is(text: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        read_toml(text)
    assert read_toml('a = [["x"]]') == {"a": [["x"]]}


def test_a_long_line_of_names_is_read() -> None:
    names = [f"did:web:{number}.edu.cn" for number in range(500)]
    assert read_toml(f"issuers = {json.dumps(names)}") == {"issuers": names}


def test_a_profile_and_a_policy_of_nested_brackets_are_told_not_to_be_usable(tmp_path: Path) -> None:
    file = tmp_path / "testamur.toml"
    file.write_text("a = " + "[" * 100_000)
    with pytest.raises(ProfileError, match="cannot be read"):
        Profile.load(file)
    with pytest.raises(PolicyError, match="cannot be read"):
        Policy.load(file)


@pytest.mark.parametrize("array", ["[" * 100_000 + "]", "[1" + ",[" * 70 + "]" * 70 + "]"])
def test_arguments_of_nested_brackets_are_a_usage_error(array: str) -> None:
    with pytest.raises(UsageError, match="are not a JSON array"):
        parse_call(None, f"Alliance.setParameter{array}")  # type: ignore[arg-type]  # no chain is asked
