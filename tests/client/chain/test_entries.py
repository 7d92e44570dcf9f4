"""Which code a proposal would enter in the Directory: known, built for another chain, or unknown."""

from dataclasses import dataclass, field
from typing import cast

import pytest
from testamur.artifacts import CONTRACTS, GENESIS_ADDRESSES, artifact
from testamur.artifacts.genesis import directory_name
from testamur.chain.contracts import Contract, Suite
from testamur.chain.entries import entries_in, require_known_code
from testamur.chain.errors import UnknownCodeError
from testamur.chain.rpc import Rpc
from testamur.proof.hashing import keccak256

NEW = b"\x31" * 20
IN_PLACE_OF = {
    "_history": "BlockHistory",
    "_alliance": "Alliance",
    "_operators": "Operators",
    "_directory": "Directory",
}
REPLACEABLE = ("IssuerRegistry", "QualificationFrameworks", "StatusRegistry", "CredentialBatches")


@dataclass(frozen=True)
class Node:
    """Code by address, and a Directory that names the genesis contracts."""

    codes: dict[bytes, bytes] = field(default_factory=dict)

    def code(self, address: bytes) -> bytes:
        return self.codes.get(address, b"")


class Named:
    address = GENESIS_ADDRESSES["Directory"]

    def read(self, function: str, name: bytes) -> bytes:
        assert function == "current"
        return GENESIS_ADDRESSES.get(name.rstrip(b"\0").decode(), bytes(20))


def suite_with(code: bytes) -> Suite:
    suite = Suite(cast(Rpc, Node({NEW: code})), Named.address)
    suite.directory = cast(Contract, Named())
    return suite


def built(name: str, **others: bytes) -> bytes:
    """The contract's code as its constructor leaves it on this chain, but for the variables in `others`."""
    code = bytearray(artifact(name).deployed_bytecode)
    for variable, places in artifact(name).immutables.items():
        short = variable.partition(".")[2]
        value = others.get(short, GENESIS_ADDRESSES.get(IN_PLACE_OF.get(short, name), bytes(20)))
        for start, length in places:
            code[start : start + length] = value.rjust(length, b"\0")
    return bytes(code)


def entering(name: str) -> list[tuple[bytes, bytes]]:
    call = Contract("Directory", Named.address, cast(Rpc, Node())).call("set", directory_name(name), NEW, 1)
    assert call.target is not None
    return [(GENESIS_ADDRESSES["Alliance"], b"\0\0\0\0"), (call.target, call.data)]


@pytest.mark.parametrize("name", REPLACEABLE)
def test_a_contract_of_the_artifacts_built_for_this_chain_is_known(name: str) -> None:
    suite = suite_with(built(name))
    (entry,) = entries_in(suite, entering(name))
    assert (entry.name, entry.target, entry.is_known, entry.unexpected) == (name, NEW, True, ())
    require_known_code(suite, entering(name))


@pytest.mark.parametrize("name", REPLACEABLE)
def test_a_contract_built_for_something_else_is_told_by_its_variable(name: str) -> None:
    for variable in artifact(name).immutables:
        short = variable.partition(".")[2]
        suite = suite_with(built(name, **{short: b"\x0e" * 20}))
        assert [entry.unexpected for entry in entries_in(suite, entering(name))] == [(variable,)]
        with pytest.raises(UnknownCodeError, match=variable):
            require_known_code(suite, entering(name))


@pytest.mark.parametrize(
    "code", [b"", b"\x5f\x5f\xfd", artifact("StatusRegistry").deployed_bytecode[:-1], built("CredentialBatches")]
)
def test_other_code_is_agreed_to_by_its_hash_alone(code: bytes) -> None:
    suite, calls = suite_with(code), entering("StatusRegistry")
    with pytest.raises(UnknownCodeError, match="does not know"):
        require_known_code(suite, calls, [keccak256(code + b"\0")])
    require_known_code(suite, calls, [keccak256(code)])


def test_one_changed_byte_makes_code_unknown() -> None:
    code = bytearray(built("StatusRegistry"))
    code[len(code) // 2] ^= 1
    (entry,) = entries_in(suite_with(bytes(code)), entering("StatusRegistry"))
    assert not entry.is_known


def test_what_enters_nothing_is_not_asked_about() -> None:
    suite = suite_with(b"")
    cancel = Contract("Directory", Named.address, cast(Rpc, Node())).call("cancel", directory_name("X"), bytes(32))
    assert entries_in(suite, [(GENESIS_ADDRESSES["Directory"], cancel.data), (NEW, entering("X")[1][1])]) == []


def test_every_immutable_of_what_may_be_replaced_has_an_expected_value() -> None:
    """Else a vote for the client's own successor would be refused."""
    for name in set(CONTRACTS) & set(REPLACEABLE):
        assert entries_in(suite_with(built(name)), entering(name))[0].unexpected == ()
