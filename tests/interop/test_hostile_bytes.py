"""Bytes that end other nodes, sent to a running one: it refuses them, and goes on answering."""

import json

import pytest

from tests.interop.conftest import NodeProcess
from tests.interop.test_transports import ask
from tests.node.test_documents import nested


def request(method: str, *parameters: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode()


@pytest.mark.parametrize("prefix", ["", "02", "03", "04"])
def test_lists_in_lists_for_a_transaction_are_refused(alliance: NodeProcess, prefix: str) -> None:
    """178 KB of them ended the node with SIGSEGV."""
    raw = nested(60_000)
    _, answer, _ = ask(alliance, request("eth_sendRawTransaction", "0x" + prefix + raw.hex()))
    assert answer["error"]["code"] == -32000
    assert "nest deeper" in answer["error"]["message"]
    assert ask(alliance)[1]["result"]


def test_a_block_of_lists_in_lists_is_not_traced(development: NodeProcess) -> None:
    _, answer, _ = ask(development, request("debug_traceBlock", "0x" + nested(60_000).hex()))
    assert "nest deeper" in answer["error"]["message"]
    assert ask(development)[1]["result"]


@pytest.mark.parametrize(
    "body", [b"[" * 1_000_000, b'{"a":' * 900, b"[" + b"[]," * 1_000_000 + b"[]]", b"[" * 900 + b"]" * 900]
)
def test_a_body_of_brackets_is_refused(alliance: NodeProcess, body: bytes) -> None:
    _, answer, _ = ask(alliance, body)
    assert answer["error"]["code"] == -32700
    assert ask(alliance)[1]["result"]
