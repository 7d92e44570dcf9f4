"""From the bytes of a request to the bytes of its answer: JSON-RPC 2.0 with batches, whatever carries it.

HTTP, WebSocket and the Unix socket all hand their bodies to `Dispatcher.answer`. Nothing that a caller sends leads to a
traceback: what is wrong with a request is an error object, what is wrong with the node is logged and told as -32603.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import orjson

from testamur_node.documents import MOST_VALUES, DocumentError, check_json
from testamur_node.errand import OutOfTimeError, current
from testamur_node.errors import NodeError
from testamur_node.rpc.errors import (
    DecodeError,
    InternalRpcError,
    InvalidParametersError,
    InvalidRequestError,
    MethodNotFoundError,
    ParseError,
    RequestTimedOutError,
    ResourceLimitError,
    RpcError,
    ServerRefusalError,
)
from testamur_node.rpc.limits import Limits

__all__ = ["Decoder", "Parameter", "required", "optional", "Method", "Namespace", "Dispatcher", "refusal"]

Decoder = Callable[[object], object]
"""Turns a JSON value into what a method takes, or raises `DecodeError`."""

ContextT = TypeVar("ContextT")
FunctionT = TypeVar("FunctionT", bound=Callable[..., object])

_log = logging.getLogger(__name__)
_MISSING = object()

_MANY = 100
"""Requests of a batch that gives way to blocks."""
_WAY_SECONDS = 0.01
"""How long each of them waits at most while a block is being written."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One positional argument of a method."""

    decode: Decoder
    default: object = _MISSING
    """What stands in when the caller leaves it out or sends null; unset, it must be there."""


def required(decode: Decoder) -> Parameter:
    """An argument that must be there; what null means is the decoder's business, as it is in geth."""
    return Parameter(decode)


def optional(decode: Decoder, default: object = None) -> Parameter:
    """An argument that may be left out or be null."""
    return Parameter(decode, default)


@dataclass(frozen=True, slots=True)
class Method(Generic[ContextT]):
    """One JSON-RPC method: its name, its arguments, and what it does."""

    name: str
    parameters: tuple[Parameter, ...]
    function: Callable[..., object]
    """Called with the context and one decoded value per parameter."""

    def invoke(self, context: ContextT, parameters: object) -> object:
        """Decode the arguments and run the method; every refusal is an `RpcError`."""
        return self.function(context, *self._decode(parameters))

    def _decode(self, parameters: object) -> list[object]:
        """The arguments, checked; which one is wrong is in the message, as geth words it."""
        if parameters is None:
            parameters = []
        if not isinstance(parameters, list):
            raise InvalidParametersError("non-array args")
        if len(parameters) > len(self.parameters):
            raise InvalidParametersError(f"too many arguments, want at most {len(self.parameters)}")
        decoded: list[object] = []
        for position, parameter in enumerate(self.parameters):
            is_optional = parameter.default is not _MISSING
            if position >= len(parameters) and not is_optional:
                raise InvalidParametersError(f"missing value for required argument {position}")
            value = parameters[position] if position < len(parameters) else None
            if value is None and is_optional:
                decoded.append(parameter.default)
                continue
            try:
                decoded.append(parameter.decode(value))
            except DecodeError as error:
                raise InvalidParametersError(f"invalid argument {position}: {error}") from error
        return decoded


class Namespace(Generic[ContextT]):
    """The methods of one prefix (`eth`, `net` …); modules fill theirs with `@namespace.method(...)`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.methods: dict[str, Method[ContextT]] = {}

    def method(self, name: str, *parameters: Parameter) -> Callable[[FunctionT], FunctionT]:
        """Register a function as `<namespace>_<name>`."""

        def register(function: FunctionT) -> FunctionT:
            full = f"{self.name}_{name}"
            self.methods[full] = Method(full, parameters, function)
            return function

        return register


@dataclass(frozen=True, slots=True)
class Dispatcher(Generic[ContextT]):
    """Answers requests with the methods that are open on one transport."""

    methods: Mapping[str, Method[ContextT]]
    context: ContextT
    limits: Limits
    admit: Callable[[str | None], None] = lambda _method: None
    """Asked before each call, with the method's name, and with None for what is no request; raises the `RpcError` of
    who may not ask it, or not so fast."""
    give_way: Callable[[float], None] = lambda _seconds: None
    """Asked between the requests of a large batch: may wait so long."""
    finish: Callable[[], None] = lambda: None
    """Called before an answer leaves, on the thread that made it: may wait for what the answer promises."""
    observe: Callable[[str, NodeError | None, float], None] = lambda _method, _error, _seconds: None
    """Told after each call: the method's name as it was asked, what it met, how long it took."""

    @classmethod
    def open(
        cls,
        namespaces: Iterable[Namespace[ContextT]],
        context: ContextT,
        limits: Limits,
        opens: Callable[[str], bool] = lambda _method: True,
    ) -> "Dispatcher[ContextT]":
        """A dispatcher over those methods of some namespaces that `opens` says yes to."""
        methods: dict[str, Method[ContextT]] = {}
        for namespace in namespaces:
            methods.update({name: method for name, method in namespace.methods.items() if opens(name)})
        return cls(methods, context, limits)

    def answer(self, body: bytes) -> bytes | None:
        """The answer to one body, a request or a batch; None when it holds notifications alone."""
        answer = self._answer(body)
        self.finish()
        return answer

    def _answer(self, body: bytes) -> bytes | None:
        if len(body) > self.limits.body_bytes:
            return refusal(
                ResourceLimitError(f"request of {len(body)} bytes, at most {self.limits.body_bytes} are taken")
            )
        try:
            check_json(body, self.limits.body_bytes, MOST_VALUES)
            request = orjson.loads(body)
        except DocumentError as error:
            return self._malformed(None, ParseError(f"parse error: {error}"))
        except (orjson.JSONDecodeError, RecursionError):
            return self._malformed(None, ParseError("parse error"))
        if isinstance(request, list):
            return self._answer_batch(request)
        answer = self._answer_one(request)
        if answer is not None and len(answer) > self.limits.response_bytes:
            return _encode(_identity(request), error=ResourceLimitError("response too large", code=-32003))
        return answer

    def _answer_batch(self, requests: Sequence[object]) -> bytes | None:
        """The answers of a batch in its order, cut off at the size limit as geth does (-32003 from there on), and at
        the time limit (-32002). Nothing more is done of one that nobody waits for.
        """
        if not requests:
            return self._malformed(None, InvalidRequestError("empty batch"))
        if len(requests) > self.limits.batch_items:
            error = InvalidRequestError(f"batch too large: {len(requests)} requests, at most {self.limits.batch_items}")
            return b"[" + self._malformed(_identity(requests[0]), error) + b"]"
        answers: list[bytes] = []
        total = 0
        for request in requests:
            if current().is_off:
                return None
            if len(requests) > _MANY:
                self.give_way(_WAY_SECONDS)
            if total > self.limits.response_bytes:
                answer: bytes | None = (
                    _encode(_identity(request), error=ResourceLimitError("response too large", code=-32003))
                    if isinstance(request, dict) and "id" in request
                    else None
                )
            else:
                answer = self._answer_one(request)
            if answer is not None:
                answers.append(answer)
                total += len(answer)
        return b"[" + b",".join(answers) + b"]" if answers else None

    def _answer_one(self, request: object) -> bytes | None:
        """The answer to one request object; None for a notification."""
        identity = _identity(request)
        if not isinstance(request, dict) or request.get("jsonrpc", "2.0") != "2.0":
            return self._malformed(identity, InvalidRequestError("invalid request"))
        name = request.get("method")
        if not isinstance(name, str) or not name or isinstance(request.get("id"), dict | list):
            return self._malformed(identity, InvalidRequestError("invalid request"))
        began = time.perf_counter()
        failure: NodeError | None = None
        try:
            answer = _encode(identity, result=self._call(name, request.get("params")))
        except RpcError as error:
            failure = error
            answer = _encode(identity, error=error)
        except OutOfTimeError as error:
            failure = RequestTimedOutError(str(error))
            answer = _encode(identity, error=failure)
        except NodeError as error:
            failure = error
            if error.outside is not None:
                _log.error("method %s failed: %s", name, error)
            answer = _encode(identity, error=ServerRefusalError(error.outside or str(error)))
        except Exception:  # the border of the process: a fault of ours reaches the log whole and the caller as a code
            _log.exception("method %s failed", name)
            failure = InternalRpcError("internal error, see the log of the node")
            answer = _encode(identity, error=failure)
        self.observe(name, failure, time.perf_counter() - began)
        return answer if "id" in request else None

    def _malformed(self, identity: object, error: RpcError) -> bytes:
        """The answer to what is no request, which counts as one."""
        try:
            self.admit(None)
        except RpcError as refused:
            error = refused
        return _encode(identity, error=error)

    def _call(self, name: str, parameters: object) -> object:
        """Run the method of that name."""
        current().raise_if_over()
        self.admit(name)
        method = self.methods.get(name)
        if method is None:
            raise MethodNotFoundError.of(name)
        return method.invoke(self.context, parameters)


def _identity(request: object) -> object:
    """The id to answer with; null where there is none to echo (JSON-RPC 2.0, 5)."""
    identity = request.get("id") if isinstance(request, dict) else None
    return None if isinstance(identity, dict | list) else identity


def refusal(error: RpcError) -> bytes:
    """The answer to a body that names no request."""
    return _encode(None, error=error)


def _encode(identity: object, result: object = None, error: RpcError | None = None) -> bytes:
    """One answer object as JSON; results hold str, bool, None, int, float, list and dict alone."""
    body: dict[str, object] = {"jsonrpc": "2.0", "id": identity}
    if error is None:
        body["result"] = result
    else:
        body["error"] = error.to_json()
    try:
        return orjson.dumps(body)
    except TypeError:
        return json.dumps(body, separators=(",", ":")).encode()  # nested deeper than orjson goes: a trace of many calls
