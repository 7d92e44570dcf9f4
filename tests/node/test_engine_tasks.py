"""Work handed to the engine's thread, and log lines that strangers cause: nothing is lost, nothing grows."""

import logging
from concurrent.futures import Future

import pytest
from testamur_node.engine.solo import EngineStoppedError
from testamur_node.engine.task import Tasks
from testamur_node.errors import NodeError
from testamur_node.operations.logs import Sparse


def failing(error: BaseException) -> object:
    raise error


def test_those_behind_a_failing_task_are_answered_all_the_same() -> None:
    tasks = Tasks()
    refused, broken, behind = (
        tasks.add(lambda: failing(NodeError("no"))), tasks.add(lambda: failing(ZeroDivisionError())),
        tasks.add(lambda: 7),
    )  # fmt: skip
    tasks.do_next()
    assert isinstance(refused.exception(0), NodeError)
    with pytest.raises(ZeroDivisionError):
        tasks.do_next()
    assert isinstance(broken.exception(0), ZeroDivisionError)
    assert len(tasks) == 1
    tasks.refuse_all(EngineStoppedError("the engine has halted"))
    assert isinstance(behind.exception(0), EngineStoppedError)


def test_tasks_are_done_in_order() -> None:
    tasks = Tasks()
    futures: list[Future[object]] = [tasks.add(lambda number=number: number) for number in range(5)]  # type: ignore[misc]
    while tasks:
        tasks.do_next()
    assert [future.result(0) for future in futures] == list(range(5))


def test_a_flood_of_warnings_from_one_place_becomes_twenty_a_minute_and_a_count() -> None:
    now, written = [0.0], []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append((record.getMessage(), getattr(record, "left_out", None)))

    log = logging.Logger("flood")
    handler = Kept()
    sparse = Sparse(lambda: now[0])
    handler.addFilter(sparse)
    log.addHandler(handler)
    for number in range(10_000):
        if number == 9_000:
            now[0] = 61.0
        log.warning("refused %d", number)
        if number < 50:
            log.info("block %d", number)
    refused = [(words, left_out) for words, left_out in written if words.startswith("refused")]
    assert refused == [(f"refused {number}", 0) for number in range(20)] + [("refused 9000", 8980)] + [
        (f"refused {number}", 0) for number in range(9001, 9020)
    ]
    assert len(written) - len(refused) == 50, "what strangers do not cause is whole"
    log.error("another place")
    assert written[-1] == ("another place", 0)
    assert len(sparse._places) == 2
