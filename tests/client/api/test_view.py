"""The page's view of a verdict: sentences from codes, nothing invented, nothing shown that was not confirmed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from testamur.api.view import view_of
from testamur.batch.intake import KINDS
from testamur.language import LANGUAGES, language
from testamur.language.verdict import moment
from testamur.verification.verdict import CHECK_NAMES

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
FACTS = {"subject": "李华", "issuer": "成都开放大学", "valid_from": "2026-07-01T00:00:00Z", "valid_until": None}


def verdict(outcome: str, code: str, **results: tuple[str, str | None]) -> dict[str, Any]:
    """A verdict whose checks pass but for those named."""
    checks = []
    for name in CHECK_NAMES:
        result, found = results.get(name, ("pass", None))
        checks.append({"name": name, "result": result, "code": found, "message": "said in English", "facts": {}})
    as_of = {"block": 7, "time": "2026-11-23T05:59:00Z", "trust": "single-signer"}
    return {"outcome": outcome, "code": code, "checks": checks, "as_of": as_of, "facts": FACTS}


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_passed_check_asks_for_nothing_and_a_failed_one_says_what_to_do(tag: str) -> None:
    view = view_of(verdict("invalid", "revoked", status=("fail", "revoked")), language(tag), NOW)
    status = view.checks[6]
    assert [check.next for check in view.checks if check.result == "pass"] == [None] * 8
    assert (status.result, status.code, status.next) == ("fail", "revoked", language(tag).text("code.revoked.next"))


def test_a_skipped_check_names_nobody_who_made_it() -> None:
    view = view_of(verdict("invalid", "altered", inclusion=("fail", "altered"), anchor=("skipped", None)), EN, NOW)
    assert (view.checks[3].result, view.checks[3].by, view.checks[3].when) == ("skipped", None, None)


def test_an_issuer_suspended_since_is_a_notice_beside_a_valid_verdict() -> None:
    record = verdict("valid", "ok", issuer=("pass", "issuer_suspended_since"))
    record["checks"][4]["facts"] = {"name": "成都开放大学", "since": "2026-11-01T00:00:00Z"}
    view = view_of(record, EN, NOW)
    assert view.checks[4].result == "warning"
    since = "1 November 2026, 08:00 (UTC+08:00)"
    assert view.notices == [f"成都开放大学 was recognised when it issued this. It has been suspended since {since}."]
    assert view_of(verdict("valid", "ok"), EN, NOW).notices == []


def test_after_a_failed_signature_no_fact_is_shown_even_where_the_record_holds_some() -> None:
    record = verdict("invalid", "signature_invalid", signature=("fail", "signature_invalid"))
    assert view_of(record, EN, NOW).facts == []
    assert view_of(verdict("valid", "ok"), EN, NOW).facts != []


def test_a_chinese_name_on_an_english_page_says_its_language() -> None:
    def tags(tag: str) -> set[str | None]:
        return {fact.language for fact in view_of(verdict("valid", "ok"), language(tag), NOW).facts}

    assert tags("en") == {"zh-CN", None}
    assert tags("zh") == {None}


def test_names_that_the_register_did_not_confirm_are_said_to_be_unconfirmed() -> None:
    record = verdict("indeterminate", "chain_unreachable", issuer=("unknown", "chain_unreachable"))
    assert "not confirmed" not in view_of(record, EN, NOW).names_source
    record["facts"] = {"subject": "李华"}
    assert "not confirmed" in view_of(record, EN, NOW).names_source


def test_without_a_state_the_page_says_that_nothing_was_read() -> None:
    record = verdict("indeterminate", "chain_unreachable", status=("unknown", "chain_unreachable"))
    record["as_of"] = None
    view = view_of(record, EN, NOW)
    assert view.as_of is None
    assert view.checks[6].when == language("en").text("page.as_of_none")


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        ("2026-11-23T18:30:00Z", "24 November 2026, 02:30 (UTC+08:00)", "2026年11月24日 02:30（北京时间）"),
        (0, "1 January 1970, 08:00 (UTC+08:00)", "1970年1月1日 08:00（北京时间）"),
        ("no time", "an unknown time", "未知时间"),
        (None, "an unknown time", "未知时间"),
    ],
)
def test_a_moment_is_written_as_its_readers_write_it(value: object, english: str, chinese: str) -> None:
    assert (moment(value, language("en")), moment(value, language("zh"))) == (english, chinese)


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_day_on_the_paper_is_that_day_on_the_page(tag: str) -> None:
    """What is valid from 1 July in Beijing is not said to be valid from 30 June, 16:00 UTC."""
    record = verdict("valid", "ok")
    record["facts"] = {"valid_from": "2026-06-30T16:00:00Z", "valid_until": "2036-06-30T15:59:59Z"}
    told = [fact.value for fact in view_of(record, language(tag), NOW).facts]
    assert told == {"en": ["1 July 2026", "30 June 2036"], "zh": ["2026年7月1日", "2036年6月30日"]}[tag]


@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_another_kind_is_named_and_not_judged(tag: str, kind: str) -> None:
    record, words = verdict("invalid", "malformed", document=("fail", "malformed")), language(tag)
    record["checks"][0]["facts"] = {"kind": kind}
    view = view_of(record, words, NOW)
    assert (view.outcome, view.word) == ("foreign", words.text("outcome.foreign"))
    assert (list(view.checks), list(view.facts)) == ([], [])
    said = " ".join((view.word, view.headline, view.meaning, view.next))
    assert words.text("outcome.invalid") not in said
    assert "kind." not in said


EN = language("en")
