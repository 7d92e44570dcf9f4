"""Whatever bytes a caller sends, the dispatcher answers with JSON-RPC 2.0 and never with a traceback."""

import json
from dataclasses import replace

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testamur_node.engine.solo import EngineStoppedError
from testamur_node.errand import Errand
from testamur_node.node import HaltedError
from testamur_node.rpc.codec import read_address, read_data, read_hash, read_quantity, read_storage_key
from testamur_node.rpc.dispatch import Dispatcher, Namespace, optional, required
from testamur_node.rpc.errors import DecodeError, RevertError, ServerRefusalError
from testamur_node.rpc.ipc import ValueSplitter
from testamur_node.rpc.limits import Limits
from testamur_node.store import StoreError

echo: Namespace[str] = Namespace("echo")


@echo.method("twice", required(read_quantity))
def twice(_context: str, number: int) -> str:
    return hex(2 * number)


@echo.method("context", optional(read_data, b"none"))
def context_of(context: str, suffix: bytes) -> str:
    return context + suffix.decode()


@echo.method("revert")
def revert(_context: str) -> str:
    raise RevertError("execution reverted: no", data="0x01")


@echo.method("fail")
def fail(_context: str) -> str:
    raise ZeroDivisionError


@echo.method("halted", required(read_quantity))
def halted(_context: str, kind: int) -> str:
    raise (HaltedError, StoreError, EngineStoppedError)[kind]("cannot commit to /srv/node/data: no room", "free /srv")


@echo.method("long", required(read_quantity))
def long(_context: str, length: int) -> str:
    return "x" * length


SMALL = Limits(body_bytes=2_000, batch_items=5, response_bytes=500)
DISPATCHER = Dispatcher.open([echo], "node", SMALL)


def ask(request: object) -> object:
    """The answer to one request, as JSON."""
    answer = DISPATCHER.answer(orjson.dumps(request))
    return None if answer is None else orjson.loads(answer)


def error_of(request: object) -> tuple[int, str]:
    """Code and message of the error that a request meets."""
    answer = ask(request)
    assert isinstance(answer, dict)
    return answer["error"]["code"], answer["error"]["message"]


def call(method: str, *parameters: object, identity: object = 1) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": identity, "method": method, "params": list(parameters)}


def test_a_request_is_answered_with_its_id() -> None:
    assert ask(call("echo_twice", "0x15", identity="seven")) == {"jsonrpc": "2.0", "id": "seven", "result": "0x2a"}


def test_optional_arguments_may_be_absent_or_null() -> None:
    assert ask(call("echo_context"))["result"] == "nodenone"  # type: ignore[index]
    assert ask(call("echo_context", None))["result"] == "nodenone"  # type: ignore[index]
    assert ask({"jsonrpc": "2.0", "id": 1, "method": "echo_context"})["result"] == "nodenone"  # type: ignore[index]


def test_a_missing_argument_is_named() -> None:
    assert error_of(call("echo_twice")) == (-32602, "missing value for required argument 0")


def test_a_surplus_argument_is_refused() -> None:
    assert error_of(call("echo_twice", "0x1", "0x2")) == (-32602, "too many arguments, want at most 1")


def test_named_arguments_are_refused() -> None:
    assert error_of({"jsonrpc": "2.0", "id": 1, "method": "echo_twice", "params": {"a": 1}}) == (
        -32602,
        "non-array args",
    )


def test_a_wrong_argument_is_numbered() -> None:
    assert error_of(call("echo_twice", "2")) == (-32602, "invalid argument 0: hex string without 0x prefix")


def test_an_unknown_method_is_refused() -> None:
    code, message = error_of(call("echo_thrice"))
    assert (code, message) == (-32601, "the method echo_thrice does not exist/is not available")


def test_a_revert_carries_its_data() -> None:
    answer = ask(call("echo_revert"))
    assert isinstance(answer, dict)
    assert answer["error"] == {"code": 3, "message": "execution reverted: no", "data": "0x01"}


def test_a_fault_of_the_node_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    code, message = error_of(call("echo_fail"))
    assert code == -32603
    assert "ZeroDivision" not in message
    assert "echo_fail" in caplog.text


def test_a_notification_gets_no_answer() -> None:
    assert ask({"jsonrpc": "2.0", "method": "echo_twice", "params": ["0x1"]}) is None
    assert ask([{"jsonrpc": "2.0", "method": "echo_twice", "params": ["0x1"]}]) is None


def test_a_null_id_is_no_notification() -> None:
    assert ask(call("echo_twice", "0x1", identity=None)) == {"jsonrpc": "2.0", "id": None, "result": "0x2"}


def test_a_batch_is_answered_in_order_with_its_failures() -> None:
    answers = ask(
        [call("echo_twice", "0x1", identity=1), 5, call("echo_no", identity=2), call("echo_twice", "0x2", identity=3)]
    )
    assert isinstance(answers, list)
    assert [answer["id"] for answer in answers] == [1, None, 2, 3]
    assert [answer.get("error", {}).get("code") for answer in answers] == [None, -32600, -32601, None]


def test_an_empty_batch_is_refused() -> None:
    assert error_of([]) == (-32600, "empty batch")


def test_a_batch_beyond_the_limit_is_refused_whole() -> None:
    answers = ask([call("echo_twice", "0x1", identity=9)] * 6)
    assert isinstance(answers, list)
    assert [(answer["id"], answer["error"]["code"]) for answer in answers] == [(9, -32600)]
    assert "at most 5" in answers[0]["error"]["message"]


def test_a_body_beyond_the_limit_is_refused() -> None:
    code, message = error_of(call("echo_context", "0x" + "00" * 2_000))
    assert code == -32005
    assert "at most 2000" in message


def test_an_answer_beyond_the_limit_is_refused() -> None:
    assert error_of(call("echo_long", "0x200")) == (-32003, "response too large")


@pytest.mark.parametrize(("count", "ways"), [(1, 0), (100, 0), (101, 101)])
def test_a_large_batch_gives_way_to_blocks_between_its_requests(count: int, ways: int) -> None:
    given: list[float] = []
    dispatcher = replace(DISPATCHER, limits=Limits(), give_way=given.append)
    batch = [{"jsonrpc": "2.0", "id": index, "method": "echo_twice", "params": ["0x1"]} for index in range(count)]
    answers = orjson.loads(dispatcher.answer(orjson.dumps(batch)) or b"")
    assert [answer["result"] for answer in answers] == ["0x2"] * count
    assert len(given) == ways
    assert all(0 < seconds <= 0.05 for seconds in given)


def test_a_batch_whose_answers_grow_too_long_is_cut_off() -> None:
    answers = ask([call("echo_long", "0x1f0", identity=1), call("echo_long", "0x1", identity=2)])
    assert isinstance(answers, list)
    assert answers[0]["result"]
    assert answers[1]["error"]["code"] == -32003


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"nul", b"NaN", b"[" * 100_000, b'{"id":1}{"id":2}'])
def test_what_is_not_json_is_a_parse_error(body: bytes) -> None:
    dispatcher = replace(DISPATCHER, limits=Limits())
    assert orjson.loads(dispatcher.answer(body) or b"")["error"]["code"] == -32700


@pytest.mark.parametrize(
    "request_",
    [
        1,
        "a",
        None,
        True,
        {},
        {"method": 5, "id": 1},
        {"method": "x", "id": {}},
        {"jsonrpc": "1.0", "method": "x", "id": 1},
    ],
)
def test_what_is_no_request_object_is_refused(request_: object) -> None:
    assert error_of(request_)[0] == -32600


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20)
    | st.sampled_from(["0x", "0x1", "0x01", "0xzz", "0x" + "1" * 65, "latest"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip
REQUEST = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.sampled_from(["2.0", "1.0", 2]), "id": JSON, "params": JSON | st.lists(JSON, max_size=3),
        "method": st.sampled_from([name for name in echo.methods if name != "echo_fail"]) | JSON,
    },
)  # fmt: skip


def assert_well_formed(answer: bytes | None) -> None:
    """An answer is absent, an answer object, or a list of them, never an internal error."""
    if answer is None:
        return
    decoded = orjson.loads(answer)
    for item in decoded if isinstance(decoded, list) else [decoded]:
        assert set(item) in ({"jsonrpc", "id", "result"}, {"jsonrpc", "id", "error"})
        assert item.get("error", {}).get("code") != -32603


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_random_bytes_get_a_well_formed_answer(body: bytes) -> None:
    assert_well_formed(DISPATCHER.answer(body))


@given(JSON | REQUEST | st.lists(REQUEST, max_size=7))
@settings(max_examples=500)
def test_random_json_gets_a_well_formed_answer(request_: object) -> None:
    assert_well_formed(DISPATCHER.answer(orjson.dumps(request_)))


@pytest.mark.parametrize(
    ("text", "number"), [("", 0), ("0x0", 0), ("0xff", 255), ("0xFF", 255), ("0x" + "f" * 64, 2**256 - 1)]
)
def test_a_quantity_is_read(text: str, number: int) -> None:
    assert read_quantity(text) == number


@pytest.mark.parametrize(
    "value", ["0x", "ff", "0x00", "0x01", "0xg", "0x-1", "0x1_0", "0x" + "1" * 65, 5, None, True, [], {}, 1.5, "٣"]
)
def test_what_is_no_quantity_is_refused(value: object) -> None:
    with pytest.raises(DecodeError):
        read_quantity(value)


@pytest.mark.parametrize("value", ["0x1", "0x" + "11" * 19, "0x" + "11" * 21, "11" * 20, "0x" + "gg" * 20, 0, None])
def test_what_is_no_address_is_refused(value: object) -> None:
    assert read_address("0x" + "Aa" * 20) == b"\xaa" * 20
    with pytest.raises(DecodeError):
        read_address(value)


def test_a_hash_has_32_bytes() -> None:
    assert read_hash("0x" + "11" * 32) == b"\x11" * 32
    with pytest.raises(DecodeError):
        read_hash("0x" + "11" * 31)


def test_a_storage_key_is_read_in_short_and_full_form() -> None:
    assert read_storage_key("0x0") == (0, False)
    assert read_storage_key("0x" + "0" * 63 + "5") == (5, True)


def test_a_storage_key_that_cannot_be_read_is_refused_as_geth_does() -> None:
    with pytest.raises(ServerRefusalError, match="unable to decode storage key"):
        read_storage_key("0xasdf")
    with pytest.raises(ServerRefusalError, match="too long"):
        read_storage_key("0x" + "1" * 65)


SAMPLE = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8) | st.sampled_from(['"', "\\\\", "}", "]", '\\"', "{[", "\n"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
).filter(lambda value: isinstance(value, dict | list))


@given(st.lists(SAMPLE, max_size=5), st.sampled_from(["", "\n", " ", "\r\n"]), st.lists(st.integers(1, 9), min_size=1))
@settings(max_examples=300)
def test_a_stream_of_values_is_cut_the_same_however_it_arrives(
    values: list[object], gap: str, sizes: list[int]
) -> None:
    """Objects and arrays come out whole and in order, whatever their strings hold and wherever the stream is torn."""
    stream = gap.join(json.dumps(value) for value in values).encode()
    splitter, found, at, turn = ValueSplitter(), [], 0, 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        found += splitter.feed(stream[at : at + size])
        at, turn = at + size, turn + 1
    assert [json.loads(value) for value in found] == values
    assert len(splitter) <= len(gap)


def test_what_is_no_value_is_passed_on_at_its_line_end() -> None:
    splitter = ValueSplitter()
    assert splitter.feed(b"nonsense") == []
    assert splitter.feed(b" more\n{}") == [b"nonsense more", b"{}"]
    assert splitter.feed(b'"torn string\n[1]') == [b'"torn string', b"[1]"]
    assert splitter.feed(b"}]") == [b"}", b"]"]


def test_a_batch_shares_one_time_and_ends_with_its_client() -> None:
    batch = orjson.dumps([{"jsonrpc": "2.0", "id": number, "method": "echo_context"} for number in range(3)])
    answer = Errand("a", 0.0).run(DISPATCHER.answer, batch)
    assert [item["error"]["code"] for item in orjson.loads(answer or b"")] == [-32002] * 3
    assert [item["id"] for item in orjson.loads(answer or b"")] == [0, 1, 2]
    gone = Errand("a")
    gone.call_off()
    assert gone.run(DISPATCHER.answer, batch) is None
    assert len(orjson.loads(Errand("a", 60.0).run(DISPATCHER.answer, batch) or b"")) == 3


@pytest.mark.parametrize("kind", ["0x0", "0x1", "0x2"])
def test_strangers_are_not_told_where_the_node_keeps_its_files_and_the_log_is(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    code, message = error_of({"jsonrpc": "2.0", "id": 1, "method": "echo_halted", "params": [kind]})
    assert code == -32000
    assert "see" in message
    assert "log" in message
    assert "/srv" not in message
    assert "cannot commit to /srv/node/data: no room (free /srv)" in caplog.text
