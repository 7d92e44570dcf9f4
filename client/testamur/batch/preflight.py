"""Whether a run can be finished, asked before anything is signed: the doctor's checks that issuing depends on.

What would fail after anchoring must fail here: labels that the registry does not have, a key that is not registered, a
full disk. A credential that was anchored wrongly cannot be taken back, only revoked.
"""

from collections.abc import Sequence
from pathlib import Path

from testamur.chain.connection import Connection
from testamur.credential.template import Template
from testamur.doctor import Finding, check_disk, check_issuer, check_role, check_signing_key
from testamur.errors import TestamurError
from testamur.profile import Institution
from testamur.proof.hashing import keccak256

__all__ = ["NotReadyError", "bytes_needed", "require_ready"]

_BYTES_PER_ROW = 9_000
"""Bundle, journal and the copy being written, for a credential of usual size."""


class NotReadyError(TestamurError):
    """The run would fail later; nothing was signed."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        first = findings[0]
        more = len(findings) - 1
        super().__init__(f"{first.message} (and {more} more)" if more else first.message, first.advice)
        self.findings = tuple(findings)
        self.exit_code = first.exit_code or 2


def require_ready(
    connection: Connection,
    institution: Institution,
    template: Template,
    folder: Path,
    rows: int,
    per_file: bool,
    now: float,
) -> None:
    """Raise what stands in the way of issuing `rows` rows of `template` into `folder`."""
    findings = [
        check_disk(folder, bytes_needed(rows, per_file)),
        *check_issuer(connection, institution, now),
        *check_role(connection, institution, "issue"),
        *check_signing_key(connection, institution, now),
        *_check_did(connection, institution, now),
        *_check_labels(connection, template, now),
    ]
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise NotReadyError(errors)


def bytes_needed(rows: int, per_file: bool) -> int:
    """Room on disk for a run, generously."""
    return rows * (_BYTES_PER_ROW + (8_192 if per_file else 0)) + 1_000_000


def _check_did(connection: Connection, institution: Institution, now: float) -> list[Finding]:
    record = connection.contract("Keys").read("did", keccak256(institution.did.encode()))
    if record["institution"] == institution.number and not 0 < record["until"] <= now:
        return []
    if record["institution"] == institution.number:
        message = f"{institution.did} is no longer a DID of institution {institution.number}"
    else:
        message = f"{institution.did} is not registered as a DID of institution {institution.number}"
    facts = {"did": institution.did, "institution": institution.number}
    return [Finding("did_unknown", "error", message, "correct did in testamur.toml", facts, 6)]


def _check_labels(connection: Connection, template: Template, now: float) -> list[Finding]:
    """`labels_differ`, `type_not_in_force`: whether each level says what the registry says (verdict check 5)."""
    frameworks = connection.contract("QualificationFrameworks")
    found: list[Finding] = []
    for level in template.levels:
        kind = frameworks.read("qualificationType", level.framework, level.type)
        held = {
            "frameworkName": (level.labels.framework, frameworks.read("framework", level.framework)["nameHash"]),
            "code": (level.labels.code, frameworks.read("level", level.framework, level.rank)["codeHash"]),
            "typeName": (level.labels.name, kind["nameHash"]),
        }
        for key, (text, expected) in held.items():
            if keccak256(text.encode()) != expected:
                message = f"level {level.key} of the template: {key} {text!r} is not what the registry holds"
                advice = "copy the text from `testamur framework show`, or correct framework, type and rank"
                facts = {"level": level.key, "key": key, "text": text}
                found.append(Finding("labels_differ", "error", message, advice, facts, 2))
        numbers = {"framework": level.framework, "type": level.type, "rank": level.rank}
        if not kind["lowestRank"] <= level.rank <= kind["highestRank"]:
            message = f"type {level.type} of framework {level.framework} does not exist at rank {level.rank}"
            found.append(Finding("labels_differ", "error", message, "correct type or rank", numbers, 2))
        if kind["from"] > now or 0 < kind["to"] <= now:
            message = f"type {level.type} of framework {level.framework} is not in force now"
            found.append(Finding("type_not_in_force", "error", message, "use a type that is in force", numbers, 6))
    return found
