"""The recorded conversations of execution-apis on their chain, each held against its comparison rule.

An answer equals the recorded one as JSON, error messages aside. Where a file says `speconly`, the recorded answer only
shows what an answer looks like: ours must have the same shape.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from testamur_node.node import Node
from testamur_node.operations import upkeep
from testamur_node.rpc.dispatch import Dispatcher
from testamur_node.rpc.limits import Limits
from testamur_node.rpc.server import dispatcher_for

VECTORS = Path(os.environ.get("TESTAMUR_VECTORS", Path(__file__).resolve().parents[3] / "shared" / "vectors"))
FILES = sorted((VECTORS / "rpc-compat").glob("*/*.io"), key=lambda path: ("sendRaw" in path.parent.name, path))
"""Read-only files first: what is sent changes what is pending."""


@pytest.fixture(scope="module")
def dispatcher(tmp_path_factory: pytest.TempPathFactory, vectors: Path) -> Iterator[Dispatcher[Any]]:
    home = tmp_path_factory.mktemp("compat") / "home"
    folder = vectors / "rpc-compat"
    upkeep.import_chain(home, folder / "genesis.json", folder / "chain.rlp")
    node = Node.open(home, lambda: 1_000_000_000 * 1_000)
    yield dispatcher_for(node, ["eth", "net", "web3", "debug"], Limits())
    node.close()


def without_messages(value: Any) -> Any:
    """The same without the `message` of error objects, at any depth."""
    if isinstance(value, list):
        return [without_messages(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: without_messages(item) for name, item in value.items()}
    if isinstance(kept.get("error"), dict):
        kept["error"] = {name: item for name, item in kept["error"].items() if name != "message"}
    return kept


def shape(value: Any) -> Any:
    """Types and member names, the content left out."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return float if isinstance(value, int | float) else type(value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_recorded_conversation_is_answered_alike(dispatcher: Dispatcher[Any], path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    is_shape_only = any(line.startswith("// speconly:") for line in lines)
    exchanges = [(line[3:], lines[at + 1][3:]) for at, line in enumerate(lines) if line.startswith(">> ")]
    assert exchanges
    for request, recorded in exchanges:
        answer = orjson.loads(dispatcher.answer(request.encode()) or b"null")
        expected = json.loads(recorded)
        if is_shape_only:
            assert shape(answer) == shape(expected)
        else:
            assert without_messages(answer) == without_messages(expected)
