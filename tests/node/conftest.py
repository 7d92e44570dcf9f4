"""A home whose chain has grown: contracts, logs, states and signed headers of several blocks."""

import time
from pathlib import Path
from typing import Any

import pytest
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.node import Node

from tests.node.founding import (
    ADDRESSES,
    DEPLOYER,
    GOVERN,
    ISSUE,
    STORING_CODE,
    creating,
    make_home,
    raw,
    word,
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a grown and closed chain, signed headers included."""
    home = make_home(tmp_path / "home", DEVELOPMENT)
    node = Node.open(home, time.time_ns)
    contract = bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")
    for number, transaction in enumerate(
        [
            raw(DEPLOYER, 0, to=None, data=creating(STORING_CODE)),
            *(raw(GOVERN, nonce, to=contract, data=word(nonce % 3, nonce + 1)) for nonce in range(6)),
            raw(ISSUE, 0, to=ADDRESSES[GOVERN], value=5),
        ],
        start=1,
    ):
        node.submit(transaction)
        assert node.wait_for_block(number, 20)
    node.close()
    return home


@pytest.fixture
def apart(node: Node, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the module's `node` has asked of a process, by name."""
    asked: list[str] = []

    def noting(run: Any) -> Any:
        def noted(function: Any, *rest: Any) -> Any:
            asked.append(function.__name__)
            return run(function, *rest)

        return noted

    for name in ("apart", "render"):
        monkeypatch.setattr(node, name, noting(getattr(node, name)))
    return asked
