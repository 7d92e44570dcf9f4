"""The recorded conversations of execution-apis on their chain, each held against its comparison rule.

An answer equals the recorded one as JSON, error messages aside. Where a file says `speconly`, the recorded answer only
shows what an answer looks like: ours must have the same shape.
"""

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

from tests.interop.comparing import shape, without_messages
from tests.interop.conversations import Conversation, conversations

VECTORS = Path(os.environ.get("TESTAMUR_VECTORS", Path(__file__).resolve().parents[3] / "shared" / "vectors"))


@pytest.fixture(scope="module")
def dispatcher(tmp_path_factory: pytest.TempPathFactory, vectors: Path) -> Iterator[Dispatcher[Any]]:
    home = tmp_path_factory.mktemp("compat") / "home"
    folder = vectors / "rpc-compat"
    upkeep.import_chain(home, folder / "genesis.json", folder / "chain.rlp")
    node = Node.open(home, lambda: 1_000_000_000 * 1_000)
    yield dispatcher_for(node, ["eth", "net", "web3", "debug"], Limits())
    node.close()


@pytest.mark.parametrize("conversation", conversations(VECTORS), ids=lambda conversation: conversation.name)
def test_a_recorded_conversation_is_answered_alike(dispatcher: Dispatcher[Any], conversation: Conversation) -> None:
    view = shape if conversation.is_shape_only else without_messages
    for request, recorded in conversation.exchanges:
        answer = orjson.loads(dispatcher.answer(request.encode()) or b"null")
        assert view(answer) == view(recorded)
