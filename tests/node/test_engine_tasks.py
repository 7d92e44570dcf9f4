"""Work handed to the engine's thread, and log lines that strangers cause: nothing is lost, nothing grows."""

import logging
from concurrent.futures import Future

import pytest
from testamur_node.engine.solo import EngineStoppedError
from testamur_node.engine.task import Tasks
from testamur_node.errors import NodeError
from testamur_node.sparse_log import SparseLog


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


def test_a_flood_of_lines_becomes_twenty_a_minute_and_a_count(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    log = SparseLog(logging.getLogger("flood"), "refusals", clock=lambda: now[0])
    with caplog.at_level(logging.WARNING):
        for number in range(10_000):
            log.say("refused %d", number)
        assert [record.getMessage() for record in caplog.records] == [f"refused {number}" for number in range(20)]
        now[0] = 61.0
        log.say("refused %d", 10_000)
    assert [record.getMessage() for record in caplog.records][20:] == [
        "9980 more refusals were not logged", "refused 10000",
    ]  # fmt: skip
