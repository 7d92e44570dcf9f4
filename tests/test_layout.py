"""The house rules that an import can break: who may import whom, and what a light import must not pull in."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NODE_MAY_IMPORT = ("testamur.proof", "testamur.artifacts")
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


def test_the_node_imports_only_proof_and_artifacts_of_the_client() -> None:
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
