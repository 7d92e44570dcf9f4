"""An example to begin with: a template that fits an issuer's scope, and a roster of invented learners for it.

Names are drawn so that whatever reads them meets what real registers hold: characters that only GB18030 has (㐂, 𠮷),
names of several minorities with their middle dot, two- to four-character Han names, and rare surnames.
"""

import csv
import io
import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from testamur.credential.columns import FIELDS
from testamur.credential.template import Level, Template

__all__ = ["example_lines", "example_roster", "example_template"]

_SURNAMES: Final[list[str]] = [*"王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗仇查单㐂𠮷", "欧阳", "司马", "诸葛", "令狐"]
_GIVEN: Final[list[str]] = [
    *"伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚𣲘䶮堃燚",
    "秀英",
    "桂英",
    "子轩",
    "梓涵",
    "一诺",
    "浩然",
    "诗雨",
]
_WHOLE: Final = (
    "阿依古丽·买买提",
    "迪丽努尔·艾合买提江",
    "扎西·次仁",
    "洛桑·旦增",
    "乌云·其其格",
    "巴特尔·朝鲁",
    "吉克·阿呷",
    "沙马·拉且",
)
_COLUMNS: Final = (
    "row_id",
    "name",
    "student_number",
    "certificate_number",
    "credits",
    "valid_from",
    "valid_until",
    "level",
)


def example_template(levels: Sequence[Level], issuer_name: str, homepage: str) -> bytes:
    """`template.json` for credentials of `levels`, with every column documented; read back before it is returned.

    `homepage` is the issuer's `https://…`, under which the achievement gets its id.
    """
    first = levels[0]
    tree: dict[str, Any] = {
        "type": "TestamurTemplate",
        "version": 1,
        "language": "zh-CN",
        "name": f"软件工程{first.labels.name}证书",
        "achievement": {
            "id": f"{homepage.rstrip('/')}/achievements/software-engineering",
            "name": "软件工程",
            "description": f"{issuer_name}软件工程专业，{first.labels.framework}{first.labels.code}级。",
            "criteria": "修满培养方案规定的全部学分，成绩合格，并通过毕业设计答辩。",
            "achievementType": "Diploma",
            "fieldOfStudy": "软件工程",
        },
        "levels": [
            {
                "key": level.key,
                "code": level.labels.code,
                "framework": level.framework,
                "frameworkName": level.labels.framework,
                "type": level.type,
                "typeName": level.labels.name,
                "rank": level.rank,
                "region": level.region,
            }
            for level in levels
        ],
        "timeZone": "+08:00",
        "validFrom": "2026-07-01",
        "columns": [_column(name) for name in _COLUMNS],
    }
    data = orjson.dumps(tree, option=orjson.OPT_INDENT_2)
    Template.parse(data)
    return data


def example_roster(template: Template, rows: int, encoding: str = "utf-8", seed: int = 1) -> bytes:
    """A CSV of `rows` invented learners for `template`, the same for the same `seed`."""
    return "".join(example_lines(template, rows, seed)).encode(encoding)


def example_lines(template: Template, rows: int, seed: int = 1) -> Iterator[str]:
    """The same line by line: a million rows are never held.

    No number comes twice, nor in the roster of another seed (below 10^6): a profile does not issue one number twice.
    """
    draw, series = random.Random(seed), f"{seed % 10**6:06d}"
    columns = [column for column in template.columns if column.field in _COLUMNS]
    yield _line([column.header for column in columns])
    for number in range(1, rows + 1):
        cells = {
            "row_id": f"S{number:06d}",
            "name": _name(draw, number),
            "student_number": f"23{series}{number:07d}",
            "certificate_number": f"51{series}{number:07d}" if number % 3 else "",
            "credits": draw.choice(("120", "118.5", "135", "76.25")),
            "valid_from": "2026-07-01",
            "valid_until": "" if number % 4 else "2036-06-30",
            "level": draw.choice(template.levels).key,
        }
        yield _line([cells[column.field] for column in columns])


def _line(cells: Sequence[str]) -> str:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\r\n").writerow(cells)
    return file.getvalue()


def _name(draw: random.Random, number: int) -> str:
    if number % 25 == 0:
        return draw.choice(_WHOLE)
    if number % 20 == 0:  # certain to need GB18030
        return draw.choice(("㐂", "𠮷")) + draw.choice(_GIVEN)
    return draw.choice(_SURNAMES) + draw.choice(_GIVEN)


def _column(name: str) -> dict[str, Any]:
    field = FIELDS[name]
    return {
        "field": name,
        "header": field.header,
        "required": field.required,
        "maxLength": field.max_length,
        "description": f"{field.zh} / {field.en}",
    }
