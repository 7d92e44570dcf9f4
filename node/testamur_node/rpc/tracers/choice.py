"""Which tracer a caller wants, and the result it gives at the end."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from testamur_node.chain.message import BlockOverrides
from testamur_node.execution.executor import AccountOverride
from testamur_node.execution.observing import Observer
from testamur_node.rpc.codec import read_uint64
from testamur_node.rpc.errors import DecodeError, ServerRefusalError
from testamur_node.rpc.messages import read_block_overrides, read_overrides
from testamur_node.rpc.parameters import members, read_boolean, read_object, read_text
from testamur_node.rpc.tracers.calls import CallTracer, FlatCallTracer
from testamur_node.rpc.tracers.preimages import PreimageTracer
from testamur_node.rpc.tracers.prestate import PrestateOptions, PrestateTracer
from testamur_node.rpc.tracers.selectors import SelectorTracer
from testamur_node.rpc.tracers.several import SeveralTracers
from testamur_node.rpc.tracers.struct import StructOptions, StructTracer
from testamur_node.rpc.tracers.subject import Subject

__all__ = ["TraceOptions", "Trace", "begin_trace", "read_trace_options"]

_DURATION = re.compile(r"[-+]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)")
"""Go's way to write a span of time."""
_STRUCT = ("enableMemory", "disableStack", "disableStorage", "enableReturnData", "limit")
_OTHERS = ("tracer", "timeout", "reexec", "tracerConfig", "stateOverrides", "blockOverrides", "txIndex")


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """geth's TraceConfig."""

    tracer: str | None = None
    """None for struct logs."""
    configuration: object = None
    """JSON for the tracer."""
    struct: StructOptions = field(default_factory=StructOptions)
    timeout: str | None = None
    """Taken and checked; the node's own limit holds."""
    overrides: Mapping[bytes, AccountOverride] = field(default_factory=dict)
    """debug_traceCall only, as are the next two."""
    block: BlockOverrides = field(default_factory=BlockOverrides)
    index: int | None = None
    """After which transaction of the block, None for after all."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A tracer at work."""

    observer: Observer
    result: Callable[[int], object]
    """Called at the end with the gas used."""


def _read_whole_number(value: object, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**63:
        raise DecodeError("json: expected a whole number")
    return value


def read_trace_options(value: object) -> TraceOptions:
    """The options object of debug_trace methods."""
    body = members(value, *_STRUCT, *_OTHERS)
    if "reexec" in body:
        _read_whole_number(body["reexec"], 0)
    struct = {name: read_boolean(body.get(name)) for name in _STRUCT[:-1]}
    return TraceOptions(
        tracer=read_text(body["tracer"]) if "tracer" in body else None,
        configuration=body.get("tracerConfig"),
        struct=StructOptions(
            with_memory=struct["enableMemory"],
            with_stack=not struct["disableStack"],
            with_storage=not struct["disableStorage"],
            with_return_data=struct["enableReturnData"],
            limit=_read_whole_number(body.get("limit", 0), -(2**63)),
        ),
        timeout=read_text(body["timeout"]) if "timeout" in body else None,
        overrides=read_overrides(body.get("stateOverrides")),
        block=read_block_overrides(body.get("blockOverrides")),
        index=read_uint64(body["txIndex"]) if "txIndex" in body else None,
    )


def begin_trace(options: TraceOptions, subject: Subject) -> Trace:
    """The tracer that the options name, ready to observe `subject`. Raises `ServerRefusalError`."""
    if options.tracer is None:
        trace = _struct_trace(options)
    else:
        trace = _named_trace(options.tracer, options.configuration, subject)
    if options.timeout is not None and _DURATION.fullmatch(options.timeout) is None:
        raise ServerRefusalError(f"time: invalid duration {options.timeout[:40]!r}")
    return trace


def _struct_trace(options: TraceOptions) -> Trace:
    struct = StructTracer(options.struct)
    return Trace(struct, struct.result)


def _flags(configuration: object, *names: str) -> list[bool]:
    """The switches of a tracer; what they cannot be is refused as geth does, -32000."""
    try:
        body = members(configuration, *names)
        return [read_boolean(body.get(name)) for name in names]
    except DecodeError as error:
        raise ServerRefusalError(str(error)) from error


def _named_trace(name: str, configuration: object, subject: Subject) -> Trace:
    if name == "callTracer":
        with_log, only_top = _flags(configuration, "withLog", "onlyTopCall")
        calls = CallTracer(subject, with_log, only_top)
        return Trace(calls, calls.result)
    if name == "flatCallTracer":
        converts, precompiles = _flags(configuration, "convertParityErrors", "includePrecompiles")
        flat = FlatCallTracer(subject, converts, precompiles)
        return Trace(flat, flat.result)
    if name == "prestateTracer":
        difference, no_code, no_storage, empty = _flags(
            configuration, "diffMode", "disableCode", "disableStorage", "includeEmpty"
        )
        if difference and empty:
            raise ServerRefusalError("cannot use diffMode with includeEmpty")
        prestate = PrestateTracer(subject, PrestateOptions(difference, not no_code, not no_storage, empty))
        return Trace(prestate, lambda _: prestate.result())
    if name == "4byteTracer":
        selectors = SelectorTracer(subject.precompiles)
        return Trace(selectors, lambda _: selectors.result())
    if name == "keccak256PreimageTracer":
        preimages = PreimageTracer()
        return Trace(preimages, lambda _: preimages.result())
    if name == "noopTracer":
        return Trace(Observer(), lambda _: {})
    if name == "muxTracer":
        return _several(configuration, subject)
    raise ServerRefusalError(
        f"tracer {name[:40]!r} not found: there are callTracer, flatCallTracer, prestateTracer, 4byteTracer, muxTracer,"
        " keccak256PreimageTracer and noopTracer"
    )


def _several(configuration: object, subject: Subject) -> Trace:
    """Several tracers in one run, each under its name."""
    try:
        wanted = read_object(configuration)
    except DecodeError as error:
        raise ServerRefusalError(str(error)) from error
    traces = {name: _named_trace(name, inner, subject) for name, inner in wanted.items()}
    observer = SeveralTracers([trace.observer for trace in traces.values()])
    return Trace(
        observer,
        lambda gas_used: {name: trace.result(gas_used) for name, trace in traces.items()},
    )
