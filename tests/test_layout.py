"""The house rules that an import can break: who may import whom, and what a light import must not pull in."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.sentences import holes, normal, sentences

ROOT = Path(__file__).resolve().parent.parent
NODE_MAY_IMPORT = (
    *("testamur.proof", "testamur.artifacts", "testamur.streams", "testamur.foreign"),
    *(f"testamur.language.{name}" for name in ("sentences", "wish", "help")),
)
HEAVY = {"web3", "pydantic", "fastapi", "eth_account", "eth_abi", "eth", "httpx"}


def imported(folder: str) -> list[tuple[Path, str]]:
    """Every absolute module name that a file below `folder` imports, with the file."""
    found = []
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found += [(path, name.name) for name in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found += [(path, f"{node.module}.{name.name}") for name in node.names]
    return found


def is_below(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def test_the_client_never_imports_the_node() -> None:
    modules = imported("client")
    assert len(modules) > 100
    assert [use for use in modules if is_below(use[1], "testamur_node")] == []


def test_the_node_imports_only_what_it_shares_with_the_client() -> None:
    uses = [use for use in imported("node") if is_below(use[1], "testamur")]
    assert uses
    assert [use for use in uses if not any(is_below(use[1], allowed) for allowed in NODE_MAY_IMPORT)] == []


def test_nothing_imports_scripts() -> None:
    uses = imported("client") + imported("node") + imported("tests")
    assert [use for use in uses if is_below(use[1], "scripts")] == []


@pytest.mark.parametrize("module", ["testamur", "testamur.proof", "testamur.verification"])
def test_what_a_verifier_imports_stays_light(module: str) -> None:
    program = (
        "import importlib, pkgutil, sys\n"
        f"package = importlib.import_module({module!r})\n"
        f"if {module == 'testamur.proof'}:\n"
        "    for part in pkgutil.iter_modules(package.__path__, package.__name__ + '.'):\n"
        "        importlib.import_module(part.name)\n"
        "print(*sys.modules)\n"
    )
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert module in loaded
    assert HEAVY & set(loaded) == set()


def test_no_file_is_called_by_what_it_is_not() -> None:
    vague = {"utils", "helpers", "common", "base", "manager", "misc"}
    assert [path for folder in ("client", "node") for path in (ROOT / folder).rglob("*.py") if path.stem in vague] == []


TABLES = sorted(path for folder in ("client", "node") for path in (ROOT / folder).rglob("*.toml"))
SPOKEN = ROOT / "client" / "testamur"
NOT_SPOKEN = {
    **dict.fromkeys(("artifacts/__init__.py", "artifacts/genesis.py", "artifacts/slots.py"), "of a programmer"),
    "proof": "evidence that does not hold comes to a verdict's code, which has a text of its own",
    "verification/checks.py": "a verdict's sentences are found by code: en.toml and zh.toml",
    "chain/abi.py": "of a programmer",
    "chain/answers.py": "of a programmer; chain/rpc.py says it with the node's address",
    "chain/brownie.py": "of a program that uses the SDK",
    "api": "problem+json, which programs read; what the page says stands in en.toml and zh.toml",
    "batch/anchor.py": "of a programmer",
    "batch/permutation.py": "of a programmer",
    "credential/nquads.py": "why a fast path is not taken",
    "credential/proof.py": "why a fast path is not taken",
}
"""Files of the client whose sentences no person meets."""
SAID_OTHERWISE = {
    "{session}\n\nName them by their files, by row id, or by list and index. Running it again changes nothing.": "help",
    "Take credentials out of force for good, once asked. Only a vote of the alliance can undo it.": "help",
    "Take credentials out of force until they are reinstated.": "help",
    "Put suspended credentials into force again.": "help",
    "Issue, revoke and verify education credentials on an alliance's chain.": "help",
    "column missing{hint}": "two sentences, and both are there",
    "; is the file separated by commas?": "part of it",
    "chmod 600 {path}": "a command",
    "Bearer {token}": "a header",
    "New versions of {join}": "a proposal's document, which members of every language keep",
    "Register {name} ({did})": "a proposal's document",
    "Admit institution {number}: {join}": "a proposal's document",
    "{function} institution {number}": "a proposal's document",
    "{function} {arguments} of institution {number}": "a proposal's document",
    "{reason}\nProposed at {int} without a document of its own.\n": "a proposal's document",
    "Framework {tables}": "a proposal's document",
    "Admit {name}": "a proposal's document",
    "Register {name}": "a proposal's document",
    "one of ": "before names",
    **dict.fromkeys(("database is locked", "database or disk is full"), "what sqlite says"),
    **dict.fromkeys(("attempt to write a readonly database", "file is not a database"), "what sqlite says"),
    "not permitted": "what nodes say",
}
"""Sentences in spoken files that need no Chinese, and why."""


def chinese_of_the_client() -> dict[str, str]:
    """Every sentence of the client that has its Chinese in a table by its English."""
    found: dict[str, str] = {}
    for name in ("commands.zh.toml", "errors.zh.toml", "usage.zh.toml"):
        tables = tomllib.loads((SPOKEN / "language" / name).read_text(encoding="utf-8"))
        for table in ("said", "told"):
            found |= tables.get(table, {})
    return found


@pytest.mark.parametrize("path", TABLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_table_reads_as_toml_without_a_key_twice(path: Path) -> None:
    assert tomllib.loads(path.read_text(encoding="utf-8"))


def test_every_sentence_that_a_person_meets_has_its_chinese() -> None:
    """Add the missing ones to `language/commands.zh.toml` (what commands print) or `errors.zh.toml` (the rest)."""
    known = {normal(english) for english in chinese_of_the_client()} | {normal(text) for text in SAID_OTHERWISE}
    found = list(sentences(SPOKEN, NOT_SPOKEN))
    assert len(found) > 600
    assert sorted({(place, text) for place, text in found if normal(text) not in known}) == []


def test_every_refusal_of_a_contract_has_its_chinese() -> None:
    known = {normal(english) for english in chinese_of_the_client()}
    entries = tomllib.loads((SPOKEN / "chain" / "refusals.toml").read_text(encoding="utf-8")).values()
    texts = [text.replace("!r}", "}") for entry in entries for text in entry.values() if text != "{reason}"]
    assert len(texts) > 130
    assert [text for text in texts if normal(text) not in known] == []


def test_no_sentence_has_other_facts_in_chinese() -> None:
    both = chinese_of_the_client()
    assert {english: chinese for english, chinese in both.items() if holes(english) != holes(chinese)} == {}


FORMER_TERMS = {
    "位次": "等级", "境外登记册": "外部登记册", "失密自": "泄露起始时间", "操作机构": "当前机构",
    "情景": "演示环境", "配置档": "配置文件", "链号": "链编号",
}  # fmt: skip
"""Other words for the same thing, and the one that is used."""


@pytest.mark.parametrize(
    "path", [path for path in TABLES if path.name.endswith("zh.toml")], ids=lambda path: str(path.relative_to(ROOT))
)
def test_one_thing_has_one_name_in_chinese(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert {former: term for former, term in FORMER_TERMS.items() if former in text} == {}
