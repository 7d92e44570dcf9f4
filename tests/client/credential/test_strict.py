"""The strict parse: one reading of the bytes, or none."""

import json

import pytest
from testamur.credential.bounds import MAX_DEPTH, MAX_VALUES
from testamur.credential.errors import MalformedError
from testamur.credential.strict import MAX_DOCUMENT_BYTES, parse_strict


def _reason(data: bytes) -> str:
    with pytest.raises(MalformedError) as caught:
        parse_strict(data)
    return f"{caught.value.path}: {caught.value.reason}"


def test_plain_json_parses_to_the_same_values_as_the_standard_library_gives() -> None:
    text = '{"a": [1, -2, 0.25, 118.5, true, false, "李华·𠮷 \\"quoted\\""], "b": {"c": {}}}'
    assert parse_strict(text.encode()) == json.loads(text)


def test_a_whole_decimal_is_the_integer_it_equals() -> None:
    value = parse_strict(b"[120.0, 7.0000]")
    assert value == [120, 7]
    assert all(type(item) is int for item in value)


def test_the_same_key_twice_is_refused_with_the_place() -> None:
    assert _reason(b'{"a": {"b": [0, {"c": 1, "c": 2}]}}') == "$.a.b[1]: key 'c' twice"


def test_the_same_key_twice_is_refused_also_when_a_later_value_hides_the_object() -> None:
    assert _reason(b'{"a": {"c": 1, "c": 2}, "a": 3}') == "$: key 'a' twice"
    assert _reason(b'[{"a": {"c": NaN}, "a": 3}]') == "$[0]: key 'a' twice"


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_know_are_refused(literal: str) -> None:
    assert _reason(f'{{"a": {literal}}}'.encode()) == f"$.a: {literal} is not JSON"


@pytest.mark.parametrize("literal", ["9007199254740991", "-9007199254740991", "0", "0.0001", "99999999999.9999"])
def test_numbers_that_every_reader_holds_exactly_pass(literal: str) -> None:
    assert json.dumps(parse_strict(f"[{literal}]".encode())) == f"[{literal}]"


@pytest.mark.parametrize(
    "literal",
    [
        "9007199254740992",
        "-9007199254740992",
        "1e3",
        "1.5e0",
        "0.00001",
        "-0",
        "-0.0",
        "123456789012.12345",
        "9999999999999.9999",
        "9" * 5000,
    ],
)
def test_numbers_that_readers_may_round_are_refused(literal: str) -> None:
    assert _reason(f"[{literal}]".encode()).startswith("$[0]: ")


@pytest.mark.parametrize(
    "point", [0x00, 0x1F, 0x7F, 0x85, 0x202E, 0x2066, 0x200F, 0x200B, 0x2028, 0xFEFF, 0xFFFE, 0xE0041]
)
def test_control_bidi_and_unseen_characters_are_refused_raw_and_escaped(point: int) -> None:
    character = chr(point)
    raw = f'{{"a": "x{character}y"}}'.encode()
    assert _reason(raw).startswith("$")
    escaped = json.dumps({"a": f"x{character}y"}).encode()
    assert _reason(escaped) == f"$.a: forbidden character U+{point:04X}"
    in_key = json.dumps({f"x{character}y": 1}).encode()
    assert "forbidden character" in _reason(in_key)


def test_line_ends_and_tabs_between_tokens_are_no_text_and_pass() -> None:
    assert parse_strict(b'{\r\n\t"a": 1\n}') == {"a": 1}


def test_a_tab_inside_text_is_refused() -> None:
    assert _reason(b'{"a": "x\ty"}').startswith("$: not JSON")


@pytest.mark.parametrize("text", ['{"a": "\\ud800"}', '{"a": "\\udc00x"}', '{"\\ud800": 1}'])
def test_a_lone_surrogate_is_refused(text: str) -> None:
    assert "forbidden character" in _reason(text.encode())


def test_an_escaped_pair_of_surrogates_is_the_character_it_stands_for() -> None:
    assert parse_strict(b'["\\ud842\\udfb7"]') == ["𠮷"]


@pytest.mark.parametrize(
    "data", [b"\xff\xfe{}", b'{"a": "\xc0\xaf"}', '{"a": "李"}'.encode("gb18030"), b'\xef\xbb\xbf{"a": 1}']
)
def test_bytes_that_are_not_plain_utf8_are_refused(data: bytes) -> None:
    assert _reason(data).startswith("$: ")


def test_the_deepest_allowed_nesting_passes_and_one_more_is_refused() -> None:
    assert parse_strict(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    assert "nested deeper" in _reason(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_brackets_inside_text_do_not_count_as_nesting() -> None:
    assert parse_strict(json.dumps(["[" * 100, '\\"{' * 100]).encode()) == ["[" * 100, '\\"{' * 100]


def test_a_hundred_thousand_brackets_are_refused_without_recursion() -> None:
    assert "nested deeper" in _reason(b"[" * 100_000)


def test_as_many_values_as_a_document_may_hold_pass_and_one_more_is_refused() -> None:
    def values(count: int) -> bytes:
        return b"[" + b"0," * (count - 2) + b"0]"

    assert len(parse_strict(values(MAX_VALUES), 2**20)) == MAX_VALUES - 1
    for data in (values(MAX_VALUES + 1), b"[{}" + b",{}" * MAX_VALUES, b'"' * (4 * MAX_VALUES + 1)):
        with pytest.raises(MalformedError, match=f"more than {MAX_VALUES} values"):
            parse_strict(data, 2**21)


def test_commas_and_brackets_inside_text_are_no_values() -> None:
    text = '[{,"' * MAX_VALUES
    assert parse_strict(json.dumps(text).encode(), 2**21) == text


def test_a_path_repeats_only_the_beginning_of_a_long_key() -> None:
    assert _reason(b'{"' + b"k" * 1_000 + b'": NaN}') == '$["' + "k" * 64 + '\\u2026"]: NaN is not JSON'


def test_the_greatest_document_passes_and_one_byte_more_is_refused_unread() -> None:
    filler = b'"' + b"x" * (MAX_DOCUMENT_BYTES - 2) + b'"'
    assert len(parse_strict(filler)) == MAX_DOCUMENT_BYTES - 2
    assert _reason(filler + b" ") == f"$: {MAX_DOCUMENT_BYTES + 1} bytes, at most {MAX_DOCUMENT_BYTES}"


def test_fifty_megabytes_are_refused_before_they_are_decoded() -> None:
    assert "at most" in _reason(b"\xff" * 50_000_000)


@pytest.mark.parametrize("data", [b"", b" ", b"{", b'{"a"}', b"{'a': 1}", b"[1,]", b"[1] 2", b"nul", b"\x00"])
def test_what_is_not_json_is_refused(data: bytes) -> None:
    assert _reason(data).startswith("$: ")
