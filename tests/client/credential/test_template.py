"""Templates: what a file may say, and that rows filled into one are what the plain way gives."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from testamur.batch.example import example_roster, example_template
from testamur.batch.roster import parse as parse_roster
from testamur.credential import document, proof
from testamur.credential.canonical import canonical_bytes, canonical_nquads
from testamur.credential.compiled import IssuingContext, compile_template
from testamur.credential.document import Labels
from testamur.credential.template import Level, Template, TemplateError

from tests.client.credential import sample

LEVEL = Level("5", 1, 2, 5, 5101, Labels("终身学习成果框架", "5", "专科"))
CONTEXT = IssuingContext(sample.DID, "成都开放大学", sample.METHOD, sample.LIST_URL, sample.CREATED)


def _tree() -> dict[str, Any]:
    tree: dict[str, Any] = orjson.loads(example_template([LEVEL], "成都开放大学", "https://cdou.example"))
    return tree


def test_the_example_template_reads_back() -> None:
    template = Template.parse(orjson.dumps(_tree()))
    assert template.levels == (LEVEL,)
    assert template.achievement.name == "软件工程"
    assert template.column("name") is not None


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda tree: tree.pop("type"), "$.type"),
        (lambda tree: tree.update(version=2), "$.version"),
        (lambda tree: tree.update(language="Chinese!"), "$.language"),
        (lambda tree: tree.update(colour="red"), "$.colour"),
        (lambda tree: tree.update(name=""), "$.name"),
        (lambda tree: tree.update(name="x\u202ey"), "$"),
        (lambda tree: tree.update(timeZone="Asia/Shanghai"), "$.timeZone"),
        (lambda tree: tree.update(validFrom="soon"), "$.validFrom"),
        (lambda tree: tree.pop("validFrom"), "$.validFrom"),
        (lambda tree: tree.update(validUntil="2020-01-01"), "$.validUntil"),
        (lambda tree: tree.update(credits="1.23456"), "$.credits"),
        (lambda tree: tree["achievement"].update(id="relative"), "$.achievement.id"),
        (lambda tree: tree["achievement"].pop("criteria"), "$.achievement.criteria"),
        (lambda tree: tree.update(levels=[]), "$.levels"),
        (lambda tree: tree["levels"].append(tree["levels"][0]), "$.levels[1].key"),
        (lambda tree: tree["levels"][0].update(rank=256), "$.levels[0].rank"),
        (lambda tree: tree["levels"][0].update(rank=True), "$.levels[0].rank"),
        (lambda tree: tree["columns"].append({"field": "shoe_size"}), "$.columns[8].field"),
        (lambda tree: tree["columns"].append(tree["columns"][0]), "$.columns[8].header"),
        (lambda tree: tree["columns"][0].update(maxLength=65), "$.columns[0].maxLength"),
        (lambda tree: tree["columns"][0].update(required="yes"), "$.columns[0].required"),
        (lambda tree: tree["columns"].pop(1), "$.columns"),
    ],
)
def test_a_template_with_a_fault_is_refused_with_its_place(
    change: Callable[[dict[str, Any]], object], path: str
) -> None:
    tree = _tree()
    change(tree)
    with pytest.raises(TemplateError) as caught:
        Template.parse(json.dumps(tree, ensure_ascii=False).encode())
    assert caught.value.path == path


def test_several_levels_need_a_column_that_tells_them_apart() -> None:
    tree = _tree()
    tree["levels"].append({**tree["levels"][0], "key": "6", "code": "6"})
    tree["columns"] = [column for column in tree["columns"] if column["field"] != "level"]
    with pytest.raises(TemplateError, match="no column level"):
        Template.parse(orjson.dumps(tree))


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"type": "TestamurTemplate", "type": 1}', b"\xff"])
def test_what_is_no_template_is_refused(data: bytes) -> None:
    with pytest.raises(TemplateError):
        Template.parse(data)


def test_issued_credentials_are_what_signing_the_plain_tree_gives() -> None:
    template = Template.parse(orjson.dumps(_tree()))
    compiled = compile_template(template, CONTEXT, LEVEL)
    for number, row in enumerate(parse_roster(example_roster(template, 40), template).rows):
        issued = compiled.issue(row, number, f"urn:uuid:{number}", sample.KEY.sign)
        tree = compiled.tree(row, number, f"urn:uuid:{number}")
        assert issued.canonical == canonical_bytes(proof.sign(tree, sample.KEY, sample.METHOD, sample.CREATED))
        parsed = document.parse(issued.canonical)
        assert parsed.nquads == canonical_nquads(tree)
        assert proof.verify(parsed)
        assert (parsed.claims, parsed.status_index, parsed.subject_name) == (issued.claims, number, row.name)
        assert parsed.labels == LEVEL.labels


def test_percent_signs_quotes_and_backslashes_in_a_template_are_text() -> None:
    tree = _tree()
    tree["name"] = '100 %s "\\" %(x)s'
    tree["achievement"]["description"] = "50%"
    template = Template.parse(orjson.dumps(tree))
    compiled = compile_template(template, CONTEXT, LEVEL)
    row = parse_roster(example_roster(template, 1), template).rows[0]
    issued = compiled.issue(row, 1, "urn:uuid:1", sample.KEY.sign)
    parsed = document.parse(issued.canonical)
    assert proof.verify(parsed)
    assert parsed.tree["name"] == tree["name"]


def test_a_credential_id_that_is_no_iri_is_refused() -> None:
    template = Template.parse(orjson.dumps(_tree()))
    row = parse_roster(example_roster(template, 1), template).rows[0]
    with pytest.raises(ValueError, match="absolute IRI"):
        compile_template(template, CONTEXT, LEVEL).issue(row, 1, "relative", sample.KEY.sign)


@pytest.mark.parametrize("name", ["李\0华", "李\n华", "\u202e李华", "李\ud800"])
def test_a_name_that_no_credential_may_hold_is_refused_before_it_is_signed(name: str) -> None:
    template = Template.parse(orjson.dumps(_tree()))
    row = replace(parse_roster(example_roster(template, 1), template).rows[0], name=name)
    signed: list[bytes] = []
    with pytest.raises(ValueError, match="name holds"):
        compile_template(template, CONTEXT, LEVEL).issue(row, 1, "urn:uuid:1", lambda text: signed.append(text) or b"")
    assert signed == []


@pytest.mark.parametrize(
    "name", ['李"华', "李\\华", "%s", "{0}", "阿依古丽·买买提", "㐂𠮷", "Zoë O'Neill", "王\U0002ebf0\U000323b0"]
)
def test_names_with_signs_that_formats_use_are_signed_as_they_stand(name: str) -> None:
    template = Template.parse(orjson.dumps(_tree()))
    row = replace(parse_roster(example_roster(template, 1), template).rows[0], name=name)
    parsed = document.parse(
        compile_template(template, CONTEXT, LEVEL).issue(row, 1, "urn:uuid:1", sample.KEY.sign).canonical
    )
    assert parsed.subject_name == name
    assert proof.verify(parsed)


def test_issued_credentials_fit_the_official_schema_but_for_the_two_status_entries(vectors: Any) -> None:
    import jsonschema

    schema = json.loads((vectors / "ob3" / "schemas" / "ob_v3p0_achievementcredential_schema.json").read_text())
    template = Template.parse(orjson.dumps(_tree()))
    row = parse_roster(example_roster(template, 3), template).rows[2]
    tree = json.loads(compile_template(template, CONTEXT, LEVEL).issue(row, 1, "urn:uuid:1", sample.KEY.sign).canonical)
    assert [error.json_path for error in jsonschema.Draft201909Validator(schema).iter_errors(tree)] == [
        "$.credentialStatus"
    ]
