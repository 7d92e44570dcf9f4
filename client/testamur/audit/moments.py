"""Days and moments as an auditor in China writes them, and the blocks they mean. Beijing time (+08:00) throughout."""

from datetime import UTC, date, datetime, time

from testamur.chain.rpc import Rpc
from testamur.errors import TestamurError
from testamur.language.verdict import BEIJING
from testamur.verification.connection import block_before

__all__ = ["MomentError", "beijing", "blocks_between", "first_second", "last_second"]


class MomentError(TestamurError):
    """A text that is no day and no moment."""

    exit_code = 2


def beijing(seconds: int) -> datetime:
    """Unix seconds as a moment in Beijing."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(BEIJING)


def first_second(text: str) -> int:
    """Unix seconds of a moment in ISO 8601, or of the beginning of a day; in Beijing where no offset is said."""
    return _moment(text, time.min)


def last_second(text: str) -> int:
    """As `first_second`; a day alone means its last second."""
    return _moment(text, time(23, 59, 59))


def blocks_between(rpc: Rpc, since: int | None, until: int | None) -> tuple[int, int]:
    """The first and the last block whose time lies from `since` to `until`; the last is below the first for none."""
    first, last = 0, rpc.block_number()
    if since is not None:
        before, _ = block_before(rpc, since - 1)
        first = 0 if before is None else int(before["number"], 16) + 1
    if until is not None:
        newest, _ = block_before(rpc, until)
        last = -1 if newest is None else min(last, int(newest["number"], 16))
    return first, last


def _moment(text: str, hour: time) -> int:
    try:
        if len(text) == 10:
            return int(datetime.combine(date.fromisoformat(text), hour, BEIJING).timestamp())
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)).timestamp())
    except (ValueError, OverflowError) as error:
        raise MomentError(
            f"{text!r} is no day and no moment", "write a day as 2026-11-20, or a moment as 2026-11-20T08:00:00+08:00"
        ) from error
