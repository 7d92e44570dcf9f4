"""`testamur revoke`, `suspend`, `reinstate`: take credentials out of force, and back; `status show` says what holds."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from testamur.cli.command import command, noun
from testamur.cli.failure import UsageError
from testamur.cli.session import Session

if TYPE_CHECKING:
    from testamur.status import Target

__all__ = ["ReasonCode", "app", "reason_code", "register"]

_SHOWN = 50
_RESULTS = {"changed": "changed", "already": "was so before", "refused": "refused"}
"""What became of a credential, in words."""

app = noun("Status lists: what they hold.", "testamur status show li-hua.json")

Files = Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="Bundles, or a .jsonl of bundles.")]
Rows = Annotated[list[str] | None, typer.Option("--row", metavar="ID", help="Row ids of a run (with --dir).")]
Folder = Annotated[Path, typer.Option("--dir", metavar="DIR", help="Folder that the run issued into.")]
ListNumber = Annotated[int | None, typer.Option("--list", metavar="L", help="Number of a status list.")]
Indexes = Annotated[list[int] | None, typer.Option("--index", metavar="I", help="Index in that list.")]
Yes = Annotated[bool, typer.Option("--yes", help="Revoke without asking: it is for good.")]
ReasonCode = Annotated[
    str,
    typer.Option(
        "--reason",
        metavar="CODE",
        help="0 unspecified, 1 issued_in_error, 2 conditions_not_met, 3 superseded. Public, and coarse on purpose.",
    ),
]


def register(root: typer.Typer) -> None:
    """Put the three verbs under the root."""
    examples = {
        "revoke": "testamur revoke li-hua.json --reason issued_in_error\n"
        "testamur revoke --row S000017 --row S000018 --dir batch --reason 1 --yes",
        "suspend": "testamur suspend li-hua.json --reason conditions_not_met",
        "reinstate": "testamur reinstate li-hua.json",
    }
    helps = {
        "revoke": "Take credentials out of force for good, once asked. Only a vote of the alliance can undo it.",
        "suspend": "Take credentials out of force until they are reinstated.",
        "reinstate": "Put suspended credentials into force again.",
    }
    for verb, text in helps.items():
        command(root, verb, example=examples[verb])(_verb(verb, text))


def _verb(verb: str, text: str) -> Callable[..., int | None]:
    def revoke(
        session: Session,
        files: Files = None,
        row: Rows = None,
        folder: Folder = Path(),
        list_number: ListNumber = None,
        index: Indexes = None,
        reason: ReasonCode = "0",
        yes: Yes = False,
    ) -> int:
        return _change(
            session, verb, files or [], row or [], folder, list_number, index or [], reason_code(reason), yes
        )

    def change(
        session: Session,
        files: Files = None,
        row: Rows = None,
        folder: Folder = Path(),
        list_number: ListNumber = None,
        index: Indexes = None,
        reason: ReasonCode = "0",
    ) -> int:
        return _change(session, verb, files or [], row or [], folder, list_number, index or [], reason_code(reason))

    chosen: Callable[..., int | None] = revoke if verb == "revoke" else change
    chosen.__doc__ = (
        f"{text}\n\nName them by their files, by row id, or by list and index. Running it again changes nothing."
    )
    return chosen


def _change(
    session: Session,
    verb: str,
    files: list[Path],
    rows: list[str],
    folder: Path,
    list_number: int | None,
    indexes: list[int],
    reason: int,
    is_agreed: bool = True,
) -> int:
    from testamur.issuer import Issuer
    from testamur.status import StatusChange

    if sum((bool(files), bool(rows), bool(indexes))) != 1 or bool(indexes) != (list_number is not None):
        raise UsageError("which credentials?", "name files, or --row ID with --dir, or --list L with --index I")
    with session.connection() as connection:
        issuer = Issuer(connection, session.institution(connection.profile))
        if files:
            targets = issuer.find(files)
        elif rows:
            targets = issuer.find_rows(folder, rows)
        else:
            assert list_number is not None
            targets = issuer.find_indexes(list_number, indexes, folder)
        if verb == "revoke":
            _show_whom(session, targets, is_asked=not is_agreed)
            if not is_agreed and not _agree(session, len(targets)):
                session.terminal.note("nothing was changed")
                return 2
        report = issuer.change(StatusChange(verb), targets, reason=reason)
    session.terminal.result(report.to_json())
    words = session.terminal.language
    session.terminal.table(
        ("credential", "list", "index", "result"),
        [
            (
                item.target.source,
                item.target.list,
                item.target.index,
                words.said(_RESULTS[item.result])
                + (f"{words.text('cli.colon')}{words.told(item.reason)}" if item.reason else ""),
            )
            for item in report.outcomes
        ],
    )
    if report.block is not None:
        session.terminal.say("recorded in block {block}", block=report.block)
    return report.exit_code


def _show_whom(session: Session, targets: "Sequence[Target]", *, is_asked: bool) -> None:
    """Whose credentials will leave force, the first of many; where somebody is asked, on the terminal that asks."""
    is_elsewhere = session.terminal.as_json or not sys.stdout.isatty()
    beside = is_asked and is_elsewhere and sys.stdin.isatty() and sys.stderr.isatty()
    rows = [
        (
            target.subject.name,
            target.subject.certificate,
            target.subject.level,
            target.subject.achievement,
            target.source,
        )
        if target.subject is not None
        else (None, None, None, None, target.source)
        for target in targets[:_SHOWN]
    ]
    session.terminal.table(("learner", "certificate", "level", "achievement", "credential"), rows, beside=beside)
    if len(targets) > _SHOWN:
        (session.terminal.note if beside else session.terminal.say)("and {count} more", count=len(targets) - _SHOWN)


def _agree(session: Session, count: int) -> bool:
    """Whether the person at the terminal says yes; UsageError where there is nobody to ask."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("revoking is for good, and there is nobody here to ask", "look at the list, then say --yes")
    session.terminal.note("Revoke these {count} credentials for good? Type yes to do it:", count=count)
    return sys.stdin.readline().strip().lower() in ("yes", "y", "是")


@command(app, "show", example="testamur status show --list 1 --index 94567\ntestamur status show li-hua.json")
def show(session: Session, files: Files = None, list_number: ListNumber = None, index: Indexes = None) -> None:
    """Show what a status list holds for credentials, since when and why, as the node reports it."""
    from testamur.batch.bundle import Bundle
    from testamur.chain.status_lists import registries_of
    from testamur.cli.sources import sources
    from testamur.language.verdict import moment
    from testamur.status import Target
    from testamur.verification.changes import read_changes
    from testamur.voids import recorded_batch, void_facts, void_status

    words = session.terminal.language
    batches: dict[str, bytes] = {}
    targets = [Target(list_number or 0, item, f"list {list_number} index {item}") for item in index or []]
    for source in sources([str(path) for path in files or []]):
        if source.data is None:
            raise UsageError(f"{source.name}: {source.problem}")
        bundle = Bundle.parse(source.data)
        inclusion, batches[source.name] = bundle.inclusion, bundle.anchor.batch_id
        targets.append(Target(inclusion.list, inclusion.status_index, source.name))
    if not targets or (index and list_number is None):
        raise UsageError("which credentials?", "name files, or --list L with --index I")
    rows = []
    with session.connection() as connection:
        registries = registries_of(connection.suite, (target.list for target in targets))
        for target in targets:
            registry = registries[target.list]
            status = registry.read("statusOf", target.list, target.index)
            word = "revoked" if status["revoked"] else "suspended" if status["suspended"] else "active"
            event, told = None, dict[str, Any]()
            batch = recorded_batch(connection, batches.get(target.source, b""), target.source)
            whole = void_status(connection, batch) if batch is not None else "active"
            if batch is not None and whole != "active" and word != "revoked" and whole != word:
                word, told = whole, void_facts(connection, batch)
            elif word != "active":
                head = connection.rpc.block_number()
                changes = read_changes(connection.rpc, head, registry.address, target.list, word.capitalize())
                event = changes.of(target.index) if changes is not None else None
            told = event.facts() if event is not None else told
            session.terminal.result(
                {"input": target.source, "list": target.list, "index": target.index, "status": word, **told}
            )
            since = moment(told["since"], words) if told else None
            why = words.find(f"reason.{told['reason']}") or told["reason"] if told else None
            rows.append((target.source, target.list, target.index, word, since, why))
    session.terminal.table(("credential", "list", "index", "status", "since", "reason"), rows)


def reason_code(text: str) -> int:
    """A reason by its name or number; UsageError for any other."""
    from testamur.status import Reason

    names = {reason.name.lower(): reason.value for reason in Reason}
    if text in names:
        return names[text]
    if text.isascii() and text.isdigit() and int(text) in names.values():
        return int(text)
    raise UsageError(
        f"there is no reason {text}", "one of " + ", ".join(f"{code} {name}" for name, code in names.items())
    )
