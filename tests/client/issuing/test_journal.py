"""The journal: a stage is on disk whole or not at all, one run at a time, and what it holds stays private."""

import os
import resource
import signal
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from testamur.batch.interruption import InterruptedRunError
from testamur.batch.journal import (
    BatchRecord,
    DeliveryRecord,
    Journal,
    JournalError,
    PreparedRow,
    RejectedRow,
    RunFacts,
    SignedRow,
    Stage,
)
from testamur.language import language

FACTS = RunFacts(20260, b"\x01" * 32, 1, b"\x02" * 32, b"\x03" * 32, 1_700_000_000)
BATCHES = [BatchRecord(0, Stage.PREPARED, 1, 2), BatchRecord(1, Stage.PREPARED, 2, 1)]
ROWS = [PreparedRow(0, "R1", 2, 0), PreparedRow(1, "R2", 3, 1), PreparedRow(2, "R3", 5, 0)]
REJECTED = [RejectedRow(4, "姓名", "empty")]


def create(folder: Path) -> Journal:
    return Journal.create(folder, FACTS, BATCHES, ROWS, REJECTED)


def signed(position: int, batch: int, leaf_index: int) -> SignedRow:
    return SignedRow(position, batch, 70 + position, leaf_index, b"h" * 32, b"s", b"o", b"h", b"k", b"b", b"{}")


def sign_all(journal: Journal) -> None:
    with journal.signing() as signing:
        signing.add([signed(0, 0, 1), signed(2, 0, 0)])
        signing.finish(BatchRecord(0, Stage.SIGNED, 1, 2, b"c", b"r", 5, 17, 100, b"i", b"root"))
        signing.add([signed(1, 1, 0)])
        signing.finish(BatchRecord(1, Stage.SIGNED, 2, 1, b"c", b"r", 5, 17, 102, b"j", b"toor"))


def in_child(work: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return os.waitpid(child, 0)[1]


def test_what_was_prepared_is_read_again(tmp_path: Path) -> None:
    create(tmp_path).close()
    journal = Journal.open(tmp_path)
    assert journal is not None
    assert (journal.facts(), journal.batches(), journal.rejected()) == (FACTS, BATCHES, REJECTED)
    assert (journal.rows(0), journal.rows(1), journal.row_count()) == ([ROWS[0], ROWS[2]], [ROWS[1]], 3)
    assert not journal.is_done()
    journal.store_done()
    assert journal.is_done()
    journal.close()


def test_signed_rows_come_back_in_roster_order_and_leaves_in_theirs(tmp_path: Path) -> None:
    journal = create(tmp_path)
    sign_all(journal)
    assert [(row_id, row.position) for row_id, row in journal.signed()] == [("R1", 0), ("R2", 1), ("R3", 2)]
    assert len(journal.leaf_hashes(0)) == 2
    assert journal.places() == {}, "nothing is anchored yet"
    journal.store_batches([BatchRecord(0, Stage.FINAL, 1, 2, b"c", b"r", 5, 17, 100, b"i", b"root", 9, b"t")])
    assert journal.places() == {"R1": (5, 70), "R3": (5, 72)}
    journal.close()


def test_an_interrupted_run_tells_how_far_it_is(tmp_path: Path) -> None:
    journal = create(tmp_path)
    assert "before its 3 rows were signed" in InterruptedRunError(journal).message
    sign_all(journal)
    assert "its 3 rows are signed, and nothing was sent" in InterruptedRunError(journal).message
    first = BatchRecord(0, Stage.SENT, 1, 2, b"c", b"r", 5, 17, 100, b"i", b"root", 0, b"t")
    journal.store_batches([first])
    assert "while it was sent: 0 of its 2 batches" in InterruptedRunError(journal).message
    journal.store_batches([replace(first, stage=Stage.FINAL, block=9)])
    assert "while it was sent: 1 of its 2 batches" in InterruptedRunError(journal).message
    second = BatchRecord(1, Stage.FINAL, 2, 1, b"c", b"r", 5, 17, 102, b"j", b"toor", 9, b"t")
    journal.store_batches([second])
    told = InterruptedRunError(journal)
    assert "all its 3 credentials stand on the chain" in told.message
    assert ("--resume" in str(told.advice), told.exit_code) == (True, 2)
    assert "均已在链上" in language("zh").told(told.message)
    journal.close()


def test_a_journal_of_the_version_before_is_taken_on(tmp_path: Path) -> None:
    create(tmp_path).close()
    database = sqlite3.connect(tmp_path / "journal.db")
    for statement in ("DROP TABLE deliveries", "DROP TABLE inputs", "ALTER TABLE run DROP COLUMN name"):
        database.execute(statement)
    database.execute("UPDATE run SET version = 1")
    database.commit()
    database.close()
    journal = Journal.open(tmp_path)
    assert journal is not None
    assert (journal.facts(), len(journal.name), journal.deliveries(), journal.inputs()) == (FACTS, 16, [], {})
    name = journal.name
    journal.close()
    again = Journal.open(tmp_path)
    assert again is not None
    assert again.name == name
    again.close()


def test_a_delivery_is_remembered_with_the_blanking_of_its_secret(tmp_path: Path) -> None:
    journal = create(tmp_path)
    sign_all(journal)
    delivered = DeliveryRecord(0, "/out", True, "00", True, 7)
    journal.store_deliveries([delivered, replace(delivered, position=1, has_secret=False)])
    assert [item.position for item in journal.deliveries()] == [0, 1]
    assert [row.one_time_key for _, row in journal.signed()] == [b"", b"k", b"k"]
    journal.erase(["R1"])
    assert [item.position for item in journal.deliveries()] == [1]
    journal.close()


def test_a_batch_prepared_anew_forgets_its_signatures_and_no_others(tmp_path: Path) -> None:
    journal = create(tmp_path)
    sign_all(journal)
    journal.store_batches([BATCHES[0]])
    assert [row_id for row_id, _ in journal.signed()] == ["R2"]
    journal.close()


def test_a_signing_that_fails_or_is_killed_never_happened(tmp_path: Path) -> None:
    journal = create(tmp_path)

    def rows() -> Iterator[SignedRow]:
        yield signed(0, 0, 0)
        raise RuntimeError("no key")

    with pytest.raises(RuntimeError), journal.signing() as signing:
        signing.add(rows())
    assert list(journal.signed()) == []
    journal.close()

    def killed() -> None:
        inner = Journal.open(tmp_path)
        assert inner is not None
        with inner.signing() as signing:
            signing.add([signed(0, 0, 0), signed(2, 0, 1)])
            os.kill(os.getpid(), signal.SIGKILL)

    assert os.WTERMSIG(in_child(killed)) == signal.SIGKILL
    reopened = Journal.open(tmp_path)
    assert reopened is not None
    assert list(reopened.signed()) == []
    assert [batch.stage for batch in reopened.batches()] == [Stage.PREPARED] * 2
    reopened.close()


def test_a_folder_without_a_run_has_no_journal(tmp_path: Path) -> None:
    assert Journal.open(tmp_path) is None

    def killed_before_the_first_commit() -> None:
        def rows() -> object:
            yield ROWS[0]
            os.kill(os.getpid(), signal.SIGKILL)

        Journal.create(tmp_path, FACTS, BATCHES, rows(), REJECTED)  # type: ignore[arg-type]

    assert os.WTERMSIG(in_child(killed_before_the_first_commit)) == signal.SIGKILL
    assert (tmp_path / "journal.db").exists()
    assert Journal.open(tmp_path) is None
    create(tmp_path).close()


def test_a_second_run_in_the_folder_is_kept_out_until_the_first_ends_however_it_ends(tmp_path: Path) -> None:
    journal = create(tmp_path)
    with pytest.raises(JournalError, match="locked") as caught:
        Journal.open(tmp_path)
    assert "another run works in this folder" in str(caught.value.advice)
    journal.close()
    held, release = os.pipe()

    def hold() -> None:
        assert Journal.open(tmp_path) is not None
        os.write(release, b"!")
        signal.pause()

    child = os.fork()
    if child == 0:
        hold()
    os.read(held, 1)
    with pytest.raises(JournalError, match="locked"):
        Journal.open(tmp_path)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(held)
    os.close(release)
    reopened = Journal.open(tmp_path)
    assert reopened is not None
    reopened.close()


def test_a_second_journal_is_never_written_over_the_first(tmp_path: Path) -> None:
    create(tmp_path).close()
    with pytest.raises(JournalError, match="holds the journal of a run"):
        create(tmp_path)


def test_the_journal_is_private(tmp_path: Path) -> None:
    create(tmp_path).close()
    assert stat.S_IMODE((tmp_path / "journal.db").stat().st_mode) == 0o600


def test_a_damaged_or_newer_journal_is_refused(tmp_path: Path) -> None:
    create(tmp_path).close()
    database = sqlite3.connect(tmp_path / "journal.db")
    database.execute("UPDATE run SET version = 9")
    database.commit()
    database.close()
    with pytest.raises(JournalError, match="version 9"):
        Journal.open(tmp_path)
    (tmp_path / "journal.db").write_bytes(b"something else entirely " * 100)
    with pytest.raises(JournalError, match="not a database"):
        Journal.open(tmp_path)


def test_a_full_disk_is_told_and_leaves_the_stage_before(tmp_path: Path) -> None:
    """RLIMIT_FSIZE makes the file system refuse what a full one refuses, in a child of its own."""
    create(tmp_path).close()

    def fill() -> None:
        journal = Journal.open(tmp_path)
        assert journal is not None
        size = (tmp_path / "journal.db").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, size + 20_000))
        big = SignedRow(0, 0, 70, 0, b"h", b"s", b"o", b"h", b"k", b"b", b"x" * 200_000)
        try:
            with journal.signing() as signing:
                signing.add([big])
        except JournalError:
            os._exit(42)

    assert os.WEXITSTATUS(in_child(fill)) == 42
    journal = Journal.open(tmp_path)
    assert journal is not None
    assert list(journal.signed()) == []
    journal.close()
