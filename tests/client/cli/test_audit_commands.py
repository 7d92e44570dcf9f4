"""`audit events` and `framework`: what happened, and what the register holds."""

from contextlib import suppress
from pathlib import Path

import pytest
from testamur.audit.events import EventFilter, follow_events, read_events
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
