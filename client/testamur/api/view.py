"""What the page shows of a verdict: sentences in one language, made from the public verdict JSON and nothing else.

Pure: the page cannot say more than an API client is told, and a test can compare every sentence.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from testamur.language import Language
from testamur.language.verdict import UNSIGNED, check_sentence, fact_lines, foreign_kind, left_force, moment, notice_of

__all__ = ["CheckView", "FactView", "VerdictView", "view_of"]

HAN = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")
CHAIN_CHECKS = frozenset({"anchor", "issuer", "key", "status", "trust"})
"""Checks that rest on the state of the chain."""


@dataclass(frozen=True, slots=True)
class FactView:
    """One line of what the credential says."""

    name: str
    value: str
    language: str | None = None
    """BCP 47 tag where the value is written in another language than the page: for voices and fonts."""


@dataclass(frozen=True, slots=True)
class CheckView:
    """One of the nine checks in words."""

    title: str
    result: str
    """`pass`, `warning`, `fail`, `unknown` or `skipped`: the shape and tone of the row."""
    word: str
    """The result in a word, so that neither colour nor shape is needed."""
    what: str
    by: str | None
    """None, as `when` is, where the check was not made."""
    when: str | None
    finding: str
    next: str | None
    """What to do next; None where the check asks for nothing."""
    code: str | None


@dataclass(frozen=True, slots=True)
class VerdictView:
    """A verdict in words."""

    outcome: str
    code: str
    word: str
    headline: str
    meaning: str
    next: str
    notices: Sequence[str]
    """Warnings beside a pass, e.g. an issuer suspended since."""
    as_of: str | None
    """Block and time of the state that was read; None where none was."""
    trust: str
    judged: str
    facts: Sequence[FactView]
    names_source: str
    """Where the names of the facts come from, or that nobody confirmed them."""
    checks: Sequence[CheckView]


def view_of(verdict: Mapping[str, Any], words: Language, judged: datetime) -> VerdictView:
    """The verdict JSON in the words of one language, judged at `judged`."""
    code, kind = str(verdict["code"]), foreign_kind(verdict)
    if kind is not None:
        return _foreign(kind, code, words, judged)
    facts = {} if code in UNSIGNED else dict(verdict.get("facts") or {})
    as_of = verdict.get("as_of") or {}
    trust = words.text(f"trust.{as_of.get('trust') or 'none'}")
    state = None
    if as_of.get("block") is not None:
        state = words.text("page.block", block=as_of["block"], time=moment(as_of.get("time"), words))
    places = {
        "trust": trust,
        "as_of": state or words.text("page.unknown_time"),
        "anchored": moment(facts.get("anchored"), words),
        "judged": moment(judged, words),
    }
    checks = [_check(check, words, places, state is not None) for check in verdict["checks"]]
    return VerdictView(
        outcome=str(verdict["outcome"]),
        code=code,
        word=words.text(f"outcome.{verdict['outcome']}"),
        headline=words.text(f"code.{code}.headline"),
        meaning=words.text(f"code.{code}.meaning") + _left_force(verdict, words),
        next=words.text(f"code.{code}.next"),
        notices=[check.finding for check in checks if check.result == "warning"],
        as_of=state,
        trust=trust,
        judged=places["judged"],
        facts=[_fact(name, value, words) for name, value in fact_lines(verdict, words)],
        names_source=words.text("page.details_source" if "issuer" in facts else "page.details_unread"),
        checks=checks,
    )


def _foreign(kind: str, code: str, words: Language, judged: datetime) -> VerdictView:
    """A file that is no bundle: what it is and what to hand in, and no verdict on anything in it."""
    return VerdictView(
        outcome="foreign",
        code=code,
        word=words.text("outcome.foreign"),
        headline=words.text(f"kind.{kind}.headline"),
        meaning=words.text("kind.meaning"),
        next=words.text(f"kind.{kind}.next") if words.find(f"kind.{kind}.next") else words.text("kind.next"),
        notices=(),
        as_of=None,
        trust=words.text("trust.none"),
        judged=moment(judged, words),
        facts=(),
        names_source="",
        checks=(),
    )


def _left_force(verdict: Mapping[str, Any], words: Language) -> str:
    """Since when and why it is out of force, where that decided."""
    status: Mapping[str, Any] = next((check for check in verdict["checks"] if check["name"] == "status"), {})
    return left_force(status.get("facts") or {}, words) if status.get("code") == verdict["code"] else ""


def _check(check: Mapping[str, Any], words: Language, places: Mapping[str, str], was_read: bool) -> CheckView:
    name, result = str(check["name"]), str(check["result"])
    code = check.get("code") or None
    following = None
    if notice_of(check, words) is not None:
        result, following = "warning", words.find(f"notice.{code}.next")
    elif result in ("fail", "unknown"):
        following = words.find(f"code.{code}.next") or words.text("skipped.unknown_next")
    by: str | None = words.text(f"check.{name}.by", **places)
    when: str | None = words.text(f"check.{name}.when", **places)
    if result == "skipped":
        by = when = None
    elif result == "unknown" or (name in CHAIN_CHECKS and not was_read):
        by, when = words.text("page.by_none"), words.text("page.as_of_none")
    return CheckView(
        title=words.text(f"check.{name}.name"),
        result=result,
        word=words.text(f"result.{result}"),
        what=words.text(f"check.{name}.what"),
        by=by,
        when=when,
        finding=check_sentence(check, words),
        next=following,
        code=None if code in (None, "ok") else str(code),
    )


def _fact(name: str, value: str, words: Language) -> FactView:
    is_foreign = words.tag != "zh" and HAN.search(value) is not None
    return FactView(name, value, "zh-CN" if is_foreign else None)
