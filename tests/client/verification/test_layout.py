"""The slots that a verifier reads are those of the compiled contracts (docs/protocol.md 4.4)."""

import pytest
from testamur.artifacts import artifact, slot
from testamur.artifacts.genesis import LAYOUT as DEPLOYED_LAYOUT
from testamur.artifacts.slots import members, nested_slot
from testamur.verification.layout import BASE_SLOTS, FIELDS, LAYOUT, element, unpack

VARIABLES = [(contract, variable) for contract, variables in BASE_SLOTS.items() for variable in variables]


def test_the_layout_number_is_the_one_that_genesis_writes_into_the_directory() -> None:
    assert LAYOUT == DEPLOYED_LAYOUT


@pytest.mark.parametrize(("contract", "variable"), VARIABLES)
def test_every_pinned_slot_is_the_compilers(contract: str, variable: str) -> None:
    assert BASE_SLOTS[contract][variable] == slot(contract, variable)


@pytest.mark.parametrize("struct", FIELDS)
def test_every_pinned_field_stands_where_the_compiler_put_it(struct: str) -> None:
    found = {
        (contract, entry["label"])
        for contract in BASE_SLOTS
        for entry in artifact(contract).storage_layout["storage"]
        if f"t_struct({struct})_storage" in entry["type"]
    }
    assert found
    for contract, variable in found:
        offset = 0
        first_word = [member for member in members(contract, variable) if member[1].word == 0]
        assert [name for name, _ in FIELDS[struct]] == [name for name, _ in first_word]
        for (_, size), (_, place) in zip(FIELDS[struct], first_word, strict=True):
            assert (place.offset, place.size) == (offset, size)
            offset += size


def test_elements_of_mappings_stand_where_solidity_puts_them() -> None:
    assert element("StatusRegistry", "_revoked", 7, 300) == nested_slot("StatusRegistry", "_revoked", 7, 300)
    key = b"\x09" * 32
    assert element("CredentialBatches", "_batches", key) == nested_slot("CredentialBatches", "_batches", key)


def test_a_packed_word_comes_apart_lowest_bytes_first() -> None:
    assert unpack("Did", 7 | 5 << 32 | 6 << 72) == [7, 5, 6]
