"""A template made ready for one issuer, key, status list and level: rows become signed credentials by substitution.

Data flow: `Template` + `IssuingContext` -> `CompiledTemplate`; row + status index -> `CompiledTemplate.issue` ->
`IssuedCredential` -> `batch.leaf`. Everything that a batch's credentials share (constant N-Quads, hashes of constant
blank nodes, the proof options, the JCS text around the values) is computed once per set of filled columns; a row costs
one signature and a few joins (`docs/protocol.md 1`). What a row cannot be substituted into goes through pyoxigraph.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from testamur.batch.claims import Claims
from testamur.credential.canonical import CanonicalBytes, canonical_bytes, canonical_nquads
from testamur.credential.contexts import CONTEXT_URLS
from testamur.credential.multibase import base58_encode
from testamur.credential.nquads import Quads, UncompilableError
from testamur.credential.proof import options_hash, proof_options, rfc3339
from testamur.credential.shape import compile_shape, flatten, lexical_forms
from testamur.credential.strict import FORBIDDEN_CHARACTER
from testamur.credential.template import Level, Template
from testamur.credential.vocabulary import is_absolute_iri

__all__ = ["CompiledTemplate", "IssuedCredential", "IssuingContext", "LearnerRow", "compile_template"]


@dataclass(frozen=True, slots=True)
class IssuingContext:
    """Who issues a batch, and where its status will stand."""

    issuer_did: str
    issuer_name: str
    verification_method: str
    """`<issuer_did>#<multibase key>`."""
    status_list_url: str
    """`https://…/v1/status-lists/<list>`."""
    created: datetime
    """The time that every proof of the batch states."""


class LearnerRow(Protocol):
    """What a template reads of a row; `batch.roster.Row` is one."""

    @property
    def name(self) -> str: ...
    @property
    def valid_from(self) -> datetime: ...
    @property
    def valid_until(self) -> datetime | None: ...
    @property
    def credits_thousandths(self) -> int | None: ...
    @property
    def student_number(self) -> str | None: ...
    @property
    def certificate_number(self) -> str | None: ...
    @property
    def term(self) -> str | None: ...
    @property
    def start_date(self) -> Any: ...
    @property
    def end_date(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class IssuedCredential:
    """A signed credential."""

    canonical: CanonicalBytes
    """The credential with its proof, as JCS writes it: also the text that goes into the bundle."""
    claims: Claims


class CompiledTemplate:
    """See the module's text; made by `compile_template`."""

    __slots__ = ("_context", "_forms", "_level", "_options", "_proof", "_template")

    def __init__(self, template: Template, context: IssuingContext, level: Level) -> None:
        self._template = template
        self._context = context
        self._level = level
        self._proof = proof_options(rfc3339(context.created), context.verification_method)
        self._options = options_hash(self._proof["created"], context.verification_method)
        self._forms: dict[tuple[Any, ...], _Form] = {}

    def tree(self, row: LearnerRow, status_index: int, credential_id: str) -> dict[str, Any]:
        """The credential of a row without its proof: what `issue` signs, built plainly."""
        return _build(
            self._template, self._context, self._level, _values(row, status_index, credential_id, self._context)
        )

    def issue(
        self, row: LearnerRow, status_index: int, credential_id: str, sign: Callable[[bytes], bytes]
    ) -> IssuedCredential:
        """The signed credential of `row`.

        Raises ValueError for text that no credential may hold. `credential_id` is an IRI that nobody else uses
        (`urn:uuid:…`); `sign` gives the 64-byte Ed25519 signature of a message under the key that the context's
        verification method names.
        """
        if not is_absolute_iri(credential_id):
            raise ValueError(f"credential id {credential_id!r} is not an absolute IRI")
        values = _values(row, status_index, credential_id, self._context)
        key = tuple((name, type(value)) for name, value in values.items())
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = _compile_form(self._template, self._context, self._level, self._proof, values)
        signature = sign(self._options + hashlib.sha256(form.nquads(values)).digest())
        return IssuedCredential(
            canonical=form.canonical(values, "z" + base58_encode(signature)),
            claims=Claims(
                self._level.framework,
                self._level.type,
                self._level.rank,
                self._level.region,
                row.credits_thousandths or 0,
                int(row.valid_until.timestamp()) if row.valid_until else 0,
            ),
        )


def compile_template(template: Template, context: IssuingContext, level: Level) -> CompiledTemplate:
    """Make `template` ready for rows of `level`."""
    return CompiledTemplate(template, context, level)


@dataclass(frozen=True, slots=True)
class _Form:
    """Everything that rows with the same filled columns share."""

    build: Callable[[Mapping[str, Any]], dict[str, Any]]
    names: tuple[str, ...]
    """Values of a row in the order in which they stand in the tree."""
    numbers: tuple[int, ...]
    """Which of them are numbers."""
    quads: Quads | None
    """None where substitution might differ from canonicalisation."""
    text_names: tuple[str, ...]
    """Values in the order in which they stand in the JCS text, the signature among them."""
    text: str
    """The JCS text with `%s` for each value."""

    def nquads(self, values: Mapping[str, Any]) -> bytes:
        if self.quads is not None:
            rendered = self.quads.render(lexical_forms([values[name] for name in self.names], self.numbers))
            if rendered is not None:
                return rendered
        return canonical_nquads(self.build(values))

    def canonical(self, values: Mapping[str, Any], proof_value: str) -> CanonicalBytes:
        with_proof = {**values, _PROOF_VALUE: proof_value}
        return CanonicalBytes((self.text % tuple(_json(with_proof[name]) for name in self.text_names)).encode())


_PROOF_VALUE: Final = "proofValue"


def _values(row: LearnerRow, status_index: int, credential_id: str, context: IssuingContext) -> dict[str, Any]:
    """What differs between the rows of a batch; empty cells are left out."""
    index = str(status_index)
    values: dict[str, Any] = {
        "id": credential_id,
        "name": row.name,
        "valid_from": rfc3339(row.valid_from),
        "index": index,
        "revocation": f"{context.status_list_url}#revocation-{index}",
        "suspension": f"{context.status_list_url}#suspension-{index}",
    }
    if row.valid_until is not None:
        values["valid_until"] = rfc3339(row.valid_until)
    if row.credits_thousandths is not None:
        whole, rest = divmod(row.credits_thousandths, 1000)
        values["credits"] = row.credits_thousandths / 1000 if rest else whole
    for name in ("student_number", "certificate_number", "term"):
        if (text := getattr(row, name)) is not None:
            values[name] = text
    for name, value in values.items():
        if isinstance(value, str) and not value.isprintable() and FORBIDDEN_CHARACTER.search(value):
            raise ValueError(f"{name} holds a control, bidi or invisible character")
    for name in ("start_date", "end_date"):
        if (day := getattr(row, name)) is not None:
            values[name] = day.isoformat()
    return values


def _build(template: Template, context: IssuingContext, level: Level, values: Mapping[str, Any]) -> dict[str, Any]:
    """The credential with these values, keys in the order of JCS so that its text reads the same everywhere."""
    achievement = template.achievement
    optional = {"achievementType": achievement.kind, "fieldOfStudy": achievement.field_of_study}
    subject = {
        "achievement": {
            "id": achievement.id,
            "type": ["Achievement"],
            "name": achievement.name,
            "description": achievement.description,
            "criteria": {"narrative": achievement.criteria},
            "inLanguage": template.language,
            "alignment": [
                {
                    "type": ["Alignment"],
                    "targetUrl": level.urn,
                    "targetFramework": level.labels.framework,
                    "targetCode": level.labels.code,
                    "targetName": level.labels.name,
                }
            ],
            **{key: text for key, text in optional.items() if text is not None},
        },
        "identifier": [_identity("name", values["name"])],
        "type": ["AchievementSubject"],
    }
    if "student_number" in values:
        subject["identifier"] = [*subject["identifier"], _identity("identifier", values["student_number"])]
    for name, key in _SUBJECT_KEYS:
        if name in values:
            subject[key] = values[name]
    tree = {
        "@context": list(CONTEXT_URLS),
        "id": values["id"],
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": template.name,
        "issuer": {"id": context.issuer_did, "type": ["Profile"], "name": context.issuer_name},
        "validFrom": values["valid_from"],
        "credentialSubject": subject,
        "credentialStatus": [_status(purpose, context, values) for purpose in ("revocation", "suspension")],
    }
    if "valid_until" in values:
        tree["validUntil"] = values["valid_until"]
    ordered: dict[str, Any] = _sorted(tree)
    return ordered


_SUBJECT_KEYS: Final = (
    ("credits", "creditsEarned"),
    ("certificate_number", "licenseNumber"),
    ("term", "term"),
    ("start_date", "activityStartDate"),
    ("end_date", "activityEndDate"),
)


def _identity(kind: str, text: str) -> dict[str, Any]:
    return {"type": "IdentityObject", "hashed": False, "identityHash": text, "identityType": kind}


def _status(purpose: str, context: IssuingContext, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": values[purpose],
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": values["index"],
        "statusListCredential": context.status_list_url,
    }


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _compile_form(
    template: Template, context: IssuingContext, level: Level, proof: Mapping[str, str], values: Mapping[str, Any]
) -> _Form:
    def build(others: Mapping[str, Any]) -> dict[str, Any]:
        return _build(template, context, level, others)

    marked = build({name: _Marker(name) for name in values})
    places = {n: leaf.name for n, leaf in enumerate(_leaves(marked)) if isinstance(leaf, _Marker)}
    names = tuple(places.values())
    numbers = tuple(n for n, name in enumerate(names) if not isinstance(values[name], str))
    text, text_names = _text_form({**marked, "proof": {**proof, _PROOF_VALUE: _Marker(_PROOF_VALUE)}})
    return _Form(build, names, numbers, _quads(build(values), places), text_names, text)


def _quads(tree: Mapping[str, Any], places: Mapping[int, str]) -> Quads | None:
    values = flatten(tree)[1]
    forms = lexical_forms(values, [n for n, value in enumerate(values) if not isinstance(value, str)])
    try:
        quads = compile_shape(tree).quads.bind({n: form for n, form in enumerate(forms) if n not in places})
    except UncompilableError:
        return None
    return quads if quads.render([forms[n] for n in places]) == canonical_nquads(tree) else None


@dataclass(frozen=True, slots=True)
class _Marker:
    """Stands where a row's value will be."""

    name: str


def _leaves(value: Any, key: str = "") -> list[Any]:
    """Every text, number and marker in the order of `flatten`."""
    if key in ("type", "@context") or isinstance(value, bool):
        return []
    if isinstance(value, dict):
        return [leaf for name, item in value.items() for leaf in _leaves(item, name)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]


def _text_form(marked: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The JCS text of a tree with markers, `%s` in their places, and their names in that order."""
    names: list[str] = []

    def write(value: Any) -> str:
        if isinstance(value, _Marker):
            names.append(value.name)
            return "%s"
        if isinstance(value, dict):
            return "{" + ",".join(f"{write(key)}:{write(value[key])}" for key in sorted(value)) + "}"
        if isinstance(value, list):
            return "[" + ",".join(map(write, value)) + "]"
        return canonical_bytes(value).decode().replace("%", "%%")

    return write(marked), tuple(names)


def _json(value: Any) -> str:
    """One value as JCS writes it; text of a row holds no control characters, so only two characters need an escape."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if '"' in value or "\\" in value else f'"{value}"'
    return repr(value)
