"""Which tests run: `--all` adds those that need a tool, `--slow` full families; and where the conformance data lies."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="also tests that need Node.js, Go or chromium")
    parser.addoption("--slow", action="store_true", help="full families instead of fixed samples")


def pytest_configure(config: pytest.Config) -> None:
    """Properties look at a fixed sample, and with `--slow` at another one in each run; none is judged by its time."""
    settings.register_profile("testamur", deadline=None, derandomize=not config.getoption("--slow"))
    settings.load_profile("testamur")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, not skip: what was not asked for is no gap in the report."""
    unwanted = {mark for mark, option in (("tool", "--all"), ("slow", "--slow")) if not config.getoption(option)}
    left_out = [item for item in items if unwanted & {mark.name for mark in item.iter_markers()}]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not unwanted & {mark.name for mark in item.iter_markers()}]


@pytest.fixture(scope="session")
def is_slow(pytestconfig: pytest.Config) -> bool:
    """Whether full families were asked for; a test with a fixed sample reads this."""
    return bool(pytestconfig.getoption("--slow"))


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of conformance data; a test that asks for it skips where it is absent, unless CI insists on it."""
    folder = Path(os.environ.get("TESTAMUR_VECTORS", ROOT.parent / "shared" / "vectors"))
    if not folder.is_dir():
        message = f"no conformance data at {folder}: set TESTAMUR_VECTORS"
        if os.environ.get("TESTAMUR_VECTORS_REQUIRED"):
            pytest.fail(message)
        pytest.skip(message)
    return folder
