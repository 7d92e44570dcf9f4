"""Where an RLP item ends is read off its head alone, whatever stands around it (Yellow Paper, appendix B)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testamur_node.codec import rlp_encode, rlp_end

ITEMS = st.recursive(st.binary(max_size=300), lambda inner: st.lists(inner, max_size=4), max_leaves=8)


@given(ITEMS, st.binary(max_size=5), st.binary(max_size=5))
def test_an_item_ends_where_its_encoding_does(item: Any, before: bytes, behind: bytes) -> None:
    encoded = rlp_encode(item)
    assert rlp_end(before + encoded + behind, len(before)) == len(before) + len(encoded)


@pytest.mark.parametrize("size", [0, 55, 56, 255, 256, 65_536])
def test_long_heads_are_read_as_short_ones_are(size: int) -> None:
    for item in (bytes(size), [bytes(size)], b"\x7f" * size):
        assert rlp_end(rlp_encode(item)) == len(rlp_encode(item))
