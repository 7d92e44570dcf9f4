"""Votes, agreements, operators and keys on a real chain: what passes, and what each refusal says."""

from dataclasses import replace
from pathlib import Path

import pytest
from testamur.artifacts.genesis import directory_name
from testamur.chain.deploy import deploy_successor
from testamur.chain.errors import KeyUnusableError, TransactionRevertedError, WrongChainError
from testamur.chain.governance import (
    adopt_agreement,
    document_hash,
    execute,
    propose,
    propose_and_pass,
    sign_agreement,
    vote,
    wait_until_executable,
    withdraw,
)
from testamur.chain.institution import (
    Role,
    Scope,
    add_operator,
    admit_call,
    create_accounts,
    found_institution,
    register_calls,
)
from testamur.chain.keys import KeyUsage, add_key, add_signing_keys, key_hash, mark_key_compromised, retire_key
from testamur.chain.names import fold_name
from testamur.chain.proposals import ProposalState, Stance, list_proposals, read_proposal, read_votes
from testamur.chain.signer import Account, create_keystore
from testamur.profile import Accounts, Institution, Profile

from tests.integration.issuing.alliance import Alliance

DOCUMENT = document_hash(b"why")


def test_a_proposal_passes_with_the_votes_of_all_members_this_profile_holds(alliance: Alliance) -> None:
    with alliance.connect() as connection:
        contract = connection.contract("Alliance")
        call = contract.call(
            "setParameter", directory_name("votingPeriod"), contract.read("parameter", directory_name("votingPeriod"))
        )
        proposal, receipt = propose_and_pass(connection, [call], DOCUMENT)
        assert receipt is not None
        assert (proposal.state, proposal.yes, proposal.document) == (ProposalState.EXECUTED, 2, DOCUMENT)
        assert proposal.calls == ((call.target, call.data),)
        assert list_proposals(contract, 1) == [proposal]


def test_a_profile_of_one_member_leaves_the_proposal_open_for_the_others(alliance: Alliance) -> None:
    profile = Profile.load(alliance.home)
    alone = replace(profile, institutions=(profile.institution("cdou"),))
    other = profile.institution("uestc")
    with alliance.connect() as connection:
        connection.profile = alone
        contract = connection.contract("Alliance")
        call = contract.call("setThreshold", 2, 3)
        proposal, receipt = propose_and_pass(connection, [call], DOCUMENT)
        assert (receipt, proposal.state, proposal.yes) == (None, ProposalState.OPEN, 1)
        assert (proposal.need, proposal.executable_from) == (2, None)
        sender = connection.sender(connection.account(other.accounts.govern[1]))
        with pytest.raises(TransactionRevertedError, match=f"proposal {proposal.id} is in state 1") as caught:
            execute(contract, sender, proposal.id)
        assert caught.value.exit_code == 10
        vote(contract, sender, proposal.id)
        assert wait_until_executable(contract, proposal.id)
        objector = connection.sender(connection.account(other.accounts.govern[0]))
        vote(contract, objector, proposal.id, support=False)
        assert not wait_until_executable(contract, proposal.id)
        (_, objecting) = read_votes(contract, proposal.id, [1, 2])
        assert (objecting.stance, objecting.objecting) == (Stance.NO, (objector.account.address,))
        with pytest.raises(TransactionRevertedError, match=f"proposal {proposal.id} is in state 1"):
            execute(contract, sender, proposal.id)
        vote(contract, objector, proposal.id)
        assert wait_until_executable(contract, proposal.id)
        execute(contract, sender, proposal.id)
        assert read_proposal(contract, proposal.id).state is ProposalState.EXECUTED


def test_the_clock_of_the_block_to_come_is_read_from_a_real_node(alliance: Alliance) -> None:
    # what `wait_until_executable` asks while a proposal waits for its delay
    with alliance.connect() as connection:
        coming, newest = connection.rpc.block("pending"), connection.rpc.block("latest")
        assert coming is not None
        assert newest is not None
        assert coming["hash"] is None
        assert int(coming["timestamp"], 16) >= int(newest["timestamp"], 16)


def test_a_proposer_takes_its_proposal_back(alliance: Alliance) -> None:
    with alliance.connect() as connection:
        contract = connection.contract("Alliance")
        first, second = (
            connection.sender_for(connection.profile.institution(slug), "govern") for slug in ("cdou", "uestc")
        )
        number = propose(contract, first, [contract.call("setThreshold", 2, 3)], DOCUMENT)
        with pytest.raises(TransactionRevertedError, match="institution that made proposal"):
            withdraw(contract, second, number)
        withdraw(contract, first, number)
        assert read_proposal(contract, number).state is ProposalState.WITHDRAWN


def test_only_a_member_proposes(alliance: Alliance) -> None:
    with alliance.connect() as connection:
        contract = connection.contract("Alliance")
        issuing = connection.sender_for(connection.profile.institution("cdou"), "issue")
        with pytest.raises(TransactionRevertedError, match="no GOVERN operator of a member") as caught:
            propose(contract, issuing, [contract.call("setThreshold", 2, 3)], DOCUMENT)
        assert "GOVERN account" in str(caught.value.advice)
        connection.profile = replace(connection.profile, institutions=())
        with pytest.raises(KeyUnusableError, match="holds no GOVERN account of a member"):
            propose_and_pass(connection, [contract.call("setThreshold", 2, 3)], DOCUMENT)


def test_a_call_that_fails_names_its_position_and_reason_and_takes_the_others_with_it(alliance: Alliance) -> None:
    with alliance.connect() as connection:
        keys = connection.contract("Keys")
        calls = [
            keys.call("addDid", 1, "did:web:another.example"),
            admit_call(connection, 1, [Scope(1)]),
        ]
        with pytest.raises(TransactionRevertedError, match=r"execute\[1\].*state 2") as caught:
            propose_and_pass(connection, calls, DOCUMENT)
        assert (caught.value.error, caught.value.arguments["position"]) == ("IssuerRegistryWrongState", 1)
        from testamur.proof.hashing import keccak256

        assert keys.read("did", keccak256(b"did:web:another.example"))["institution"] == 0


def test_an_unknown_proposal_is_told(alliance: Alliance) -> None:
    with alliance.connect() as connection, pytest.raises(TransactionRevertedError, match="no proposal 4000"):
        read_proposal(connection.contract("Alliance"), 4000)


def test_an_agreement_is_adopted_and_signed_once_by_each(alliance: Alliance) -> None:
    with alliance.connect() as connection:
        contract = connection.contract("Alliance")
        latest = connection.rpc.block()
        assert latest is not None
        version = adopt_agreement(connection, document_hash(b"agreement"), int(latest["timestamp"], 16) + 3600)
        assert contract.read("agreement", version)["document"] == document_hash(b"agreement")
        for institution in connection.profile.institutions:
            sender = connection.sender(connection.account(institution.accounts.govern[0]))
            sign_agreement(contract, sender, version)
            assert contract.read("signed", version, institution.number)
            with pytest.raises(TransactionRevertedError, match="has signed version"):
                sign_agreement(contract, sender, version)


def test_a_new_institution_is_founded_registered_and_gets_its_operators_and_keys(
    alliance: Alliance, tmp_path: Path
) -> None:
    with alliance.connect() as connection:
        kept = connection.profile
        accounts = create_accounts(kept, "keys/swufe", is_light=True)
        wanted = Institution(0, "西南财经大学", "swufe", "did:web:swufe.example", 5101, accounts)
        institution, _, receipt = found_institution(connection, wanted, DOCUMENT)
        assert receipt is not None
        assert institution.number == 3
        connection.profile = kept.with_institution(institution)
        connection.profile.save()
        propose_and_pass(connection, register_calls(connection, 3, institution.name, institution.did), DOCUMENT)
        assert connection.contract("IssuerRegistry").read("issuer", 3)["state"] == 1
        roles = connection.contract("Operators")
        issue = connection.account(str(accounts.issue))
        assert roles.read("roleOf", issue.address)["roles"] == 0
        add_operator(connection, institution, issue, Role.ISSUE)
        assert roles.read("hasRole", issue.address, 3, int(Role.ISSUE))
        with pytest.raises(TransactionRevertedError, match="acts for the institution already"):
            add_operator(connection, institution, issue, Role.ISSUE)
        other = connection.profile.institution("cdou")
        with pytest.raises(TransactionRevertedError, match="belongs to institution 3, for ever"):
            add_operator(connection, other, issue, Role.ISSUE)
        institution = add_signing_keys(connection, institution, "keys/swufe")
        assert institution.signing is not None
        assert add_signing_keys(connection, institution, "keys/swufe") == institution, "a second time changes nothing"
        assert Profile.load(alliance.home).institution("swufe").signing == institution.signing
        kept.save()


def test_an_institution_needs_its_controllers(alliance: Alliance) -> None:
    with alliance.connect() as connection, pytest.raises(KeyUnusableError, match="two GOVERN accounts"):
        found_institution(connection, Institution(0, "X", "x", "did:web:x.example", 0, Accounts()), DOCUMENT)


def test_a_key_is_added_and_retired_by_its_admin_and_another_institutions_is_another_record(alliance: Alliance) -> None:
    key = b"\x42" * 32
    with alliance.connect() as connection:
        first, second = connection.profile.institution("cdou"), connection.profile.institution("uestc")
        keys = connection.contract("Keys")
        add_key(connection, second, key, KeyUsage.STATUS)
        add_key(connection, first, key, KeyUsage.CREDENTIAL)
        record = keys.read("key", 1, key_hash(key))
        assert (record["institution"], record["usage"], record["until"]) == (1, 1, 0)
        with pytest.raises(TransactionRevertedError, match="institution 1 registered the key already"):
            add_key(connection, first, key, KeyUsage.STATUS)
        with pytest.raises(TransactionRevertedError, match="has no key"):
            retire_key(connection, first, key)
        mark_key_compromised(connection, first, key_hash(key), record["since"])
        assert keys.read("key", 1, key_hash(key))["compromisedSince"] == record["since"]
        with pytest.raises(TransactionRevertedError, match="cut-off"):
            mark_key_compromised(connection, first, key_hash(key), record["since"] + 1)
        retire_key(connection, first, key_hash(key), record["since"] + 10**6)
        retire_key(connection, first, key_hash(key))
        with pytest.raises(TransactionRevertedError, match=r"the end .* does not lie between"):
            retire_key(connection, first, key_hash(key))
        assert keys.read("key", 2, key_hash(key))["until"] == 0
        assert keys.read("key", 1, key_hash(key))["until"] > 0


def test_names_that_look_the_same_fold_to_the_same() -> None:
    assert fold_name("Ａbc Univ.") == fold_name("ABC univ") == "abcuniv"
    assert fold_name("成都 开放大学") == fold_name("成都开放大学")
    assert fold_name("成都开放大学") != fold_name("成都理工大学")


def test_an_account_outside_the_alliance_cannot_transact(alliance: Alliance, tmp_path: Path) -> None:
    """The node refuses it at its door; nothing stays in the queue."""
    (tmp_path / "password").write_text("x\n")
    create_keystore(tmp_path / "stranger.json", "x", is_light=True)
    stranger = Account.load(tmp_path / "stranger.json", tmp_path / "password")
    with alliance.connect() as connection:
        sender = connection.sender(stranger)
        call = connection.contract("IssuerRegistry").call("isRecognised", 1)
        with pytest.raises(KeyUnusableError, match="may not transact") as caught:
            sender.send(call)
        assert caught.value.exit_code == 9
        sender.settle()
        assert connection.rpc.nonce(stranger.address) == 0


def test_what_is_never_replaced_has_no_successor(alliance: Alliance) -> None:
    with alliance.connect() as connection:
        sender = connection.sender_for(connection.profile.institution("cdou"), "admin")
        with pytest.raises(WrongChainError, match="Alliance is never replaced"):
            deploy_successor(connection, sender, "Alliance", DOCUMENT)
