"""`alliance`, `issuer`, `policy`, `account`, `init`, `deploy` on the world's chain."""

import json
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from testamur.artifacts import GENESIS_ADDRESSES
from testamur.profile import Profile

from tests.world import World, command


def test_the_alliance_is_shown_with_agreement_and_proposals(world: World) -> None:
    result = command("alliance", "show", "--profile", world.result.profile, "--json")
    assert result.json["members"] == [1, 2]
    assert result.json["agreements"][0]["signed"] == [1, 2]
    assert {item["state"] for item in result.json["proposals"]} >= {"executed"}


def test_a_proposal_is_shown_with_its_calls_in_words(world: World) -> None:
    result = command("alliance", "show", 1, "--profile", world.result.profile)
    assert "QualificationFrameworks.addFramework[1, " in result.out


def test_a_parameter_is_changed_by_vote_and_the_call_reads_back(world: World) -> None:
    text = 'Alliance.setParameter["votingPeriod", 864000]'
    proposed = command("alliance", "propose", text, "--profile", world.result.profile, "--json")
    assert (proposed.code, proposed.json["state"]) == (0, "executed")
    shown = command("alliance", "show", proposed.json["proposal"], "--profile", world.result.profile, "--json")
    assert shown.json["calls"] == [text]


@pytest.mark.parametrize(
    "text",
    [
        "Alliance",
        "Nothing.here[]",
        "Alliance.nothing[]",
        "Alliance.setParameter[1]",
        'Alliance.setParameter["votingPeriod", "long"]',
        "Alliance.setParameter[}]",
        'IssuerRegistry.suspend[1, "0xzz"]',
    ],
)
def test_a_call_that_means_nothing_is_refused_before_anything_is_sent(world: World, text: str) -> None:
    assert command("alliance", "propose", text, "--profile", world.result.profile).code == 2


def test_a_call_that_the_contracts_refuse_ends_with_10_and_its_reason(world: World) -> None:
    result = command(
        "alliance", "propose", 'Alliance.setParameter["votingPeriod", 1]', "--profile", world.result.profile
    )
    assert result.code == 10
    assert result.err.startswith("error: ")


def test_nobody_agrees_to_code_that_the_client_does_not_know_unless_its_hash_is_named(world: World) -> None:
    target = "0x" + GENESIS_ADDRESSES["Operators"].hex()  # its code is known, but not under this name
    text, profile = f'Directory.set["CreditBank", "{target}", 1]', ("--profile", world.result.profile)
    refused = command("alliance", "propose", text, *profile)
    assert (refused.code, f"CreditBank would be {target}" in refused.err) == (2, True)
    (code_hash,) = re.findall(r"--code-hash (0x[0-9a-f]{64})", refused.err)
    assert command("alliance", "propose", text, "--code-hash", "0x12", *profile).code == 2
    read = command("alliance", "propose", text, "--code-hash", code_hash, *profile)
    assert read.code == 10, "the Directory refuses it, whose code says that it bears another name"
    number = command("alliance", "show", *profile, "--json").json["proposals"][0]["proposal"]
    (entry,) = command("alliance", "show", number, *profile, "--json").json["entries"]
    assert (entry["name"], entry["target"], entry["codeHash"], entry["known"]) == (
        "CreditBank",
        target,
        code_hash,
        False,
    )
    assert "does not know" in command("alliance", "show", number, *profile).out
    assert command("alliance", "vote", number, *profile).code == 2


def test_signing_an_agreement_twice_is_refused(world: World) -> None:
    result = command("alliance", "sign", 1, "--as", "cdou", "--profile", world.result.profile)
    assert result.code == 10


def test_a_vote_by_hand_carries_a_proposal(world: World) -> None:
    """The founders vote and execute one after the other; each with the account of its own institution."""
    from testamur.chain.connection import Connection
    from testamur.chain.governance import document_hash, propose

    with Connection.open(world.profile) as connection:
        alliance = connection.contract("Alliance")
        call = alliance.call("setParameter", b"votingPeriod".ljust(32, b"\0"), 900_000)
        sender = connection.sender_for(connection.profile.institution("cdou"), "govern")
        number = propose(alliance, sender, [call], document_hash(b"by hand"))
    options = ("--profile", world.result.profile, "--json")
    assert command("alliance", "execute", number, *options).code == 10
    assert command("alliance", "vote", number, "--as", "cdou", "--against", *options).json["no"] == 1
    assert command("alliance", "vote", number, "--as", "cdou", *options).json["yes"] == 1
    voted = command("alliance", "vote", number, "--as", "uestc", *options)
    assert voted.json["state"] == "waiting"
    assert voted.json["executableFrom"] < voted.json["lapsesAt"]
    assert command("alliance", "execute", number, *options).code == 0


def test_who_objects_is_shown_and_a_proposal_is_taken_back(world: World) -> None:
    from testamur.chain.connection import Connection
    from testamur.chain.governance import document_hash, propose

    with Connection.open(world.profile) as connection:
        alliance = connection.contract("Alliance")
        sender = connection.sender_for(connection.profile.institution("cdou"), "govern")
        number = propose(alliance, sender, [alliance.call("setThreshold", 2, 3)], document_hash(b"not so"))
        objector = connection.sender_for(connection.profile.institution("uestc"), "govern").account.address
    options = ("--profile", world.result.profile)
    command("alliance", "vote", number, "--as", "uestc", "--against", *options)
    shown = command("alliance", "show", number, *options, "--json").json
    assert shown["votes"] == [
        {"institution": 1, "says": "yes", "objecting": []},
        {"institution": 2, "says": "no", "objecting": ["0x" + objector.hex()]},
    ]
    assert "0x" + objector.hex() in command("alliance", "show", number, *options).out
    assert command("alliance", "withdraw", number, "--as", "uestc", *options).code == 10
    assert command("alliance", "withdraw", number, "--as", "cdou", *options, "--json").json["state"] == "withdrawn"
    assert command("alliance", "show", number, *options, "--json").json["state"] == "withdrawn"
    assert command("alliance", "execute", number, *options).code == 10


def test_a_delay_longer_than_two_minutes_is_told_and_left_to_people(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--profile", world.result.profile, "--json")
    with monkeypatch.context() as patched:
        patched.setattr("testamur.chain.governance.wait_until_executable", lambda *_: False)
        proposed = command("alliance", "propose", "Alliance.setThreshold[2, 3]", *options)
        assert (proposed.code, proposed.json["state"], proposed.json["block"]) == (0, "waiting", None)
        executed = command("alliance", "execute", proposed.json["proposal"], *options)
        assert executed.code == 10
        assert executed.json == {key: proposed.json[key] for key in executed.json}
        assert "may be executed from" in command("alliance", "execute", proposed.json["proposal"], *options[:2]).out
    assert command("alliance", "execute", proposed.json["proposal"], *options).code == 0


def test_the_account_that_as_names_is_the_one_that_signs(world: World) -> None:
    from testamur.chain.signer import keystore_address

    profile = world.profile
    second = profile.institution("uestc").accounts.govern[1]
    options = ("--profile", world.result.profile, "--json")
    bad = command("issuer", "key", "add", "--usage", "status", "--as", second, *options)
    assert bad.code == 10  # a GOVERN account is no ADMIN
    address = keystore_address(profile.resolve(second))
    assert address is not None
    assert profile.account_file("0x" + address.hex()) == profile.resolve(second)
    assert profile.account_file("uestc") is None


def test_a_scope_is_suspended_lifted_and_ended_and_an_issuer_held_and_released(world: World) -> None:
    options = ("--profile", world.result.profile, "--json")
    before = command("issuer", "show", "2", *options).json["scopes"][0]
    assert (before["admission"], before["parent"], before["suspendedBy"]) == (1, None, None)
    assert command("issuer", "scope", "suspend", "2", "1", *options).json["state"] == "executed"
    assert command("issuer", "show", "2", *options).json["scopes"][0]["suspendedBy"] == "Alliance"
    assert "suspended" in command("issuer", "show", "2", "--profile", world.result.profile).out
    assert command("issuer", "scope", "suspend", "2", "1", *options).code == 10
    assert command("issuer", "scope", "lift", "2", "1", *options).json["state"] == "executed"
    assert command("issuer", "show", "2", *options).json["scopes"][0] == before
    assert command("issuer", "scope", "hold", "2", "--framework", "9", *options).json["state"] == "executed"
    assert command("issuer", "scope", "release", "2", "1", *options).json["state"] == "executed"
    assert command("issuer", "scope", "release", "2", "2", *options).code == 10
    assert command("issuer", "scope", "end", "2", "1", "--at", "2001-01-01", *options).code == 10


def test_a_name_that_nobody_can_see_is_refused_before_the_vote(world: World) -> None:
    options = ("--did", "did:web:unseen.example", "--number", "2", "--profile", world.result.profile, "--json")
    for name in ("\u3164", "北京\u00ad大学", " "):
        assert command("issuer", "register", "--name", name, *options).code == 2


def test_an_institution_is_carried_over_without_a_change(world: World) -> None:
    options = ("--profile", world.result.profile, "--json")
    before = command("issuer", "show", "2", *options).json
    assert command("issuer", "carry-over", "2", *options).json["institution"] == 2
    assert command("issuer", "show", "2", *options).json == before


def test_issuers_are_listed_and_shown_by_number_and_did(world: World) -> None:
    options = ("--profile", world.result.profile, "--json")
    listed = command("issuer", "list", *options).lines
    assert [item["state"] for item in listed][:3] == ["recognised", "recognised", "applied"]
    assert command("issuer", "show", "did:web:uestc.example", *options).json["id"] == 2
    assert command("issuer", "show", *options).json["id"] == 1
    assert command("issuer", "show", "99", *options).code == 6
    document = command("issuer", "show", "1", "--did", *options).json
    assert document["id"] == "did:web:cdou.example"


def test_an_issuer_is_suspended_and_reinstated_by_vote_and_its_credentials_stay_valid(world: World) -> None:
    options = ("--profile", world.result.profile, "--json")
    assert command("issuer", "suspend", "2", *options).json["state"] == "executed"
    bundle = world.result.issued[1] / "bundles.jsonl"
    judged = command("verify", bundle, "--policy", world.result.policy, "--rpc", world.result.rpc, "--json")
    assert judged.code == 0
    assert judged.lines[0]["checks"][4]["code"] == "issuer_suspended_since"
    assert command("issuer", "reinstate", "2", *options).json["state"] == "executed"


@pytest.mark.parametrize("scope", ["x", "1:2:3-y", ""])
def test_a_scope_that_cannot_be_read_is_refused(world: World, scope: str) -> None:
    assert command("issuer", "admit", "3", "--scope", scope, "--profile", world.result.profile).code == 2


def test_a_signing_key_is_rotated_and_the_old_one_retired(world: World, tmp_path: Path) -> None:
    options = ("--profile", world.result.profile, "--as", "uestc", "--json")
    before = command("issuer", "show", "2", *options).json["keys"]
    assert command("issuer", "key", "add", "--usage", "credential", *options).code == 0
    after = command("issuer", "show", "2", *options).json["keys"]
    assert len(after) == len(before) + 1
    old = next(key for key in before if key["usage"] == "credential")
    assert command("issuer", "key", "retire", old["keyHash"], *options).code == 0
    assert command("issuer", "key", "retire", old["keyHash"], *options).code == 10
    assert command("doctor", *options).code == 0
    assert command("issuer", "key", "retire", "0x12", *options).code == 2


def test_a_wrong_report_of_theft_is_taken_back_by_consent_and_vote(world: World) -> None:
    options = ("--profile", world.result.profile, "--as", "uestc", "--json")

    def stands() -> dict[str, Any]:
        keys = command("issuer", "show", "2", *options).json["keys"]
        return next(key for key in keys if key["usage"] == "status")

    name, since = stands()["keyHash"], stands()["since"]
    planned = command("issuer", "key", "retire", name, "--at", "2099-01-01", *options)
    assert (planned.code, stands()["until"]) == (0, planned.json["until"])
    assert command("issuer", "key", "retire", name, "--at", "2099-01-02", *options).code == 10
    at = datetime.fromtimestamp(since, UTC).isoformat()
    assert command("issuer", "key", "compromise", name, "--since", at, *options).code == 0
    later = datetime.fromtimestamp(since + 1, UTC).isoformat()
    assert command("issuer", "key", "restore", name, "--since", later, *options).json["state"] == "executed"
    assert (stands()["compromisedSince"], stands()["clearings"]) == (since + 1, 1)
    refused = command("issuer", "key", "restore", name, *options)
    assert refused.code == 10
    assert "no GOVERN of institution 2 agrees" in refused.err
    assert command("issuer", "key", "consent", name, *options).code == 0
    assert command("issuer", "key", "restore", name, "--of", "2", *options[:2], "--json").json["state"] == "executed"
    assert (stands()["compromisedSince"], stands()["clearings"]) == (None, 2)
    again = command("issuer", "key", "compromise", name, "--since", at, *options)
    assert (again.code, "only a vote cuts it off again" in again.err) == (10, True)


def test_a_policy_is_created_shown_checked_and_refreshed(world: World, tmp_path: Path) -> None:
    out = tmp_path / "policy.toml"
    created = command(
        "policy", "create", "--rpc", world.result.rpc, "--out", out, "--json", "--profile", world.result.profile
    )
    assert (created.code, created.json["trust"]) == (0, "single-signer")
    assert command("policy", "show", out, "--json").json["fingerprint"] == created.json["fingerprint"]
    assert command("policy", "show", world.result.policy, "--json").json["fingerprint"] == created.json["fingerprint"]
    assert command("policy", "check", out, "--json").code == 0
    refreshed = command("policy", "refresh", out, "--json")
    assert (refreshed.code, refreshed.json["nodes"][0]["problem"]) == (0, None)
    assert command("policy", "refresh", out, "--at-least", 2).code == 7
    assert command("policy", "check", out, "--rpc", "http://127.0.0.1:9").code == 7
    assert command("policy", "create", "--rpc", world.result.rpc, "--out", out).code == 2


def test_a_chain_that_left_out_a_block_is_told_until_the_policy_forgets(world: World, tmp_path: Path) -> None:
    """docs/protocol.md 4.5, on a node: block 2 was shown with another hash than the chain has now."""
    policy, memory = tmp_path / "policy.toml", tmp_path / "newest.sqlite"
    options = ("--profile", world.result.profile)
    assert command("policy", "create", "--rpc", world.node.rpc, "--out", policy).code == 0
    assert command("policy", "check", policy, *options).code == 0
    with closing(sqlite3.connect(memory)) as database, database:
        [(kept,)] = database.execute("SELECT entry FROM newest").fetchall()
        other = json.dumps({**json.loads(kept), "blocks": {"2": "0x" + "66" * 32}})
        database.execute("UPDATE newest SET entry = ?", (other,))
    refused = command("policy", "check", policy, *options)
    assert (refused.code, "block 2 was shown before with another hash" in refused.err) == (7, True)
    chinese = command("verify", world.cases["valid"], "--policy", policy, "--lang", "zh", *options)
    assert (chinese.code, "回滚" in chinese.out, "rolled" in chinese.out) == (7, True, False)
    assert command("policy", "refresh", policy, *options).code == 7
    assert command("policy", "refresh", policy, "--forget", *options).code == 0
    assert command("verify", world.cases["valid"], "--policy", policy, *options).code == 0


def test_a_policy_that_lacks_a_pin_is_refused(world: World, tmp_path: Path) -> None:
    lines = world.result.policy.read_text().splitlines()
    (tmp_path / "policy.toml").write_text("\n".join(line for line in lines if not line.startswith("solo_key")))
    assert command("policy", "show", tmp_path / "policy.toml").code == 2


def test_accounts_are_made_imported_and_listed_and_no_key_is_ever_printed(tmp_path: Path) -> None:
    keys, password = tmp_path / "keys", tmp_path / "password"
    options = ("--keystore", keys, "--password-file", password)
    made = command("account", "new", "first", *options, "--json")
    assert made.code == 0
    assert password.stat().st_mode & 0o777 == 0o600
    (tmp_path / "key.hex").write_text("0x" + "4c" * 32)
    taken = command("account", "import", "second", "--from", tmp_path / "key.hex", *options, "--json")
    assert taken.code == 0
    assert "4c4c" not in taken.out + taken.err
    listed = command("account", "list", "--keystore", keys, "--json").lines
    assert [item["address"] for item in listed] == [made.json["address"], taken.json["address"]]
    assert command("account", "new", "first", *options).code == 9
    (tmp_path / "key.hex").write_text("no key")
    assert command("account", "import", "third", "--from", tmp_path / "key.hex", *options).code == 2
    (tmp_path / "key.hex").write_bytes(b"\xff\x00" * 32)
    assert command("account", "import", "third", "--from", tmp_path / "key.hex", *options).code == 2
    for name in ("../out", "a/b", "..", ""):
        assert command("account", "new", name, *options).code == 2
    assert sorted(path.name for path in tmp_path.rglob("*.json")) == ["first.json", "second.json"]


def test_the_accounts_of_a_profile_are_listed_wherever_they_lie(world: World) -> None:
    listed = command("account", "list", "--profile", world.result.profile, "--json").lines
    roles = [role for item in listed for role in item["roles"]]
    assert {"cdou issue", "cdou status", "uestc govern", "jjvtc admin"} <= set(roles)


def test_a_profile_is_written_for_a_chain_and_for_an_institution(world: World, tmp_path: Path) -> None:
    path = tmp_path / "testamur.toml"
    written = command("init", "--rpc", world.result.rpc, "--institution", 1, "--slug", "mine", "--profile", path)
    assert written.code == 0
    assert "one machine seals this chain of 2 members" in written.err, "an island is warned of (issue 9, 28)"
    assert "compare block 0 with the other members" in written.err
    profile = Profile.load(path)
    assert (profile.chain_id, profile.institution("mine").did) == (world.node.chain_id, "did:web:cdou.example")
    assert command("init", "--rpc", world.result.rpc, "--profile", path).code == 2
    assert command("init", "--rpc", "http://127.0.0.1:9", "--profile", tmp_path / "other.toml").code == 7


def test_deploying_on_a_governed_chain_finds_every_contract_current(world: World) -> None:
    for more in (("--plan",), ()):
        result = command("deploy", *more, "--profile", world.result.profile, "--json")
        assert (result.code, result.json["governed"], result.json["propose"]) == (0, True, [])


def test_votes_are_signed_into_files_and_handed_in_by_anybody(world: World, tmp_path: Path) -> None:
    from testamur.chain.connection import Connection
    from testamur.chain.governance import document_hash, propose

    with Connection.open(world.profile) as connection:
        alliance = connection.contract("Alliance")
        sender = connection.sender_for(connection.profile.institution("cdou"), "govern")
        number = propose(alliance, sender, [alliance.call("setThreshold", 2, 3)], document_hash(b"signed"))
    options = ("--profile", world.result.profile)
    vote, copy, broken = tmp_path / "vote.json", tmp_path / "copy.json", tmp_path / "broken.json"
    signed = command("alliance", "vote", number, "--as", "uestc", "--sign", vote, *options, "--json")
    assert (signed.code, signed.json["institution"], signed.json["support"]) == (0, 2, True)
    assert command("alliance", "show", number, *options, "--json").json["yes"] == 1
    assert command("alliance", "vote", number, "--as", "uestc", "--sign", vote, *options).code == 2
    copy.write_bytes(vote.read_bytes())
    foretold = command("alliance", "submit", vote, copy, "--dry-run", *options, "--json")
    assert (foretold.code, [item["taken"] for item in foretold.lines]) == (8, [True, False])
    done = command("alliance", "submit", vote, copy, *options, "--json")
    assert (done.code, [item["taken"] for item in done.lines]) == (8, [True, False])
    assert "sequence" in done.lines[1]["reason"]
    assert command("alliance", "show", number, *options, "--json").json["state"] in ("waiting", "executable")
    again = command("alliance", "submit", vote, *options)
    assert (again.code, "refused" in again.out) == (10, True)
    broken.write_text('{"type": "TestamurVote", "version": 1}')
    assert command("alliance", "submit", broken, *options).code == 2
    assert command("alliance", "execute", number, *options).code == 0
