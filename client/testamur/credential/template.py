"""A template: the shape that a batch's credentials share, and the columns of the roster that fills it.

Data flow: `template.json` -> `Template` -> `batch.roster` (which columns, which levels) and `Template.compile` -> one
`compiled.CompiledTemplate` per level, which turns rows into signed credentials. What the issuer is called and with
which key it signs is no part of a template: that comes from the profile.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from testamur.batch.claims import level_urn
from testamur.credential.columns import FIELDS, CellError, end_of_day, read_cell, start_of_day
from testamur.credential.document import Labels
from testamur.credential.errors import MalformedError
from testamur.credential.normal import normal_form
from testamur.credential.strict import parse_strict, step
from testamur.credential.vocabulary import is_absolute_iri
from testamur.errors import TestamurError

__all__ = ["Achievement", "Column", "Level", "Template", "TemplateError"]

_TYPE: Final = "TestamurTemplate"
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
_ZONE: Final = re.compile(r"([+-])([0-9]{2}):([0-5][0-9])")
_MAX_TEXT: Final = 4096


class TemplateError(TestamurError):
    """A template file that cannot be used."""

    exit_code = 2

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"template, {path}: {reason}", "see `testamur template example`")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Level:
    """A level that rows of this template may state."""

    key: str
    """What the roster's level column says; unique in the template."""
    framework: int
    type: int
    rank: int
    region: int
    labels: Labels
    """As the registry holds them; check 5 compares."""

    @property
    def urn(self) -> str:
        """The `targetUrl` that states it."""
        return level_urn(self.framework, self.type, self.rank, self.region)


@dataclass(frozen=True, slots=True)
class Achievement:
    """What the learner achieved: the same for every row."""

    id: str
    name: str
    description: str
    criteria: str
    kind: str | None
    """Open Badges achievementType, such as Diploma or Course."""
    field_of_study: str | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the roster."""

    field: str
    """Key of `columns.FIELDS`."""
    header: str
    required: bool
    max_length: int

    @property
    def kind(self) -> str:
        """How its cells are read: `columns.Field.kind`."""
        return FIELDS[self.field].kind


@dataclass(frozen=True, slots=True)
class Template:
    """A read and checked `template.json`."""

    language: str
    """BCP 47 tag of its texts."""
    name: str
    """What the credential is called."""
    achievement: Achievement
    levels: tuple[Level, ...]
    """The first is meant where a row states none."""
    zone: timezone
    """In which days of the roster begin and end."""
    valid_from: datetime | None
    """For rows without their own; None where every row must have one."""
    valid_until: datetime | None
    """For rows without their own; None for no end."""
    credits_thousandths: int | None
    columns: tuple[Column, ...]

    @staticmethod
    def load(path: str | Path) -> "Template":
        """The template in a file. Raises TemplateError for its content, OSError for its path."""
        with open(path, "rb") as file:
            return Template.parse(file.read())

    @staticmethod
    def parse(data: bytes) -> "Template":
        """The template in `data` (UTF-8 JSON). Raises TemplateError, and nothing else."""
        try:
            tree = parse_strict(data)
            return _template(_Reader(tree, "$"))
        except MalformedError as error:
            raise TemplateError(error.path, error.reason) from error

    def column(self, field: str) -> Column | None:
        """The column that brings this field."""
        return next((column for column in self.columns if column.field == field), None)


class _Reader:
    """One object of the file, read key by key; what was never asked for is a mistake of whoever wrote it."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise TemplateError(path, "not an object")
        self.value: Mapping[str, Any] = value
        self.path = path
        self.rest = set(value)

    def fail(self, key: str, reason: str) -> TemplateError:
        return TemplateError(step(self.path, key), reason)

    def get(self, key: str) -> Any:
        self.rest.discard(key)
        return self.value.get(key)

    def text(self, key: str, max_length: int = _MAX_TEXT) -> str:
        value = self.get(key)
        if not isinstance(value, str) or not 0 < len(value) <= max_length:
            raise self.fail(key, f"missing, or not text of 1 to {max_length} characters")
        try:
            return str(read_cell("text", value, max_length))
        except CellError as error:
            raise self.fail(key, str(error)) from error

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if key in self.value else None

    def number(self, key: str, limit: int) -> int:
        value = self.get(key)
        if type(value) is not int or not 0 <= value < limit:
            raise self.fail(key, f"missing, or not an integer from 0 to {limit - 1}")
        return value

    def objects(self, key: str) -> "list[_Reader]":
        items = self.get(key)
        if not isinstance(items, list) or not items:
            raise self.fail(key, "missing, or not an array with at least one object")
        return [_Reader(item, step(step(self.path, key), index)) for index, item in enumerate(items)]

    def end(self) -> None:
        if self.rest:
            raise self.fail(min(self.rest), "not a key of a template")


def _template(root: _Reader) -> Template:
    if root.get("type") != _TYPE:
        raise root.fail("type", f"not {_TYPE}")
    if root.get("version") != 1:
        raise root.fail("version", "not 1: this software does not know that version")
    zone = _zone(root)
    language = root.text("language")
    if not _LANGUAGE.fullmatch(language):
        raise root.fail("language", "not a language tag such as zh-CN")
    columns = _columns(root)
    from_day, until_day = _day(root, "validFrom"), _day(root, "validUntil")
    template = Template(
        language=language,
        name=root.text("name"),
        achievement=_achievement(_Reader(root.get("achievement"), "$.achievement")),
        levels=_levels(root),
        zone=zone,
        valid_from=start_of_day(from_day, zone) if from_day else None,
        valid_until=end_of_day(until_day, zone) if until_day else None,
        credits_thousandths=_credits(root),
        columns=columns,
    )
    root.end()
    by_field = {column.field: column for column in columns}
    if template.valid_from is None and not ("valid_from" in by_field and by_field["valid_from"].required):
        raise root.fail("validFrom", "missing, and no required column valid_from brings it")
    if template.valid_from and template.valid_until and template.valid_until <= template.valid_from:
        raise root.fail("validUntil", "not after validFrom")
    if len(template.levels) > 1 and "level" not in by_field:
        raise root.fail("levels", "several, and no column level says which a row means")
    return template


def _zone(root: _Reader) -> timezone:
    match = _ZONE.fullmatch(root.text("timeZone"))
    if match is None or int(match[2] + match[3]) > 1400:
        raise root.fail("timeZone", "not an offset such as +08:00")
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-offset if match[1] == "-" else offset)


def _day(root: _Reader, key: str) -> Any:
    if key not in root.value:
        return None
    try:
        return read_cell("date", root.text(key), 11)
    except CellError as error:
        raise root.fail(key, str(error)) from error


def _credits(root: _Reader) -> int | None:
    if "credits" not in root.value:
        return None
    try:
        return int(read_cell("credits", str(root.get("credits")), 11))
    except CellError as error:
        raise root.fail("credits", str(error)) from error


def _achievement(reader: _Reader) -> Achievement:
    achievement = Achievement(
        id=reader.text("id", 2048),
        name=reader.text("name"),
        description=reader.text("description"),
        criteria=reader.text("criteria"),
        kind=reader.optional_text("achievementType"),
        field_of_study=reader.optional_text("fieldOfStudy"),
    )
    if not is_absolute_iri(achievement.id):
        raise reader.fail("id", "not an absolute IRI")
    reader.end()
    return achievement


def _levels(root: _Reader) -> tuple[Level, ...]:
    levels: list[Level] = []
    for reader in root.objects("levels"):
        code = reader.text("code")
        level = Level(
            key=reader.optional_text("key") or code,
            framework=reader.number("framework", 2**32),
            type=reader.number("type", 2**32),
            rank=reader.number("rank", 2**8),
            region=reader.number("region", 2**16),
            labels=Labels(framework=reader.text("frameworkName"), code=code, name=reader.text("typeName")),
        )
        if any(normal_form(other.key) == normal_form(level.key) for other in levels):
            raise reader.fail("key", f"{level.key!r} twice")
        reader.end()
        levels.append(level)
    return tuple(levels)


def _columns(root: _Reader) -> tuple[Column, ...]:
    columns: list[Column] = []
    for reader in root.objects("columns"):
        name = reader.text("field")
        field = FIELDS.get(name)
        if field is None:
            raise reader.fail("field", f"not one of {', '.join(FIELDS)}")
        required = reader.get("required")
        if required not in (None, True, False):
            raise reader.fail("required", "neither true nor false")
        max_length = (
            reader.number("maxLength", field.max_length + 1) if "maxLength" in reader.value else field.max_length
        )
        reader.optional_text("description")
        column = Column(
            field=name,
            header=reader.optional_text("header") or field.header,
            required=field.required or bool(required),
            max_length=max_length,
        )
        header = normal_form(column.header)
        if any(other.field == column.field or normal_form(other.header) == header for other in columns):
            raise reader.fail("header", f"{column.header!r} or field {name} twice")
        reader.end()
        columns.append(column)
    if missing := {name for name, field in FIELDS.items() if field.required} - {column.field for column in columns}:
        raise root.fail("columns", f"without {', '.join(sorted(missing))}")
    return tuple(columns)
