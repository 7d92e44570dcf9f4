"""What was signed for one chain, or one contract, counts on no other (threat 17)."""

from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from tests.contracts.evm import CHAIN_ID, SYSTEM, refused
from tests.contracts.suite import DAY, ISSUE, ORIGIN, Suite, account, founded_in_block_0, key_of

FIELDS = {
    "account": "address",
    "institution": "uint32",
    "roles": "uint16",
    "nonce": "uint256",
    "deadline": "uint256",
}


def acceptance(suite: Suite, deadline: int, **domain: Any) -> bytes:
    """The newcomer's acceptance under a domain that differs in what is given; None leaves a field out."""
    own = {
        "name": "Testamur Operators",
        "version": "1",
        "chainId": CHAIN_ID,
        "verifyingContract": "0x" + suite.address("Operators").hex(),
        "salt": ORIGIN,
    }
    message = encode_typed_data(
        domain_data={name: value for name, value in (own | domain).items() if value is not None},
        message_types={"Acceptance": [{"name": name, "type": type_} for name, type_ in FIELDS.items()]},
        message_data={
            "account": account("newcomer"),
            "institution": 1,
            "roles": ISSUE,
            "nonce": 0,
            "deadline": deadline,
        },
    )
    return bytes(Account.sign_message(message, key_of("newcomer")).signature)


def adopt(suite: Suite, **domain: Any) -> Any:
    deadline = suite.chain.timestamp + DAY
    signature = acceptance(suite, deadline, **domain)
    return suite.send("admin 1", "Operators", "addOperator", account("newcomer"), ISSUE, deadline, signature)


def test_an_acceptance_under_the_domain_of_this_chain_and_contract_counts(suite: Suite) -> None:
    adopt(suite)
    assert suite.call("Operators", "hasRole", account("newcomer"), 1, ISSUE)


@pytest.mark.parametrize(
    "domain",
    [
        {"chainId": CHAIN_ID + 1},
        {"verifyingContract": "0x" + "77" * 20},
        {"salt": b"\x0b" * 32},
        {"salt": bytes(32)},
        {"salt": None},
        {"name": "Testamur Alliance"},
        {"version": "2"},
    ],
    ids=lambda domain: next(iter(domain)),
)
def test_an_acceptance_for_another_domain_is_refused(domain: dict[str, Any], suite: Suite) -> None:
    with refused("OperatorsAcceptanceInvalid", account("newcomer")):
        adopt(suite, **domain)


def test_the_domain_is_told_as_erc_5267_has_it(suite: Suite) -> None:
    assert suite.call("Operators", "origin") == ORIGIN
    told = suite.call("Operators", "eip712Domain")
    operators = suite.address("Operators")
    assert tuple(told) == (b"\x1f", "Testamur Operators", "1", CHAIN_ID, operators, ORIGIN, [])


def test_nothing_signed_counts_in_block_0(suite: Suite) -> None:
    """There the salt would be zero, which every chain's block 0 would share."""
    young = founded_in_block_0()
    with refused("OriginBoundUnknown"):
        adopt(young, salt=bytes(32))


def test_the_deployer_names_block_0_where_no_node_does() -> None:
    foreign = founded_in_block_0(origin=b"\x0c" * 32)
    assert foreign.call("Operators", "origin") == b"\x0c" * 32
    adopt(foreign, salt=b"\x0c" * 32)


def test_the_node_s_word_on_block_0_comes_before_the_deployer_s() -> None:
    chain = founded_in_block_0(origin=b"\x0c" * 32)
    chain.chain.mine()
    chain.chain.send_raw(SYSTEM, chain.address("BlockHistory"), ORIGIN)
    assert chain.call("Operators", "origin") == ORIGIN
