"""A run that was not finished: how far it is, and what to do, for whoever finds its folder after a crash."""

from testamur.batch.journal import Journal, JournalError, Stage

__all__ = ["InterruptedRunError"]


class InterruptedRunError(JournalError):
    """A run was killed, or failed, before its files were written and verified."""

    def __init__(self, journal: Journal) -> None:
        folder, rows, batches = journal.path.parent, journal.row_count(), journal.batches()
        anchored = sum(batch.stage is Stage.FINAL for batch in batches)
        is_sent = anchored or any(batch.stage is Stage.SENT for batch in batches)
        if anchored == len(batches):
            message = (
                f"the run in {folder} was interrupted: all its {rows} credentials stand on the chain, "
                "and not all its files are written"
            )
        elif is_sent:
            message = (
                f"the run in {folder} was interrupted while it was sent: {anchored} of its {len(batches)} batches "
                "are known to stand on the chain"
            )
        elif all(batch.stage is Stage.SIGNED for batch in batches):
            message = f"the run in {folder} was interrupted: its {rows} rows are signed, and nothing was sent"
        else:
            message = f"the run in {folder} was interrupted before its {rows} rows were signed"
        super().__init__(
            message, "say the same `issue` with --resume: what stands is kept, and no credential is issued twice"
        )
