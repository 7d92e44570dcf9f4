"""One batch's rows signed: credential, salt, holder and leaf for each, leaves in random order, and the root.

Every random value is fresh here; what is kept of it goes into the journal in the same transaction (docs/protocol.md 2).
"""

import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from testamur.batch.anchor import batch_id
from testamur.batch.holder import create_holder
from testamur.batch.journal import BatchRecord, PreparedRow, SignedRow, Signing, Stage
from testamur.batch.leaf import KIND_OWN, LeafInput, content
from testamur.batch.permutation import Permutation
from testamur.batch.roster import Row
from testamur.credential.compiled import CompiledTemplate, IssuingContext, compile_template
from testamur.credential.template import Level, Template
from testamur.proof.merkle import Tree, leaf_hash

__all__ = ["Signer", "sign_batch"]

_SLICE = 500


class Signer:
    """Who signs, with which template and key; compiles the template once per list and level."""

    def __init__(
        self,
        template: Template,
        *,
        issuer: int,
        did: str,
        name: str,
        verification_method: str,
        service_url: str,
        created: datetime,
        sign: Callable[[bytes], bytes],
    ) -> None:
        self.issuer = issuer
        self.sign = sign
        self._template = template
        self._context = IssuingContext(did, name, verification_method, f"{service_url}/v1/status-lists/0", created)
        self._service_url = service_url
        self._compiled: dict[tuple[int, Level], CompiledTemplate] = {}

    def compiled(self, list_number: int, level: Level) -> CompiledTemplate:
        """The template made ready for credentials of that level in that list."""
        known = self._compiled.get((list_number, level))
        if known is None:
            url = f"{self._service_url}/v1/status-lists/{list_number}"
            known = compile_template(self._template, replace(self._context, status_list_url=url), level)
            self._compiled[list_number, level] = known
        return known


def sign_batch(
    signer: Signer,
    batch: BatchRecord,
    prepared: Sequence[PreparedRow],
    rows: Mapping[str, Row],
    list_key: bytes,
    chain_id: int,
    signing: Signing,
    progress: Callable[[int], None] = lambda done: None,
) -> BatchRecord:
    """Sign the rows of a batch that has its list and counters, and store all of it; the batch as signed."""
    leaf_order = list(range(batch.size))
    secrets.SystemRandom().shuffle(leaf_order)
    leaf_hashes = [b""] * batch.size
    waiting: list[SignedRow] = []
    for done, row in enumerate(_signed(signer, batch, prepared, rows, list_key, leaf_order), start=1):
        leaf_hashes[row.leaf_index] = row.leaf_hash
        waiting.append(row)
        if len(waiting) == _SLICE:
            signing.add(waiting)
            waiting = []
            progress(done)
    signing.add(waiting)
    root = Tree(leaf_hashes).root
    name = batch_id(chain_id, batch.contract, KIND_OWN, signer.issuer, batch.list, batch.size, root)
    signed = replace(batch, stage=Stage.SIGNED, root=root, batch_id=name)
    signing.finish(signed)
    return signed


def _signed(
    signer: Signer,
    batch: BatchRecord,
    prepared: Sequence[PreparedRow],
    rows: Mapping[str, Row],
    list_key: bytes,
    leaf_order: Sequence[int],
) -> Iterator[SignedRow]:
    permutation = Permutation(list_key, batch.log2size)
    for offset, (place, leaf_index) in enumerate(zip(prepared, leaf_order, strict=True)):
        row = rows[place.row_id]
        index = permutation.status_index(batch.first + offset)
        credential = signer.compiled(batch.list, row.level).issue(row, index, uuid.uuid4().urn, signer.sign)
        one_time_key = blind = b""
        holder = row.holder
        if holder is None:
            made = create_holder()
            one_time_key, blind, holder = made.key, made.blind, made.commitment
        salt = secrets.token_bytes(32)
        outcome_tag = row.outcome_tag or secrets.token_bytes(32)
        leaf = LeafInput(
            kind=KIND_OWN,
            issuer=signer.issuer,
            list=batch.list,
            status_index=index,
            claims=credential.claims,
            outcome_tag=outcome_tag,
            holder=holder,
            content=content(salt, credential.canonical),
        )
        yield SignedRow(
            position=place.position,
            batch=batch.number,
            status_index=index,
            leaf_index=leaf_index,
            leaf_hash=leaf_hash(leaf.encode()),
            salt=salt,
            outcome_tag=outcome_tag,
            holder=holder,
            one_time_key=one_time_key,
            blind=blind,
            credential=credential.canonical,
        )
