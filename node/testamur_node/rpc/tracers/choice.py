"""Which tracer a caller wants, and the result it gives at the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from testamur_node.execution.executor import AccountOverride
from testamur_node.execution.observing import Observer
from testamur_node.rpc.errors import DecodeError, ServerRefusalError
from testamur_node.rpc.parameters import read_boolean, read_object, read_overrides, read_text
from testamur_node.rpc.tracers.calls import CallTracer
from testamur_node.rpc.tracers.prestate import PrestateTracer
from testamur_node.rpc.tracers.selectors import SelectorTracer
from testamur_node.rpc.tracers.struct import StructOptions, StructTracer

__all__ = ["PRECOMPILES", "TraceOptions", "Subject", "Trace", "begin_trace", "read_trace_options"]

PRECOMPILES = frozenset(number.to_bytes(20, "big") for number in range(1, 0x12))


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """geth's TraceConfig."""

    tracer: str | None = None
    """None for struct logs."""
    configuration: Mapping[str, object] | None = None
    struct: StructOptions = field(default_factory=StructOptions)
    overrides: Mapping[bytes, AccountOverride] | None = None
    """debug_traceCall only."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is traced, as far as results show it."""

    sender: bytes
    to: bytes | None
    gas_limit: int


class _Finish(Protocol):
    def __call__(self, gas_used: int, is_failed: bool) -> object: ...


@dataclass(frozen=True, slots=True)
class Trace:
    """A tracer at work."""

    observer: Observer
    result: _Finish
    """Called at the end with the gas used and whether it failed."""


def _flag(body: Mapping[str, object], name: str) -> bool:
    value = body.get(name)
    return False if value is None else read_boolean(value)


def read_trace_options(value: object) -> TraceOptions:
    """The options object of debug_trace methods."""
    body = read_object(value)
    limit = body.get("limit")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise DecodeError("limit: expected a number from 0")
    configuration = body.get("tracerConfig")
    overrides = body.get("stateOverrides")
    return TraceOptions(
        tracer=None if body.get("tracer") in (None, "") else read_text(body["tracer"]),
        configuration=None if configuration is None else read_object(configuration),
        struct=StructOptions(
            with_memory=_flag(body, "enableMemory"),
            with_stack=not _flag(body, "disableStack"),
            with_storage=not _flag(body, "disableStorage"),
            with_return_data=_flag(body, "enableReturnData"),
            limit=limit or 0,
        ),
        overrides=None if overrides is None else read_overrides(overrides),
    )


def begin_trace(options: TraceOptions, subject: Subject) -> Trace:
    """The tracer that the options name, ready to observe `subject`."""
    configuration = options.configuration or {}
    if options.tracer is None:
        struct = StructTracer(options.struct)
        return Trace(struct, struct.result)
    if options.tracer == "callTracer":
        calls = CallTracer(_flag(configuration, "withLog"), _flag(configuration, "onlyTopCall"))
        return Trace(calls, lambda gas_used, is_failed: calls.result(subject.gas_limit, gas_used))
    if options.tracer == "prestateTracer":
        parties = (subject.sender,) if subject.to is None else (subject.sender, subject.to)
        prestate = PrestateTracer(
            parties,
            is_difference=_flag(configuration, "diffMode"),
            with_code=not _flag(configuration, "disableCode"),
            with_storage=not _flag(configuration, "disableStorage"),
        )
        return Trace(prestate, lambda gas_used, is_failed: prestate.result())
    if options.tracer == "4byteTracer":
        selectors = SelectorTracer(PRECOMPILES)
        return Trace(selectors, lambda gas_used, is_failed: selectors.result())
    if options.tracer == "noopTracer":
        return Trace(Observer(), lambda gas_used, is_failed: {})
    raise ServerRefusalError(
        f"tracer {options.tracer[:40]!r} not found: there are callTracer, prestateTracer, 4byteTracer and noopTracer"
    )
