"""Genesis: two builds, one hash; the real constructors' state; alliance.toml's refusals; other chains' genesis."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from testamur.artifacts import GENESIS_ADDRESSES, artifact
from testamur.artifacts.founding_calls import SEALED
from testamur.artifacts.genesis import ChainParameters
from testamur.proof.hashing import keccak256
from testamur_node.alliance_file import AllianceFileError, parse_alliance
from testamur_node.chain.rules import ALLIANCE, DEVELOPMENT, DEVELOPMENT_WITH_FEES
from testamur_node.engine.key import ValidatorKey
from testamur_node.genesis import Genesis, GenesisError, found, genesis_block
from testamur_node.governance import (
    DEFAULT_PARAMETERS,
    institution_of,
    parameters_of,
    permission_of,
    validators_of,
)
from testamur_node.state.reader import StateReader

from tests.node.founding import (
    ADDRESSES,
    CHAIN_ID,
    DEPLOYER,
    GENESIS_TIME,
    alliance_text,
    genesis_of,
    open_application,
)

KEY = ValidatorKey.generate()


def test_two_builds_give_the_same_bytes_and_one_hash() -> None:
    first, second = genesis_of(key=KEY), genesis_of(key=KEY)
    assert first.to_json() == second.to_json()
    assert Genesis.from_json(first.to_json()).hash == first.hash == second.hash


def test_another_genesis_time_gives_another_hash() -> None:
    text = alliance_text(KEY.public, genesis_time="2026-11-23T06:00:01Z")
    assert found(parse_alliance(text), ALLIANCE).hash != genesis_of(key=KEY).hash


def test_the_suite_stands_at_its_addresses_with_its_compiled_code(tmp_path: Path) -> None:
    state = open_application(tmp_path, genesis_of(key=KEY)).state()
    for name, address in GENESIS_ADDRESSES.items():
        compiled = artifact(name)
        code = bytearray(state.code(address))
        for start, length in compiled.immutable_references:
            code[start : start + length] = bytes(length)
        assert bytes(code) == compiled.deployed_bytecode, name
        assert state.nonce(address) == 1


def test_the_founders_rights_are_read_from_storage(tmp_path: Path) -> None:
    state = open_application(tmp_path, genesis_of(key=KEY)).state()
    assert [permission_of(state, address).transact for address in ADDRESSES] == [1] * 10
    assert permission_of(state, bytes(20)).transact == 0
    assert [permission_of(state, address).deploy for address in ADDRESSES[:2]] == [True, False]
    assert [institution_of(state, ADDRESSES[number]) for number in (DEPLOYER, 4, 5, 9)] == [1, 1, 2, 2]
    assert [validator.key for validator in validators_of(state)] == [KEY.public]
    assert parameters_of(state).gas_limit == 30_000_000
    assert parameters_of(state).heartbeat_seconds == 30


def test_the_limits_of_alliance_toml_are_read_from_storage(tmp_path: Path) -> None:
    limits = {"evidence_max_age_seconds": 86_400, "evidence_max_age_blocks": 1000, "transaction_gas": 10_000_000}
    limits |= {"unnamed_gas": 2_000_000, "creation_gas": 7_000_000}
    text = alliance_text(KEY.public) + "[parameters]\n" + "".join(f"{name} = {limits[name]}\n" for name in limits)
    read = parameters_of(open_application(tmp_path, found(parse_alliance(text), ALLIANCE)).state())
    assert {name: getattr(read, name) for name in limits} == limits
    assert parameters_of(open_application(tmp_path / "plain", genesis_of(key=KEY)).state()) == replace(
        DEFAULT_PARAMETERS, max_transaction_bytes=262_144
    )


def test_limits_that_a_slot_should_not_hold_are_clamped() -> None:
    class Damaged:
        """Every limit as its lowest bit says."""

        def storage(self, _address: bytes, _slot: int) -> int:
            return 1

    read = parameters_of(cast(StateReader, Damaged()))
    assert (read.gas_limit, read.transaction_gas, read.unnamed_gas) == (10_000_000, 10_000_000, 100_000)
    assert (read.creation_gas, read.evidence_max_age_seconds, read.evidence_max_age_blocks) == (6_000_000, 86_400, 1000)


def test_block_zero_has_the_genesis_time_and_is_kept_when_opened_again(tmp_path: Path) -> None:
    application = open_application(tmp_path, genesis_of(key=KEY))
    assert application.head.timestamp == GENESIS_TIME
    application.store.close()
    assert open_application(tmp_path, genesis_of(key=KEY)).head.hash == application.head.hash


def test_a_development_chain_funds_its_accounts_and_an_alliance_nobody() -> None:
    assert genesis_of(DEVELOPMENT).allocations[ADDRESSES[0]].balance == 10_000 * 10**18
    assert all(account.balance == 0 for account in genesis_of().allocations.values())


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda text: text.replace("[2, 3]", "[4, 3]"), "threshold"),
        (lambda text: text.replace("version = 1", "version = 2"), "version"),
        (lambda text: text.replace("2026-11-23T06:00:00Z", '"yesterday"'), "genesis_time"),
        (lambda text: text.replace(f"chain_id = {CHAIN_ID}", "chain_id = 0"), "chain_id"),
        (lambda text: text.replace("[[validator]]", "[[nothing]]"), "validator"),
        (lambda text: text.replace('key = "', 'key = "zz'), "not hexadecimal"),
        (lambda text: text.replace("institution = 1", "institution = 3"), "institution"),
        (lambda text: text.replace("recovery", "recover"), "recovery"),
        (lambda text: text.replace("0x", "0y"), "not an address"),
        (lambda text: text + "[periods]\nvoting = 1\n", "votingPeriod"),
        (lambda text: text + "[periods]\nunit = 'seconds'\nvotingPeriod = 59\n", "votingPeriod is 59 s"),
        (lambda text: text.replace(f"{1:040x}", ADDRESSES[0].hex()), "recovery account of institution 1"),
        (lambda text: text.replace(ADDRESSES[5].hex(), ADDRESSES[0].hex()), "institution 1 and institution 2"),
        (lambda text: text + "[parameters]\ngas = 1\n", "gas_limit"),
        (lambda text: text + "[parameters]\ngas_limit = 1000\n", "gas_limit is 1000"),
        (lambda text: text + "[[", "not TOML"),
    ],
)
def test_a_wrong_alliance_file_is_refused_with_what_is_wrong(spoil: Callable[[str], str], words: str) -> None:
    text = alliance_text(KEY.public)
    parse_alliance(text)
    with pytest.raises(AllianceFileError, match=words):
        parse_alliance(spoil(text))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"parameters": ChainParameters(gas_limit=1000)}, "the constructor of Permissions"),
        ({"members": (3,)}, "Alliance.foundMembers"),
    ],
)
def test_a_contract_that_refuses_is_named(changes: dict[str, Any], words: str) -> None:
    alliance = parse_alliance(alliance_text(KEY.public))
    with pytest.raises(GenesisError, match=words):
        found(replace(alliance, founding=replace(alliance.founding, **changes)), ALLIANCE)


def test_a_genesis_is_sealed_and_keeps_no_founder() -> None:
    """The founder's slot is read from storage alone: 0, so there is none."""
    allocations = genesis_of(key=KEY).allocations
    slot = int.from_bytes(keccak256(b"testamur.founding.founder"), "big")
    assert [slot in allocations[GENESIS_ADDRESSES[name]].storage for name in SEALED] == [False] * 3
    assert allocations[GENESIS_ADDRESSES["Alliance"]].storage


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"config": {"chainId": 1}, "spec": "other"}'])
def test_what_is_no_genesis_file_is_refused(text: str) -> None:
    with pytest.raises(GenesisError):
        Genesis.from_json(text)


def test_a_geth_genesis_gives_geths_hash(vectors: Path) -> None:
    genesis = Genesis.from_json((vectors / "rpc-compat" / "genesis.json").read_text(encoding="utf-8"))
    assert genesis.hash.hex() == "79e0f5ffb6a0c9f54d507dbbadc935603ac1db86d32f7857472180a75ec11f90"


def test_a_development_chain_charges_fees_where_its_genesis_names_a_base_fee() -> None:
    free, priced = genesis_of(DEVELOPMENT), genesis_of(DEVELOPMENT_WITH_FEES, base_fee=7)
    assert genesis_block(free)[0].header.base_fee == 0
    assert genesis_block(priced)[0].header.base_fee == 7
    assert Genesis.from_json(free.to_json()).spec is DEVELOPMENT
    again = Genesis.from_json(priced.to_json())
    assert (again.spec, again.hash) == (DEVELOPMENT_WITH_FEES, priced.hash)
