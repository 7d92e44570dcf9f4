"""One check of a verdict as a sentence, and a moment as its readers write it: what the page and the CLI share."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from testamur.language import Language

__all__ = ["check_sentence", "left_force", "moment", "notice_of"]

BEIJING = timezone(timedelta(hours=8))


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
    if is_exact and name == "trust" and (told := words.told_exactly(str(check.get("message") or ""))) is not None:
        return told  # what exactly is wrong with the state, and what to do about it
    meaning = words.find(f"code.{code}.meaning", **facts)
    if meaning is None:
        return str(check.get("message") or words.text(f"result.{result}"))
    return meaning + (left_force(facts, words) if name == "status" else "")


def left_force(facts: Mapping[str, Any], words: Language) -> str:
    """Since when and why a credential is out of force, as a sentence that follows another; empty where nobody said."""
    if facts.get("told_by") != "node" or "since" not in facts:
        return ""
    reason = words.find(f"reason.{facts.get('reason')}") or str(facts.get("reason"))
    return words.text("reason.since", since=moment(facts["since"], words), reason=reason)


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
    """ISO 8601, seconds or a datetime as its readers write it: Beijing time in Chinese, UTC in English."""
    try:
        if isinstance(value, datetime):
            time = value
        elif isinstance(value, (int, float)):
            time = datetime.fromtimestamp(value, UTC)
        else:
            time = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return words.text("page.unknown_time")
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    if words.tag == "zh":
        local = time.astimezone(BEIJING)
        return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}（北京时间）"
    return f"{time.astimezone(UTC):%d %B %Y, %H:%M} UTC".lstrip("0")
