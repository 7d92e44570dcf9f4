"""What comes from outside is bounded in size and depth before any parser sees it: RLP, JSON and TOML alike."""

import random
import time
from pathlib import Path
from typing import Any

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st
from testamur_node.alliance_file import AllianceFileError, parse_alliance
from testamur_node.chain.block import decode_block
from testamur_node.chain.transaction import decode_transaction
from testamur_node.codec import MOST_BYTES, MOST_DEPTH, DecodingError, rlp_decode, rlp_encode
from testamur_node.documents import MOST_DEPTH as MOST_NESTED
from testamur_node.documents import DocumentError, check_json, read_file, read_json, read_toml
from testamur_node.engine.key import ValidatorKey, ValidatorKeyError
from testamur_node.genesis import Genesis, GenesisError
from testamur_node.importing import blocks_in
from testamur_node.operations.config import ConfigError, load
from testamur_node.operations.keystore import KeystoreError, decrypt
from testamur_node.rpc.access.token_keys import TokenKeyError, read_jwks

BRACKETS = "[" * 100_000
DEEP_KEY = ".".join("a" * 50_000) + " = 1"


def nested(depth: int, core: bytes = b"\xc0") -> bytes:
    """RLP lists in each other around `core`, written without the library that reads them."""
    parts, length = [core], len(core)
    for _ in range(depth):
        size = length.to_bytes((length.bit_length() + 7) // 8, "big")
        parts.append(bytes([0xC0 + length]) if length < 56 else bytes([0xF7 + len(size)]) + size)
        length += len(parts[-1])
    return b"".join(reversed(parts))


def by_rule(item: Any) -> bytes:
    """The Yellow Paper's RLP, appendix B, written down once more."""
    payload = item if isinstance(item, bytes) else b"".join(map(by_rule, item))
    if isinstance(item, bytes) and len(item) == 1 and item[0] < 0x80:
        return item
    first = 0x80 if isinstance(item, bytes) else 0xC0
    if len(payload) < 56:
        return bytes([first + len(payload)]) + payload
    size = len(payload).to_bytes(8, "big").lstrip(b"\x00")
    return bytes([first + 55 + len(size)]) + size + payload


@pytest.mark.parametrize("depth", [2_000, 60_000, 1_000_000])
def test_lists_in_lists_are_refused_before_they_are_decoded(depth: int) -> None:
    """178 KB of them ended the node with SIGSEGV."""
    raw = nested(depth)
    for bomb in (raw, nested(3, raw), rlp.encode([b"\x01" * 40, b""])[:1] + raw):
        for decode in (rlp_decode, decode_transaction, decode_block, lambda data: decode_transaction(b"\x02" + data)):
            with pytest.raises(DecodingError):
                decode(bomb)


def test_a_bomb_between_honest_items_is_found() -> None:
    bomb = nested(500)
    payload = by_rule(b"\x01" * 900) + bomb + by_rule(b"\x02" * 900)
    whole = nested(1, payload)[: len(nested(1, payload)) - len(payload)] + payload
    with pytest.raises(DecodingError, match="nest deeper than 16"):
        rlp_decode(whole)


def test_what_ours_nest_is_read() -> None:
    item: Any = bytes(2_000)
    for _ in range(MOST_DEPTH):
        item = [item]
    assert rlp_decode(by_rule(item)) == item
    with pytest.raises(DecodingError, match="nest deeper"):
        rlp_decode(by_rule([item]))


@pytest.mark.parametrize(
    "text",
    ["c1c1", "c185", "c20081", "c280c4", "c2c0b8", "c400c1c081", "c4c0c20082", "c4c180c382", "c7856d10cc8bf5c1"],
)
def test_an_item_that_ends_beyond_its_list_is_refused(text: str) -> None:
    """Another hash for the same content: an outsider could give a waiting transaction a second one."""
    with pytest.raises(DecodingError):
        rlp_decode(bytes.fromhex(text))


def test_more_bytes_than_any_block_has_are_not_decoded() -> None:
    with pytest.raises(DecodingError, match="at most"):
        rlp_decode(bytes(MOST_BYTES + 1))


ITEMS = st.recursive(
    st.binary(max_size=400) | st.just(bytes(1_100)), lambda inner: st.lists(inner, max_size=5), max_leaves=12
)


@given(ITEMS)
def test_decoding_undoes_what_the_rule_writes(item: Any) -> None:
    assert rlp_encode(item) == by_rule(item)
    assert rlp_decode(by_rule(item)) == item


@given(ITEMS, st.randoms(use_true_random=False))
def test_changed_bytes_are_read_as_something_else_or_refused(item: Any, chance: random.Random) -> None:
    """What is read of changed bytes is written as those bytes: there is one RLP of each thing."""
    data = bytearray(by_rule([item, bytes(1_100)]))
    for _ in range(chance.randint(1, 4)):
        match chance.randint(0, 3):
            case 0:
                data[chance.randrange(len(data))] = chance.randrange(256)
            case 1:
                at = chance.randrange(len(data))
                del data[at : at + chance.randint(1, 40)]
            case 2:
                at = chance.randrange(len(data))
                data[at:at] = chance.randbytes(chance.randint(1, 9))
            case _:
                at = chance.randrange(len(data))
                data[at:at] = nested(chance.choice([1, 5, 2_000]))
        if not data:
            data += b"\xc0"
    try:
        read = rlp_decode(bytes(data))
    except DecodingError:
        return
    assert by_rule(read) == data


def test_a_chain_file_of_bombs_is_refused(tmp_path: Path) -> None:
    for content in (nested(60_000), b"\xff" + b"\xff" * 8, b"\xf9", b"\xc0" * 9):
        file = tmp_path / "chain.rlp"
        file.write_bytes(content)
        with pytest.raises(DecodingError):
            list(blocks_in(file))


def test_json_is_bounded_in_depth_size_and_values() -> None:
    fits = "[" * MOST_NESTED + "]" * MOST_NESTED
    assert read_json(fits) is not None
    for text, why in (
        ("[" + fits + "]", "deeper"),
        ('{"a":' * 100 + "1" + "}" * 100, "deeper"),
        (BRACKETS, "deeper"),
        ("[" + "[]," * 5_000_000 + "[]]", "values"),
        ("{", "not JSON"),
        ("1" * 10_000, "not JSON"),
        ("", "not JSON"),
    ):
        with pytest.raises(DocumentError, match=why):
            read_json(text)
    with pytest.raises(DocumentError, match="at most 10"):
        check_json(b"[1,2,3,4,5,6]", 10)


@given(st.text(alphabet='[]{}\\"a', max_size=200))
def test_brackets_in_strings_do_not_count(text: str) -> None:
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert read_json("[" * 60 + quoted + "," + quoted + "]" * 60) is not None


def test_looking_at_depth_takes_time_in_proportion() -> None:
    """Quotes and backslashes without end, brackets that never close: once over them, not once for each."""
    for part in (b'"', b"\\", b'\\"', b"[]", b"{", b"}", b'"\\', b"[{", b'["'):
        began = time.process_time()
        with pytest.raises(DocumentError):
            read_json(b"[" * 65 + part * (2_000_000 // len(part)))
        assert time.process_time() - began < 30  # what was quadratic took hours


def test_toml_is_bounded_too() -> None:
    assert read_toml("a.b = 1") == {"a": {"b": 1}}
    for text in (
        "a = " + BRACKETS,
        DEEP_KEY,
        f"[{DEEP_KEY[:-4]}]",
        "a = " + "{a=" * 5_000,
        "a = " + "1" * 9_999,
        "= =",
    ):
        with pytest.raises(DocumentError):
            read_toml(text)


def test_a_file_is_read_no_further_than_its_bound(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc\xff")
    with pytest.raises(DocumentError, match="more than 3"):
        read_file(tmp_path / "f", 3)
    with pytest.raises(DocumentError, match="not UTF-8"):
        read_file(tmp_path / "f")


def test_every_file_that_a_person_hands_in_is_bounded(tmp_path: Path) -> None:
    file = tmp_path / "node.toml"
    file.write_text(BRACKETS)
    with pytest.raises(GenesisError):
        Genesis.load(file)
    with pytest.raises(ValidatorKeyError):
        ValidatorKey.load(file)
    with pytest.raises(TokenKeyError):
        read_jwks(file)
    with pytest.raises(KeystoreError):
        decrypt(BRACKETS, "")
    for text in ("rpc = " + BRACKETS, DEEP_KEY):
        file.write_text(text)
        with pytest.raises(ConfigError):
            load(tmp_path, {})
        with pytest.raises(AllianceFileError):
            parse_alliance(text)
