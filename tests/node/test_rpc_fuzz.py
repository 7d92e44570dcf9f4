"""Every method of the node, given arguments that make no sense or nearly make sense: an error object, never a fault."""

import json
import time
from collections.abc import Iterator

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from testamur_node.node import Node
from testamur_node.operations.initialise import initialise
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Dispatcher
from testamur_node.rpc.limits import Limits
from testamur_node.rpc.methods import DEVELOPMENT_NAMESPACES, NAMESPACES
from testamur_node.rpc.server import UnknownNamespaceError, dispatcher_for

LIMITS = Limits(call_gas=300_000, log_results=50)
SLOW_OR_ENDLESS = {"evm_mine", "hardhat_mine", "anvil_mine", "evm_increaseTime", "anvil_increaseTime"}
"""These are given their own arguments below, so that a run does not mine ten thousand blocks."""


@pytest.fixture(scope="module")
def dispatcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dispatcher[Context]]:
    """All namespaces over a development chain of two blocks."""
    home = tmp_path_factory.mktemp("fuzz") / "home"
    initialise(home, engine="solo", alliance=None, chain_id=None, is_development=True)
    node = Node.open(home, time.time_ns)
    names = [name for name in NAMESPACES if name not in DEVELOPMENT_NAMESPACES]
    dispatcher = dispatcher_for(node, names, LIMITS)
    address = next(iter(node.unlocked_accounts)).hex()
    deployment = {"from": "0x" + address, "data": "0x60005fa0600b5f5f3900fe60005fa000", "gas": "0x30d40"}
    for _ in range(2):
        answer = dispatcher.answer(orjson.dumps({"id": 1, "method": "eth_sendTransaction", "params": [deployment]}))
        assert b'"result"' in (answer or b"")
        node.wait_for_block(1, 30)
    yield dispatcher
    node.close()


WORDS = st.sampled_from(
    ["latest", "pending", "earliest", "safe", "finalized", "0x0", "0x1", "0x2", "0xffffffffffffffff", "0x", "", "0x01",
     "0x" + "00" * 20, "0x" + "11" * 32, "0x" + "00" * 32, "0x7e570001", "newHeads", "logs", "x" * 100, "\ud7ff"]
)  # fmt: skip
ADDRESS = st.sampled_from(["0x000000000000000000000000000000007e570001", "0x" + "00" * 19 + "01", "0x" + "ab" * 20])
KEYS = st.sampled_from(
    ["from", "to", "data", "input", "gas", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "value", "nonce",
     "accessList", "address", "topics", "fromBlock", "toBlock", "blockHash", "blockNumber", "requireCanonical",
     "authorizationList", "blobVersionedHashes", "chainId", "balance", "code", "state", "stateDiff", "blocks", "tracer",
     "blockStateCalls", "calls", "stateOverrides", "blockOverrides", "validation", "storageKeys", "tracerConfig"]
)  # fmt: skip
VALUE = st.recursive(
    WORDS | ADDRESS | st.none() | st.booleans() | st.integers(-1, 2**64) | st.floats(allow_nan=False)
    | st.text(max_size=8) | st.binary(max_size=40).map(lambda payload: "0x" + payload.hex()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4)
    | st.dictionaries(ADDRESS, inner, max_size=2),
    max_leaves=8,
)  # fmt: skip


def assert_served(dispatcher: Dispatcher[Context], method: str, parameters: object) -> None:
    """The answer is a result or an error object, and not an internal error."""
    # json, not orjson: it writes lone surrogates and numbers of any size
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})
    answer = dispatcher.answer(request.encode())
    decoded = orjson.loads(answer or b"")
    if decoded.get("error", {}).get("code") == -32700:
        return  # orjson reads neither lone surrogates nor numbers beyond 64 bits that are no floats
    assert set(decoded) in ({"jsonrpc", "id", "result"}, {"jsonrpc", "id", "error"})
    assert decoded.get("error", {}).get("code") != -32603, (method, parameters)


METHODS = sorted({name for namespace in NAMESPACES.values() for name in namespace.methods} - SLOW_OR_ENDLESS)


def draw_and_ask(dispatcher: Dispatcher[Context], data: st.DataObject) -> None:
    """Any method with any arguments."""
    method = data.draw(st.sampled_from(METHODS))
    assert_served(dispatcher, method, data.draw(st.lists(VALUE, max_size=4) | VALUE))


@given(st.data())
@settings(max_examples=400, suppress_health_check=list(HealthCheck))
def test_any_method_takes_any_arguments_without_a_fault(dispatcher: Dispatcher[Context], data: st.DataObject) -> None:
    draw_and_ask(dispatcher, data)


@pytest.mark.slow
@given(st.data())
@settings(max_examples=5_000, suppress_health_check=list(HealthCheck))
def test_any_method_takes_very_many_arguments_without_a_fault(
    dispatcher: Dispatcher[Context], data: st.DataObject
) -> None:
    draw_and_ask(dispatcher, data)


CALL = st.fixed_dictionaries(
    {},
    optional={
        "from": ADDRESS, "to": ADDRESS | st.none(), "data": st.binary(max_size=60).map(lambda code: "0x" + code.hex()),
        "gas": st.integers(0, 2**64 - 1).map(hex), "value": st.integers(0, 2**256 - 1).map(hex),
        "gasPrice": st.integers(0, 2**256 - 1).map(hex), "nonce": st.integers(0, 2**64 - 1).map(hex),
        "accessList": st.lists(st.fixed_dictionaries({"address": ADDRESS}), max_size=2),
    },
)  # fmt: skip


@given(st.sampled_from(["eth_call", "eth_estimateGas", "eth_createAccessList", "eth_sendTransaction"]), CALL, WORDS)
@settings(max_examples=400, suppress_health_check=list(HealthCheck))
def test_any_message_is_run_or_refused(
    dispatcher: Dispatcher[Context], method: str, message: dict[str, object], block: str
) -> None:
    """Random bytes as code and calldata, random gas and value: whatever py-evm meets, the caller gets an answer."""
    assert_served(dispatcher, method, [message] if method == "eth_sendTransaction" else [message, block])


@given(st.binary(max_size=300))
@settings(max_examples=300, suppress_health_check=list(HealthCheck))
def test_random_bytes_are_no_transaction(dispatcher: Dispatcher[Context], raw: bytes) -> None:
    assert_served(dispatcher, "eth_sendRawTransaction", ["0x" + raw.hex()])


@pytest.mark.parametrize("method", sorted(SLOW_OR_ENDLESS))
@pytest.mark.parametrize("parameters", [["x"], [-1], [{}], [None], [[1]], [2**64], ["0xffffffffffffffff"], [1, 2, 3]])
def test_time_travel_takes_no_nonsense(dispatcher: Dispatcher[Context], method: str, parameters: list[object]) -> None:
    assert_served(dispatcher, method, parameters)


def test_an_unknown_namespace_is_refused(dispatcher: Dispatcher[Context]) -> None:
    with pytest.raises(UnknownNamespaceError, match="no namespace wallet"):
        dispatcher_for(dispatcher.context.node, ["eth", "wallet"], LIMITS)
