"""The world, a verification server over it, and chromium."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from testamur.api.service import Service
from testamur.verification.connection import Chain
from testamur.verification.policy import Policy

from tests.client.api.conftest import running
from tests.world import World, world

__all__ = ["browser", "cut_off", "site", "world"]

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium, ended with the file: its driver keeps an event loop, beside which no other may run."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.fail("chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def site(world: World) -> Iterator[str]:
    """URL of a server with the world's policy."""
    with Chain.connect(world.result.rpc) as chain:
        for server in running(Service(Policy.load(world.result.policy), chain)):
            yield server.url


@pytest.fixture(scope="session")
def cut_off(world: World) -> Iterator[str]:
    """URL of a server whose node does not answer."""
    with Chain.connect("http://127.0.0.1:9", attempts=1, timeout_seconds=1) as chain:
        for server in running(Service(Policy.load(world.result.policy), chain)):
            yield server.url
