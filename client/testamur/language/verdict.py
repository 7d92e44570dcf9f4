"""One check of a verdict as a sentence, and a moment as its readers write it: what the page and the CLI share."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from testamur.language import Language

__all__ = ["FACTS", "UNSIGNED", "check_sentence", "fact_lines", "foreign_kind", "left_force", "moment", "notice_of"]

UNSIGNED = frozenset({"malformed", "signature_invalid"})
"""Codes after which nothing of the content is a fact (docs/protocol.md 6.5)."""
FACTS = (
    "subject",
    "student_number",
    "achievement",
    "qualification",
    "level",
    "framework",
    "certificate_number",
    "credits",
    "issuer",
    "issued",
    "valid_from",
    "valid_until",
    "anchored",
)
"""What people are told of the credential, in this order: whom, what, which level, numbers, by whom, when."""
_TIMES = frozenset({"issued", "valid_from", "valid_until", "anchored"})
_DAY_EDGES = ("00:00:00", "23:59:59")

BEIJING = timezone(timedelta(hours=8))
"""The time that people are told, in both languages."""


def check_sentence(check: Mapping[str, Any], words: Language, *, is_exact: bool = False) -> str:
    """What the check found, from its code and facts; codes that have no text of their own keep their message.

    `is_exact`: for those who run the command, why a state does not count, with ages, hashes and remedy.
    """
    name, result, code = check["name"], check["result"], check.get("code")
    facts = check.get("facts") or {}
    if result == "skipped":
        return words.text("skipped.after_failure")
    if result == "pass":
        return notice_of(check, words) or words.text(f"check.{name}.pass", **facts)
    if is_exact and result == "unknown" and (told := words.told_exactly(str(check.get("message") or ""))) is not None:
        return told  # what exactly could not be read, and what to do about it
    meaning = words.find(f"code.{code}.meaning", **facts)
    if meaning is None:
        return str(check.get("message") or words.text(f"result.{result}"))
    return meaning + (left_force(facts, words) if name == "status" else "")


def left_force(facts: Mapping[str, Any], words: Language) -> str:
    """Since when and why a credential is out of force, as a sentence that follows another; empty where nobody said."""
    is_batch = facts.get("of") == "batch"
    if "since" not in facts or not (is_batch or facts.get("told_by") == "node"):
        return ""
    reason = words.find(f"reason.{facts.get('reason')}") or str(facts.get("reason"))
    since = moment(facts["since"], words)
    if not is_batch:
        return words.text("reason.since", since=since, reason=reason)
    revoked_from = moment(facts.get("revoked_from"), words)
    return words.text("reason.batch", since=since, reason=reason, revoked_from=revoked_from)


def notice_of(check: Mapping[str, Any], words: Language) -> str | None:
    """The notice beside a pass, such as an issuer suspended since; None where there is none."""
    code = check.get("code")
    if check["result"] != "pass" or not code:
        return None
    facts = dict(check.get("facts") or {})
    if "since" in facts:
        facts["since"] = moment(facts["since"], words)
    return words.find(f"notice.{code}.finding", **facts)


def moment(value: object, words: Language) -> str:
    """ISO 8601, seconds or a datetime in Beijing time, as the paper has it, in the words of the language.

    A credential that is valid from 1 July there must not be said to be valid from 30 June, 16:00 UTC.
    """
    local = _local(value)
    if local is None:
        return words.text("page.unknown_time")
    if words.tag == "zh":
        return f"{_day(local, words)} {local:%H:%M}（北京时间）"
    return f"{_day(local, words)}, {local:%H:%M} (UTC+08:00)"


def fact_lines(verdict: Mapping[str, Any], words: Language) -> list[tuple[str, str]]:
    """What a credential says, label and value, from the public verdict JSON; nothing where its signature failed."""
    facts = {} if verdict["code"] in UNSIGNED else verdict.get("facts") or {}
    lines = []
    for name in FACTS:
        value = facts.get(name)
        if name == "valid_until" and value is None and "valid_from" in facts:
            value = words.text("fact.no_end")
        elif name in _TIMES and value is not None:
            value = _period(value, words) if name.startswith("valid") else moment(value, words)
        if value not in (None, "", "0"):
            lines.append((words.text(f"fact.{name}"), str(value)))
    return lines


def foreign_kind(verdict: Mapping[str, Any]) -> str | None:
    """What kind of file it is where it is no bundle at all (`batch.intake`): to be told without any verdict."""
    document: Mapping[str, Any] = next((check for check in verdict["checks"] if check["name"] == "document"), {})
    kind = (document.get("facts") or {}).get("kind")
    return str(kind) if kind else None


def _period(value: object, words: Language) -> str:
    """The first or the last second of a day as that day; any other moment as it is."""
    local = _local(value)
    is_day = local is not None and f"{local:%H:%M:%S}" in _DAY_EDGES
    return _day(local, words) if local is not None and is_day else moment(value, words)


def _day(local: datetime, words: Language) -> str:
    return f"{local.year}年{local.month}月{local.day}日" if words.tag == "zh" else f"{local:%d %B %Y}".lstrip("0")


def _local(value: object) -> datetime | None:
    """The moment in Beijing's time; None for what is none."""
    try:
        if isinstance(value, datetime):
            time = value
        elif isinstance(value, (int, float)):
            time = datetime.fromtimestamp(value, UTC)
        else:
            time = datetime.fromisoformat(str(value))
        return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)).astimezone(BEIJING)
    except (ValueError, OverflowError, OSError):
        return None
