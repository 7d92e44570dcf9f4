"""`testamur deliver`, `extract`, `forget`, `supersede`, `reconcile`: what is done with the rows of a finished run."""

from pathlib import Path
from typing import Annotated

import typer

from testamur.cli.command import command
from testamur.cli.failure import UsageError
from testamur.cli.session import Session
from testamur.cli.verify import PolicyPath

__all__ = ["register"]

Run = Annotated[Path, typer.Argument(metavar="DIR", help="Folder that the run issued into.")]
Rows = Annotated[list[str] | None, typer.Option("--row", metavar="ID", help="Row ids; repeat for several.")]
FromRun = Annotated[Path, typer.Option("--dir", metavar="DIR", help="Folder that the run issued into.")]


def register(app: typer.Typer) -> None:
    """Put the commands under the root."""
    command(
        app,
        "supersede",
        example="testamur supersede corrected.csv --dir batch --template template.json --out corrected",
    )(supersede)
    command(
        app,
        "deliver",
        example="testamur deliver batch --out handed-out --zip\ntestamur deliver batch --row S000017 --out x",
    )(deliver)
    command(app, "extract", asks_node=False, example="testamur extract S000017 --dir batch --out li-hua.json")(extract)
    command(app, "forget", asks_node=False, example="testamur forget --row S000017 --dir batch --yes")(forget)
    command(app, "reconcile", example="testamur reconcile batch")(reconcile)


def supersede(
    session: Session,
    roster: Annotated[Path, typer.Argument(metavar="CORRECTED.csv", help="Only the corrected rows, with their ids.")],
    folder: FromRun,
    template: Annotated[Path, typer.Option("--template", metavar="T.json", help="Shape of the credentials.")],
    out: Annotated[Path, typer.Option("--out", metavar="NEW", help="Folder of the new run.")],
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run in NEW.")] = False,
    per_file: Annotated[bool, typer.Option("--per-file", help="Also write NEW/bundles/<row id>.json.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Correct rows that were corrected or revoked before.")] = False,
    policy_path: PolicyPath = None,
) -> int:
    """Mend mistakes such as a misspelt name: issue corrected rows, then revoke the old credentials as superseded."""
    from testamur.batch.supersession import supersede as mend
    from testamur.cli.issue import show_rejected
    from testamur.cli.progress import ProgressLine
    from testamur.issuer import Issuer
    from testamur.verification.policy import Policy

    policy = Policy.load(session.policy_file(policy_path))
    with session.connection() as connection:
        issuer = Issuer(connection, session.institution(connection.profile), policy)
        progress = ProgressLine(session.terminal.language)
        try:
            done = mend(
                issuer,
                folder,
                roster,
                template,
                out,
                is_resumed=resume,
                per_file=per_file,
                is_again=again,
                progress=progress,
            )
        finally:
            progress.end()
    terminal = session.terminal
    terminal.result(done.to_json())
    show_rejected(session, done.issued.rejected)
    if done.revoked is None:
        terminal.say("nothing was signed, nothing was revoked")
    else:
        terminal.say("{issued} credentials issued anew: {out}", issued=done.issued.issued, out=out / "bundles.jsonl")
        terminal.say("{count} old ones revoked as superseded", count=len(done.revoked.outcomes))
    return done.exit_code


def deliver(
    session: Session,
    folder: Run,
    out: Annotated[Path, typer.Option("--out", metavar="OUT", help="Folder for the learners' files (mode 0700).")],
    row: Rows = None,
    as_zip: Annotated[bool, typer.Option("--zip", help="One zip per learner instead of a folder.")] = False,
    revoked: Annotated[bool, typer.Option("--revoked", help="Hand out revoked credentials too.")] = False,
    page: Annotated[
        str | None, typer.Option("--page", metavar="URL", help="Verification page that the note names.")
    ] = None,
    policy_path: PolicyPath = None,
) -> int:
    """Write a package per learner: the bundle with evidence, the holder's secret and a note; and a list of them.

    The secrets are then blanked in DIR: only the learner has them. Nothing that was handed out is written again: a
    second run leaves what stands and completes what was interrupted. Revoked rows are left out and named; exit code 8
    where a row asked for has no package in OUT. OUT/delivered.csv says what went out.
    """
    from testamur.batch.delivery import PackageState
    from testamur.cli.progress import ProgressLine
    from testamur.issuer import Issuer
    from testamur.verification.policy import Policy

    terminal, policy = session.terminal, Policy.load(session.policy_file(policy_path))
    with session.connection() as connection:
        issuer = Issuer(connection, session.institution(connection.profile), policy)
        progress = ProgressLine(terminal.language)
        try:
            report = issuer.deliver(
                folder,
                out,
                row or [],
                is_zip=as_zip,
                with_revoked=revoked,
                page=page,
                progress=lambda done, total: progress("delivering", done, total),
            )
        finally:
            progress.end()
    for item in report.packages:
        terminal.result(item.to_json())
    written, standing = report.of(PackageState.DELIVERED), report.of(PackageState.STANDS)
    terminal.say(
        "{count} packages handed out into {out}, {secrets} with the holder's secret, which is blanked here now",
        count=len(written),
        out=out,
        secrets=sum(item.has_secret for item in written),
    )
    if standing:
        terminal.say("{count} stand there since an earlier run and were left as they are", count=len(standing))
    left = report.of(PackageState.REVOKED, PackageState.GONE, PackageState.OCCUPIED)
    if left:
        terminal.say("{count} rows have no package there:", count=len(left))
        terminal.table(("row", "reason"), [(item.row_id, terminal.language.told(str(item.reason))) for item in left])
    if report.of(PackageState.GONE):
        terminal.note("a bundle alone, without a secret, comes from `testamur extract`")
    terminal.say("what was handed out stands in {out}", out=out / "delivered.csv")
    return report.exit_code


def extract(
    session: Session,
    row: Annotated[str, typer.Argument(metavar="ROW", help="Row id.")],
    folder: FromRun,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="File; else ROW.json here.")] = None,
) -> None:
    """Write one row's bundle to a file."""
    from testamur.batch.rows import extract as take_out
    from testamur.files import write_private

    data = take_out(folder, row)
    path = out or Path(f"{row}.json")
    if path.exists():
        raise UsageError(f"{path} exists already", "choose another with --out")
    write_private(path, data)
    session.terminal.result({"row": row, "path": str(path), "bytes": len(data)})
    session.terminal.say("wrote {path}", path=path)


def forget(
    session: Session,
    folder: FromRun,
    row: Rows = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it only says what would be erased.")] = False,
) -> None:
    """Erase a learner's data from a run: bundle, salt, keys and row id. Status stays: a revoked credential stays so.

    The profile's register forgets the row's numbers too. Files that were handed out, the roster and backups
    are yours to erase.
    """
    from testamur.batch.issued import IssuedRegister
    from testamur.batch.rows import erase, extract

    if not row:
        raise UsageError("whose data?", "name rows with --row ID")
    if not yes:
        for row_id in row:
            extract(folder, row_id)  # complains of rows that are not there
        session.terminal.result({"erased": [], "wouldErase": row})
        session.terminal.say("would erase {count} rows for good; say --yes to do it", count=len(row))
        return
    erased = erase(folder, row, IssuedRegister.of(session.profile()) if session.has_profile() else None)
    session.terminal.result({"erased": [{"list": number, "index": index} for _, number, index in erased]})
    for row_id, number, index in erased:
        session.terminal.say(
            "{row_id} is erased; to revoke it later: --list {number} --index {index}",
            row_id=row_id,
            number=number,
            index=index,
        )


def reconcile(session: Session, folder: Run) -> int:
    """Compare a run's records with the chain, which is the truth: batches, and what became of each credential.

    Exit code 8 where a batch of the run is not recorded on the chain.
    """
    from testamur.batch.anchoring import Standing, batch_status, standing
    from testamur.batch.rows import open_finished
    from testamur.chain.status_lists import read_statuses

    counts = {"active": 0, "suspended": 0, "revoked": 0}
    missing, void = 0, dict[str, str]()
    journal = open_finished(folder)
    try:
        with session.connection() as connection:
            for batch in journal.batches():
                found = standing(connection, batch)
                missing += found not in (Standing.ANCHORED, Standing.VOID)
                if found is Standing.VOID:
                    word = batch_status(connection, batch)
                    void |= {row.row_id: word for row in journal.rows(batch.number)}
                session.terminal.say("batch 0x{batch_id}: {found}", batch_id=batch.batch_id.hex(), found=found.value)
            places = journal.places()
            statuses = read_statuses(connection.suite, list(places.values()))
    finally:
        journal.close()
    for (row_id, (number, index)), status in zip(places.items(), statuses, strict=True):
        is_revoked = status["revoked"] or void.get(row_id) == "revoked"
        word = "revoked" if is_revoked else "suspended" if status["suspended"] or row_id in void else "active"
        counts[word] += 1
        session.terminal.result({"row": row_id, "list": number, "index": index, "status": word})
        if word != "active":
            session.terminal.show(f"{row_id}: {word}")
    session.terminal.say(", ".join(f"{count} {word}" for word, count in counts.items()))
    return 8 if missing else 0
