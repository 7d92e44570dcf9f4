"""eth_: logs, and filters that are polled for what is new."""

import sys
from collections.abc import Sequence
from math import inf

import orjson

from testamur_node.calls import Calls
from testamur_node.index.logs import LongWalkError, matches
from testamur_node.node import LocatedLog
from testamur_node.rpc.codec import data
from testamur_node.rpc.context import Context, find_number, pending_block
from testamur_node.rpc.dispatch import Namespace, optional, required
from testamur_node.rpc.errors import ResourceLimitError, ServerRefusalError
from testamur_node.rpc.filters import Filter
from testamur_node.rpc.parameters import (
    LATEST,
    BlockReference,
    LogQuery,
    read_boolean,
    read_log_query,
    read_text,
)
from testamur_node.rpc.rendering import log_json, pending_transaction_json

__all__ = ["eth", "located_log_json"]

eth: Namespace[Context] = Namespace("eth")

_FEW = 64
"""Logs that are read on the spot: fewer than it pays to ask a process for."""
_FEW_STEPS = 256
"""Rounds through the index after which a search is done apart, whatever it finds."""


def located_log_json(located: LocatedLog) -> orjson.Fragment:
    """A log as answers carry it."""
    return log_json(
        located.log,
        located.block_number,
        located.block_hash,
        located.block_timestamp,
        located.transaction_hash,
        located.transaction_index,
        located.log_index,
    )


def _height(context: Context, reference: BlockReference | None, default: int) -> int:
    """The height a filter ends at; numbers beyond the head stand for themselves."""
    if reference is None:
        return default
    if reference.number is not None:
        return reference.number
    number = find_number(context, reference)
    return default if number is None else number


def _bound(context: Context, reference: BlockReference | None) -> float:
    """A bound of a range: infinite for the newest block, which is later than any number that a caller writes."""
    if reference is None or reference == LATEST:
        return inf
    return _height(context, reference, 0)


def _check_shape(context: Context, query: LogQuery) -> None:
    """Refuse more alternatives than a filter may have."""
    most = max([len(query.addresses), *(len(position or ()) for position in query.topics)])
    if most > context.limits.log_topics:
        raise ServerRefusalError(f"{most} alternatives in one filter, at most {context.limits.log_topics} are taken")


def _range(context: Context, query: LogQuery) -> tuple[int, int]:
    """First and last height of a query, in order and within chain and limits; last < first where it holds nothing."""
    if query.block_hash is not None:
        number = context.node.number_of(query.block_hash)
        if number is None:
            raise ServerRefusalError("unknown block")
        return number, number
    head = context.node.head.number
    if query.first is not None and query.last is not None and query.first.number and query.last.number:
        _check_order(query.first.number <= query.last.number)
    lower, upper = _bound(context, query.first), _bound(context, query.last)
    if lower > upper:
        return 0, -1
    first, last = (int(head if bound == inf else bound) for bound in (lower, upper))
    _check_order(first <= last <= head)
    _check_width(context, first, last)
    return first, last


def _check_width(context: Context, first: int, last: int) -> None:
    if last - first >= context.limits.log_blocks:
        raise ResourceLimitError(
            f"range of {last - first + 1} blocks, at most {context.limits.log_blocks} are searched at once"
        )


def _check_order(is_in_order: bool) -> None:
    if not is_in_order:
        raise ServerRefusalError("invalid block range params")


def _too_many(most: int, first: int, overflowing: int) -> ResourceLimitError:
    return ResourceLimitError(
        f"query returned more than {most} results: narrow the range, blocks {first} to {overflowing - 1} fit"
    )


def _search(context: Context, query: LogQuery, first: int, last: int, most: int) -> tuple[bytes, int | None]:
    """The logs of a range as a JSON array; where they are more than `most`, the block in which they become too many.

    Few are read at once, many in a process apart, so that no block waits for them.
    """
    if first > last:
        return b"[]", None
    try:
        found = context.node.logs(first, last, query.addresses, query.topics, limit=_FEW, steps=_FEW_STEPS)
    except LongWalkError:
        found = None
    if found is not None and len(found) <= min(_FEW, most):
        return _written(found), None
    return context.node.render(
        _rendered_logs, context.limits.log_seconds, first, last, query.addresses, query.topics, most
    )


def _rendered_logs(
    calls: Calls,
    first: int,
    last: int,
    addresses: Sequence[bytes],
    topics: Sequence[Sequence[bytes] | None],
    most: int,
) -> tuple[bytes, int | None]:
    """The same, where many are read."""
    found = calls.chain.logs(first, last, addresses, topics, limit=most)
    return (b"[]", found[most].block_number) if len(found) > most else (_written(found), None)


def _written(logs: Sequence[LocatedLog]) -> bytes:
    return orjson.dumps([located_log_json(located) for located in logs])


@eth.method("getLogs", required(read_log_query))
def get_logs(context: Context, query: LogQuery) -> orjson.Fragment:
    """Logs of a block range or of one block; up to `pending` also those that the block to come would have."""
    _check_shape(context, query)
    if query.last is not None and query.last.is_pending:
        return _with_pending(context, query)
    if query.first is not None and query.first.is_pending:
        raise ServerRefusalError("invalid block range params")
    return _committed(context, query)


def _committed(context: Context, query: LogQuery) -> orjson.Fragment:
    return orjson.Fragment(_all_of(context, query, *_range(context, query)))


def _all_of(context: Context, query: LogQuery, first: int, last: int) -> bytes:
    """The logs of a range, or a refusal where they are too many."""
    most = context.limits.log_results
    rendered, overflowing = _search(context, query, first, last, most)
    if overflowing is not None:
        raise _too_many(most, first, overflowing)
    return rendered


def _with_pending(context: Context, query: LogQuery) -> orjson.Fragment:
    """Logs up to the head that the block to come stands on, and that block's, whose hash is not known."""
    pending = pending_block(context)
    header = pending.block.header
    is_alone = query.first is not None and query.first.is_pending
    first = header.number if is_alone else _height(context, query.first, header.number - 1)
    _check_order(first <= header.number)
    _check_width(context, first, header.number)
    committed = _all_of(context, query, first, header.number - 1)
    coming = []
    position = 0
    for index, receipt in enumerate(pending.receipts):
        digest = pending.block.transactions[index].hash
        for log in receipt.logs:
            if matches(log, query.addresses, query.topics):
                coming.append(log_json(log, header.number, None, header.timestamp, digest, index, position))
            position += 1
    arrays = (committed, orjson.dumps(coming))
    return orjson.Fragment(b"[" + b",".join(array[1:-1] for array in arrays if array != b"[]") + b"]")


@eth.method("newFilter", required(read_log_query))
def new_filter(context: Context, query: LogQuery) -> str:
    """Install a filter on logs of blocks to come."""
    _check_shape(context, query)
    _check_filter(query)
    return context.filters.install(context.node.head.number + 1, query)


def _check_filter(query: LogQuery) -> None:
    """A filter looks ahead: from a number on, or at what is new; not at an end in the past."""
    first = LATEST if query.first is None else query.first
    last = LATEST if query.last is None else query.last
    start = 0 if first.tag == "earliest" else first.number
    if last.number is None:
        _check_order(last.tag in ("latest", "pending") and (start is not None or first.tag in ("latest", "pending")))
    else:
        _check_order(start is not None and start <= last.number)


@eth.method("newBlockFilter")
def new_block_filter(context: Context) -> str:
    """Install a filter on blocks."""
    return context.filters.install(context.node.head.number + 1)


@eth.method("newPendingTransactionFilter", optional(read_boolean, False))
def new_pending_transaction_filter(context: Context, full: bool) -> str:
    """Install a filter on transactions that become pending: their hashes, or with `full` the transactions."""
    return context.filters.install(0, pool=context.node.pool, full=full)


@eth.method("uninstallFilter", required(read_text))
def uninstall_filter(context: Context, identity: str) -> bool:
    """Remove a filter; false where there is none with that id."""
    return context.filters.remove(identity)


def _new_logs(context: Context, query: LogQuery, installed: Filter, head: int) -> orjson.Fragment:
    """Logs since the last poll, within the filter's own range; as many whole blocks as one answer may hold, the next
    poll goes on from there."""
    first = max(installed.next_block, _height(context, query.first, 0) if query.first != LATEST else 0)
    bounded = query.last is not None and query.last.number is not None
    last = min(head, _height(context, query.last, head)) if bounded else head
    rendered, overflowing = _search(context, query, first, last, context.limits.log_results)
    reached = head
    if overflowing is not None:
        reached = overflowing - 1
        rendered, _ = _search(context, query, first, reached, sys.maxsize)
        if rendered == b"[]":
            reached = overflowing
            rendered, _ = _search(context, query, first, reached, sys.maxsize)
    installed.next_block = reached + 1
    return orjson.Fragment(rendered)


@eth.method("getFilterChanges", required(read_text))
def get_filter_changes(context: Context, identity: str) -> list[object] | orjson.Fragment:
    """What came since the last poll: logs, block hashes or transactions."""
    installed = context.filters.get(identity)
    if installed.pending is not None:
        with installed.polling:
            taken, installed.told = installed.pending.since(installed.told)
        return [pending_transaction_json(item) if installed.full else data(item.hash) for item in taken]
    with installed.polling:
        head = context.node.head.number
        if head < installed.next_block - 1:
            installed.next_block = head + 1  # a development chain was reverted
        if installed.query is not None:
            return _new_logs(context, installed.query, installed, head)
        found = (context.node.header(number) for number in range(installed.next_block, head + 1))
        changes: list[object] = [data(header.hash) for header in found if header is not None]
        installed.next_block = head + 1
    return changes


@eth.method("getFilterLogs", required(read_text))
def get_filter_logs(context: Context, identity: str) -> orjson.Fragment:
    """All logs that a log filter matches, polled before or not."""
    installed = context.filters.get(identity)
    if installed.query is None:
        raise ServerRefusalError("filter not found")
    _check_shape(context, installed.query)
    return _committed(context, installed.query)
