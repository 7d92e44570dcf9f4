"""Halmos: the contracts' words and numbers, for every value at once (tests/symbolic)."""

import re
import shutil

import pytest

from tests.tooling import ANALYSIS, ROOT, output_of, with_foundry

pytestmark = [pytest.mark.tool, pytest.mark.timeout(400)]


def test_bitmaps_counters_records_and_votes_hold_for_every_value(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("halmos")
    for name in ("contracts", "tools", "tests/symbolic"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "foundry.toml", folder)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    said = output_of(
        ANALYSIS / "halmos",
        *("--forge-build-out", "build/forge/out", "--no-status", "--solver-timeout-assertion", "120s"),
        cwd=folder,
        environment={**with_foundry(), "FOUNDRY_TEST": "tests/symbolic"},
        timeout_seconds=380,
    )
    passed = set(re.findall(r"\[PASS\]\S* (check_\w+)\(", said))
    written = {
        name
        for path in (ROOT / "tests" / "symbolic").glob("*.t.sol")
        for name in re.findall(r"function (check_\w+)", path.read_text(encoding="utf-8"))
    }
    assert passed == written
    assert "loop unrolling bound" not in said  # a loop cut short would prove less than it says
