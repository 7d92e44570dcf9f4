"""`audit` and `framework`: what happened, whether that is all, and what the register holds."""

import csv
import hashlib
import io
import json
from contextlib import suppress
from pathlib import Path

import pytest
from testamur.audit import completeness, pages
from testamur.audit.event import EventFilter
from testamur.audit.events import RewrittenError, follow_events, read_events
from testamur.audit.moments import beijing
from testamur.audit.sheet import safe
from testamur.chain.connection import Connection
from testamur.chain.errors import RpcError
from testamur.chain.rpc import Rpc

from tests.world import World, command


def events(world: World, *more: object) -> list[dict[str, object]]:
    result = command("audit", "events", "--json", "--profile", world.result.profile, *more)
    assert result.code == 0
    return result.lines


def test_the_events_tell_the_founding_in_order(world: World) -> None:
    listed = events(world)
    assert [(item["block"], item["index"]) for item in listed] == sorted(
        (item["block"], item["index"]) for item in listed
    )
    names = [item["event"] for item in listed]
    for name in ("ProposalCreated", "FrameworkAdded", "IssuerRecognised", "KeyAdded", "ListOpened", "BatchAnchored"):
        assert name in names
    assert names.index("IssuerRecognised") < names.index("BatchAnchored")


def test_filters_narrow_by_event_institution_list_and_blocks(world: World) -> None:
    anchored = events(world, "--event", "BatchAnchored")
    assert {item["event"] for item in anchored} == {"BatchAnchored"}
    second = events(world, "--event", "BatchAnchored", "--institution", 2)
    assert {item["arguments"]["issuer"] for item in second} == {2}  # type: ignore[index]
    assert len(second) < len(anchored)
    last = anchored[-1]["block"]
    assert {item["block"] for item in events(world, "--from", last, "--to", last)} == {last}
    assert {item["contract"] for item in events(world, "--list", 1)} <= {"StatusRegistry", "CredentialBatches"}
    assert {item["contract"] for item in events(world, "--contract", "Alliance")} == {"Alliance"}


def test_an_institutions_events_are_those_of_its_lists_votes_and_accounts_too(world: World) -> None:
    """A status event carries a list and no institution; an executed proposal only its number."""
    assert command("suspend", world.spare[6], "--reason", "2", "--profile", world.result.profile).code == 0
    own, other = events(world, "--institution", 1), events(world, "--institution", 2)
    assert "CredentialSuspended" in {item["event"] for item in own}
    assert "CredentialSuspended" not in {item["event"] for item in other}
    for mine in (own, other):
        assert {"ListOpened", "IssuerRecognised", "VoteCast", "ProposalCreated", "BatchAnchored"} <= {
            item["event"] for item in mine
        }
    executed = [item for item in events(world, "--event", "ProposalExecuted") if item["institutions"]]
    assert len(executed) == len(events(world, "--event", "ProposalExecuted"))
    third = events(world, "--institution", world.result.unrecognised)
    assert "ProposalCreated" in {item["event"] for item in third}, "what was decided about it"
    by_did = events(world, "--institution", world.profile.institution("cdou").did)
    assert events(world, "--institution", "cdou") == by_did, "as the example in the help has it"
    assert by_did == own


def test_events_say_whom_by_name_when_in_beijing_and_what_a_proposal_calls(world: World) -> None:
    [admitted, *_] = events(world, "--event", "IssuerRecognised", "--institution", 1)
    assert admitted["institutions"] == [{"number": 1, "name": world.profile.institution("cdou").name}]
    assert admitted["date"] == beijing(int(str(admitted["time"]))).isoformat()
    assert str(admitted["date"]).endswith("+08:00")
    calls = [
        call["call"] for item in events(world, "--event", "ProposalCreated") for call in item["arguments"]["calls"]
    ]  # type: ignore[index]
    assert any(call.startswith("IssuerRegistry.admit[1, ") for call in calls)
    told = command("audit", "events", "--event", "ProposalCreated", "--profile", world.result.profile).out
    assert "IssuerRegistry.admit[1, " in told
    assert world.profile.institution("cdou").name in told


def test_days_are_whole_and_beijings(world: World) -> None:
    everything = events(world)
    days = sorted({str(item["date"])[:10] for item in everything})
    assert events(world, "--since", days[0], "--until", days[-1]) == everything
    assert events(world, "--until", "2020-01-01") == []
    assert events(world, "--since", "2999-01-01") == []
    middle = everything[len(everything) // 2]
    later = events(world, "--since", middle["date"])
    assert later == [item for item in everything if int(str(item["time"])) >= int(str(middle["time"]))]
    assert [*events(world, "--until", middle["date"])] == [
        item for item in everything if int(str(item["time"])) <= int(str(middle["time"]))
    ]
    for words in (("--since", "2026-13-45"), ("--until", "yesterday"), ("--follow", "--until", "2026-01-01")):
        assert command("audit", "events", *words, "--profile", world.result.profile).code == 2


def test_a_table_opens_in_spreadsheets_and_runs_nothing(world: World) -> None:
    told = command("audit", "events", "--csv", "--lang", "zh", "--profile", world.result.profile)
    assert told.code == 0
    assert told.out.startswith("\ufeff区块,")
    head, *rows = csv.reader(io.StringIO(told.out.removeprefix("\ufeff")))
    listed = events(world)
    assert [int(row[0]) for row in rows] == [item["block"] for item in listed]
    assert {len(row) for row in rows} == {len(head)}
    assert [json.loads(row[6]) for row in rows] == [item["arguments"] for item in listed]
    assert command("audit", "events", "--csv", "--json", "--profile", world.result.profile).code == 2
    for text in ("=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1"):
        assert safe(text) == "'" + text
    assert safe("成都开放大学") == "成都开放大学"


def test_the_record_is_complete_and_each_thing_that_is_missing_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that withholds one event cannot withhold the counter, the record or the bitmap that it changed."""
    options = ("--profile", world.result.profile)
    assert command("suspend", world.spare[7], "--reason", "2", *options).code == 0
    whole = command("audit", "check", "--json", *options)
    assert (whole.code, whole.json["complete"], whole.json["problems"]) == (0, True, [])
    assert "complete:" in command("audit", "check", *options).out
    real = pages.entries
    for hidden, problem in (
        ("ListOpened", "no event says so"),
        ("BatchAnchored", "a batch begins at"),
        ("CredentialSuspended", "what is suspended differs from the events"),
        ("ProposalCreated", "was made, and no event says so"),
        ("VoteCast", "the institutions that voted differ"),
    ):
        most = 99 if hidden == "CredentialSuspended" else 1  # one alone may have been reinstated since
        state = {"left": most}

        def poorer(
            suite: object, named: object, logs: object, hidden: str = hidden, state: dict[str, int] = state
        ) -> object:
            for contract, entry in real(suite, named, logs):  # type: ignore[arg-type]
                if entry.event == hidden and state["left"]:
                    state["left"] -= 1
                    continue
                yield contract, entry

        monkeypatch.setattr(completeness, "entries", poorer)
        missing = command("audit", "check", "--json", *options)
        assert missing.code == 3, hidden
        assert any(problem in text for text in missing.json["problems"]), (hidden, missing.json)
        state["left"] = most
        chinese = command("audit", "check", "--lang", "zh", *options)
        assert (chinese.code, "no event" in chinese.out, "differ" in chinese.out) == (3, False, False)


def test_a_check_of_a_dead_node_is_undecided(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTAMUR_RPC", "http://127.0.0.1:9")
    assert command("audit", "check", "--profile", world.result.profile).code == 7


def test_the_numbers_of_each_institution_are_told(world: World) -> None:
    options = ("--profile", world.result.profile)
    before = command("audit", "stats", "--json", *options).lines
    assert command("suspend", world.spare[8], "--reason", "2", *options).code == 0
    after = command("audit", "stats", "--json", *options).lines
    assert [item["institution"] for item in after] == [1, 2, world.result.unrecognised]
    assert after[0]["suspended"] == before[0]["suspended"] + 1
    assert after[0]["credentials"] == before[0]["credentials"] > 0
    assert after[2] == {**after[2], "lists": 0, "credentials": 0}


def test_an_export_is_whole_and_its_manifest_says_what_it_is(world: World, tmp_path: Path) -> None:
    out, options = tmp_path / "events.ndjson", ("--profile", world.result.profile)
    assert command("audit", "export", "--out", out, *options).code == 0
    manifest = json.loads((tmp_path / "events.ndjson.manifest.json").read_text())
    assert manifest["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    listed = [json.loads(line) for line in out.read_text().splitlines()]
    assert manifest["events"] == len(listed)
    assert listed == events(world, "--to", manifest["toBlock"])
    with Connection.open(world.profile) as connection:
        last = connection.rpc.block_hash(manifest["toBlock"])
    assert manifest["blocks"][str(manifest["toBlock"])] == "0x" + last.hex()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.ndjson", "events.ndjson.manifest.json"]


def test_following_notices_that_a_block_it_told_of_is_gone(world: World) -> None:
    """A chain that was rolled back: the block whose events were read has another hash, or there is none."""
    for shown, words in (({"hash": "0x" + "66" * 32}, "has another hash"), (None, "is gone")):
        with Connection.open(world.profile) as connection:

            def roll_back(_: float, rpc: Rpc = connection.rpc, shown: dict[str, str] | None = shown) -> None:
                rpc.__dict__["block"] = lambda number: shown

            told = follow_events(connection.suite, EventFilter(), 0, pause=roll_back)
            with pytest.raises(RewrittenError, match=words):
                list(told)


@pytest.mark.parametrize("words", [["--event", "Nothing"], ["--contract", "Nobody"], ["--from", "-1"]])
def test_a_filter_that_means_nothing_is_refused(world: World, words: list[str]) -> None:
    assert command("audit", "events", *words, "--profile", world.result.profile).code == 2


def test_following_goes_on_with_new_blocks_without_losing_or_repeating_any(world: World) -> None:
    with Connection.open(world.profile) as connection:
        before = list(read_events(connection.suite, EventFilter()))
        pauses: list[float] = []

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 1:
                options = ("--reason", "1", "--profile", world.result.profile)
                assert command("suspend", world.spare[5], *options).code == 0
            if len(pauses) > 2:
                raise KeyboardInterrupt

        seen = []
        with suppress(KeyboardInterrupt):
            for event in follow_events(connection.suite, EventFilter(), 0, pause=pause):
                seen.append(event)
    assert seen[: len(before)] == before
    assert [event.name for event in seen[len(before) :]] == ["CredentialSuspended"]


def test_a_page_that_the_node_finds_too_large_is_halved(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with Connection.open(world.profile) as connection:
        whole = list(read_events(connection.suite, EventFilter()))
        real = Rpc.call

        def narrow(self: Rpc, method: str, *params: object) -> object:
            if method == "eth_getLogs":
                request = params[0]
                assert isinstance(request, dict)
                if int(request["toBlock"], 16) - int(request["fromBlock"], 16) >= 3:
                    raise RpcError(method, -32005, "query returned more than 10000 results")
            return real(self, method, *params)

        monkeypatch.setattr(Rpc, "call", narrow)
        assert list(read_events(connection.suite, EventFilter())) == whole


def test_frameworks_are_listed_and_shown_with_the_texts_that_credentials_repeat(world: World) -> None:
    options = ("--profile", world.result.profile, "--json")
    [listed] = command("framework", "list", *options).lines
    shown = command("framework", "show", 1, *options).json
    assert shown == listed
    assert len(shown["levels"]) == 10
    assert [item["name"] for item in shown["types"]] == ["大学课程", "高等教育自学考试", "国家职业资格"]
    assert command("framework", "show", 99, *options).code == 2


def test_without_a_profile_nothing_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert command("audit", "events").code == 2
