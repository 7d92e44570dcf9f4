"""The suite through brownie's own objects: deployed, governed, refused. `brownie test tests/brownie --network NAME`."""

import pytest
import rlp
from brownie import (
    Alliance,
    BlockHistory,
    CredentialBatches,
    Directory,
    IssuerRegistry,
    Keys,
    Operators,
    Permissions,
    QualificationFrameworks,
    StatusRegistry,
    accounts,
    chain,
    web3,
)
from brownie.exceptions import VirtualMachineError
from eth_utils import keccak, to_checksum_address
from web3.exceptions import ContractCustomError

DAY = 86_400
PERIODS = {
    "votingPeriod": 14 * DAY,
    "executionDelay": 1,
    "executionWindow": DAY,
    "controllerDelay": 7 * DAY,
    "recoveryDelay": 30 * DAY,
    "directoryDelay": 7 * DAY,
    "voidDelay": 7 * DAY,
}
LIMITS = (30_000_000, 4_194_304, 262_144, 30, 1_048_576, 31_536_000, 1_100_000, 30_000_000, 1_000_000, 6_000_000)
ORIGIN = "0x" + "0b" * 32
DOCUMENT = "0x" + "07" * 32
EXECUTED = 4
REFUSALS = (VirtualMachineError, ContractCustomError, ValueError)


def name(text: str) -> str:
    return "0x" + text.encode().ljust(32, b"\0").hex()


def address_of_creation(sender: str, nonce: int) -> str:
    return to_checksum_address(keccak(rlp.encode([bytes.fromhex(sender[2:]), nonce]))[12:])


def is_refusal(error: Exception, signature: str) -> bool:
    """Whether the custom error is named: brownie decodes it on its own anvil, elsewhere it shows the four bytes."""
    return signature.partition("(")[0] in str(error) or keccak(text=signature)[:4].hex() in str(error)


@pytest.fixture(scope="module")
def people() -> list:
    """Unlocked accounts of the chain: two institutions of two GOVERN, an ADMIN and a recovery account each."""
    assert len(accounts) >= 9
    return list(accounts)[:9]


@pytest.fixture(scope="module")
def suite(people: list) -> dict:
    deployer = people[8]
    order = (
        Permissions, Operators, Alliance, BlockHistory, Keys, IssuerRegistry, QualificationFrameworks, StatusRegistry,
        CredentialBatches, Directory,
    )  # fmt: skip
    nonce = deployer.nonce
    at = {kind._name: address_of_creation(deployer.address, nonce + i) for i, kind in enumerate(order)}
    founders = [(people[i : i + 2], [people[i + 2]], [], [], people[i + 3]) for i in (0, 4)]
    validators = [("0x" + f"{number:064x}", 100, number) for number in (1, 2)]
    named = [kind._name for kind in order if kind is not Directory]
    arguments = {
        "Permissions": (at["Alliance"], at["Operators"], LIMITS, [], []),
        "Operators": (at["Alliance"], at["Permissions"], at["BlockHistory"], ORIGIN),
        "Alliance": (
            *(2, 3, at["Operators"], at["Directory"], at["BlockHistory"], ORIGIN),
            *([name(period) for period in PERIODS], list(PERIODS.values())),
        ),
        "BlockHistory": (),
        "Keys": (at["Alliance"], at["Operators"]),
        "IssuerRegistry": (at["Alliance"], at["Operators"], at["Directory"], "0x" + "00" * 20),
        "QualificationFrameworks": (at["Alliance"], at["Operators"]),
        "StatusRegistry": (at["Alliance"], at["Operators"], at["Directory"], 1),
        "CredentialBatches": (at["Operators"], at["Directory"]),
        "Directory": (at["Alliance"], [name(n) for n in named], [at[n] for n in named], [1] * len(named)),
    }
    deployed = {kind._name: kind.deploy(*arguments[kind._name], {"from": deployer}) for kind in order}
    assert {label: contract.address for label, contract in deployed.items()} == at
    deployed["Operators"].foundInstitutions(1, founders, {"from": deployer})
    deployed["Alliance"].foundMembers([1, 2], {"from": deployer})
    deployed["Permissions"].foundValidators(validators, {"from": deployer})
    for label in ("Operators", "Permissions", "Alliance"):
        deployed[label].seal({"from": deployer})
    return deployed


def decide(suite: dict, people: list, target: str, data: str):
    """One call, proposed and voted for by both members; the execution's transaction."""
    alliance = suite["Alliance"]
    proposed = alliance.propose([(target, data)], DOCUMENT, {"from": people[0]})
    number = proposed.events["ProposalCreated"]["id"]
    alliance.vote(number, True, {"from": people[4]})
    while chain[-1].timestamp < alliance.proposal(number)["executableFrom"]:
        chain.sleep(1)
        chain.mine()
    executed = alliance.execute(number, {"from": people[8]})
    assert alliance.proposalState(number) == EXECUTED
    return executed


def test_the_directory_names_what_was_deployed(suite: dict) -> None:
    directory = suite["Directory"]
    for label, contract in suite.items():
        if label != "Directory":
            assert directory.current(name(label)) == contract.address
    assert [int(number) for number in suite["Alliance"].members()] == [1, 2]
    assert suite["Operators"].institutionCount() == 2


def test_both_members_register_an_issuer_by_vote(suite: dict, people: list) -> None:
    registry = suite["IssuerRegistry"]
    data = registry.register.encode_input(1, "成都开放大学", "0x" + "01" * 32)
    executed = decide(suite, people, registry.address, data)
    assert executed.status == 1
    event = executed.events["IssuerRegistered"]
    assert (event["institution"], event["name"]) == (1, "成都开放大学")
    assert registry.issuer(1)[0] == 1


def test_one_accounts_no_is_its_members(suite: dict, people: list) -> None:
    alliance = suite["Alliance"]
    data = alliance.adoptAgreement.encode_input(DOCUMENT, 0)
    number = alliance.propose([(alliance.address, data)], DOCUMENT, {"from": people[0]}).events["ProposalCreated"]["id"]
    alliance.vote(number, False, {"from": people[1]})
    alliance.vote(number, True, {"from": people[4]})
    with pytest.raises(REFUSALS) as refused:
        alliance.execute(number, {"from": people[8]})
    assert is_refusal(refused.value, "AllianceWrongState(uint256,uint8)")


def test_nobody_else_changes_the_register(suite: dict, people: list) -> None:
    with pytest.raises(REFUSALS) as refused:
        suite["IssuerRegistry"].register(2, "Another", DOCUMENT, {"from": people[4]})
    assert is_refusal(refused.value, "GovernedNotAlliance(address)")


def test_events_are_found_by_filter(suite: dict, people: list) -> None:
    key = "0x" + "21" * 32
    sent = suite["Keys"].addKey(key, 1, {"from": people[2]})
    assert sent.events["KeyAdded"]["key"] == key
    contract = web3.eth.contract(address=suite["Keys"].address, abi=suite["Keys"].abi)
    found = contract.events.KeyAdded().get_logs(from_block=sent.block_number, argument_filters={"institution": 1})
    assert [bytes(log["args"]["key"]).hex() for log in found] == ["21" * 32]
    assert chain[sent.block_number].hash in {log["blockHash"] for log in found}
