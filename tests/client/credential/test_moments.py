"""Dates and moments of a credential are those of the calendar, in ASCII digits."""

from datetime import UTC, date, datetime

import pytest
from testamur.cli.failure import UsageError
from testamur.cli.issuer_key import parse_time
from testamur.cli.values import read_address, read_number
from testamur.credential.columns import CellError, read_cell
from testamur.credential.document import parse_moment
from testamur.credential.errors import MalformedError
from testamur.credential.moments import read_date, read_moment
from testamur.credential.vocabulary import VALUE_RULES, check_terms

MOMENTS = {
    "2026-06-30T16:00:00Z": datetime(2026, 6, 30, 16, tzinfo=UTC),
    "2026-07-01T00:00:00+08:00": datetime(2026, 6, 30, 16, tzinfo=UTC),
    "2024-02-29T23:59:59.5-14:00": datetime(2024, 3, 1, 13, 59, 59, 500_000, tzinfo=UTC),
    "2026-06-30T16:00:00-00:00": datetime(2026, 6, 30, 16, tzinfo=UTC),
}
NO_MOMENTS = (
    "2026-13-45T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-06-30T24:00:00Z",
    "2026-06-30T16:60:00Z",
    "2026-06-30T16:00:60Z",
    "2026-06-30T16:00:00+08:60",
    "2026-06-30T16:00:00+14:01",
    "2026-06-30T16:00:00+24:00",
    "2026-06-30T16:00:00",
    "2026-06-30 16:00:00Z",
    "2026-06-30t16:00:00z",
    "２０２６-06-30T16:00:00Z",
    "2026-06-3٠T16:00:00Z",
    "0001-01-01T00:00:00+08:00",
    "9999-12-31T23:59:59-08:00",
    "2026-06-30T16:00:00Z\n",
    "2026-06-30T16:00:00.Z",
    "2026-06-30T16:00:00.1234567Z",
)
NO_DATES = (
    "2026-13-45T00:00:00Z",
    "2026-13-45",
    "2026-02-29",
    "2026-2-9",
    "20260630",
    "２０２６-06-30",
    "2026-06-3०",
    "0000-01-01",
    "2026-W01-1",
)


@pytest.mark.parametrize("text", MOMENTS)
def test_a_moment_is_read_in_utc(text: str) -> None:
    assert read_moment(text) == MOMENTS[text]
    assert VALUE_RULES["dateTime"][0](text)


@pytest.mark.parametrize("text", NO_MOMENTS)
def test_a_moment_that_no_clock_shows_is_none(text: str) -> None:
    assert read_moment(text) is None
    assert parse_moment(text) is None
    assert not VALUE_RULES["dateTime"][0](text)


@pytest.mark.parametrize("text", NO_DATES)
def test_a_day_that_no_calendar_has_is_none(text: str) -> None:
    assert read_date(text) is None
    assert not VALUE_RULES["date"][0](text)
    assert read_date("2024-02-29") == date(2024, 2, 29)


def test_a_credential_with_an_impossible_date_is_malformed_with_its_place() -> None:
    check_terms({"type": ["VerifiableCredential"], "validFrom": "2026-06-30T16:00:00+08:00"})
    with pytest.raises(MalformedError, match="validFrom"):
        check_terms({"type": ["VerifiableCredential"], "validFrom": "2026-06-30T16:00:00+08:60"})


@pytest.mark.parametrize("text", ["2026-06-3०", "٢٠٢٦-06-30", "2026年६月30日"])
def test_a_roster_date_in_digits_of_another_script_is_refused(text: str) -> None:
    for written in ("2026年6月30日", "２０２６-０６-３０"):  # full-width digits are brought into ASCII first
        assert read_cell("date", written, 11) == date(2026, 6, 30)
    with pytest.raises(CellError):
        read_cell("date", text, 11)


@pytest.mark.parametrize("text", ["２０２６-06-30", "2026-06-30T16:00:00+24:00", "0001-01-01T00:00:00+08:00", "soon"])
def test_a_time_on_the_command_line_is_one_of_the_calendar(text: str) -> None:
    assert parse_time("2026-06-30") == datetime(2026, 6, 30, tzinfo=UTC)
    with pytest.raises(UsageError):
        parse_time(text)


@pytest.mark.parametrize("text", ["１２", "1_2", " 12", "+12", "-1", "²", "", "1" * 21])
def test_a_number_on_the_command_line_has_ascii_digits_alone(text: str) -> None:
    assert read_number("12") == 12
    with pytest.raises(ValueError, match="no number"):
        read_number(text)


@pytest.mark.parametrize("text", ["0x" + "0 " * 20, "0x" + "０" * 40, "00" * 19, "0x", "0X" + "00" * 20])
def test_an_address_has_forty_hex_digits_alone(text: str) -> None:
    assert read_address("0x" + "0a" * 20) == b"\n" * 20
    with pytest.raises(UsageError):
        read_address(text)
