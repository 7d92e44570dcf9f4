"""What decides a block reads no clock, no chance, no locale and no float: held by looking at the source."""

import ast
from pathlib import Path

import pytest

NODE = Path(__file__).resolve().parents[2] / "node" / "testamur_node"
DECIDING = sorted(
    path
    for place in (
        "chain",
        "execution",
        "state",
        "index",
        "application.py",
        "permission.py",
        "governance.py",
        "genesis.py",
    )
    for path in ([NODE / place] if place.endswith(".py") else (NODE / place).rglob("*.py"))
)
FORBIDDEN = {"time", "datetime", "random", "secrets", "locale", "socket", "uuid", "os", "subprocess", "asyncio"}
RATES = {"default_block_time"}
"""Floats that only pace an engine."""


@pytest.mark.parametrize("path", DECIDING, ids=lambda path: str(path.relative_to(NODE)))
def test_what_decides_a_block_imports_no_clock_and_no_chance(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not {name.name.split(".")[0] for name in node.names} & FORBIDDEN
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in FORBIDDEN


@pytest.mark.parametrize("path", DECIDING, ids=lambda path: str(path.relative_to(NODE)))
def test_what_decides_a_block_computes_with_no_float(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    allowed = {
        id(keyword.value) for keyword in ast.walk(tree) if isinstance(keyword, ast.keyword) and keyword.arg in RATES
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            assert id(node) in allowed, f"line {node.lineno}"
        assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)), f"line {node.lineno}"


def test_both_checks_see_what_they_forbid() -> None:
    assert len(DECIDING) > 20
    assert any(
        isinstance(node, ast.Constant) and isinstance(node.value, float) for node in ast.walk(ast.parse("x = 1.5"))
    )
