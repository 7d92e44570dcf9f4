"""One node and alliance for all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.issuing.alliance import Alliance


@pytest.fixture(scope="session")
def alliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alliance]:
    """A running node whose alliance has recognised one issuer."""
    running = Alliance.found(tmp_path_factory.mktemp("alliance") / "node")
    yield running
    running.stop()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where a run writes."""
    return tmp_path / "out"
