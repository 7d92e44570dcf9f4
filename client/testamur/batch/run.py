"""A journalled run on its way from prepared rows to final batches, however often it was interrupted.

Stages and what carries a run from one to the next: `signing` makes prepared batches signed, `anchoring` makes signed
ones final or, where another run took their counters, prepared again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from testamur.batch.anchoring import anchor_signed
from testamur.batch.journal import BatchRecord, Journal, Stage
from testamur.batch.lists import open_list, read_lists
from testamur.batch.planning import OpenList, assign_lists, size_for
from testamur.batch.roster import Row
from testamur.batch.signing import Signer, sign_batch
from testamur.chain.connection import Connection
from testamur.chain.errors import ChainUnreachableError, KeyUnusableError
from testamur.chain.signing_key import load_signing_key, raw_public_key
from testamur.credential.proof import verification_method
from testamur.credential.template import Template
from testamur.profile import Institution

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["Progress", "Run"]

Progress = Callable[[str, int, int], None]
"""Stage, rows done, rows in all."""

_ATTEMPTS = 8
"""How often a run is signed anew because another one took its counters first."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run works with."""

    connection: Connection
    institution: Institution
    journal: Journal
    template: Template
    rows: Mapping[str, Row]
    """The roster's rows by row id."""
    ready: Callable[[], None]
    """Raises what stands in the way of issuing now; asked before anything is signed or sent."""
    claim: Callable[[], None]
    """Writes down what the run issues, or raises where another run did; asked before anything is sent."""
    progress: Progress
    pause: Callable[[float], None]

    def anchor(self) -> None:
        """Bring every batch to its record on the chain."""
        total = self.journal.row_count()
        for _ in range(_ATTEMPTS):
            unsigned = [batch for batch in self.journal.batches() if batch.stage is Stage.PREPARED]
            if unsigned:
                self.ready()
                self._sign(unsigned)
            self.claim()
            self.progress("anchoring", total, total)
            if anchor_signed(
                self.connection, self.institution, self.journal, self._is_fit, self.ready, pause=self.pause
            ):
                return
        raise ChainUnreachableError(
            f"other runs took the counters of the status list {_ATTEMPTS} times",
            "let one run at a time issue, then --resume",
        )

    def _sign(self, batches: Sequence[BatchRecord]) -> None:
        connection, journal = self.connection, self.journal
        connection.suite.refresh()
        assigned, lists = self._assign(batches)
        contract = connection.contract("CredentialBatches").address
        registry = connection.contract("StatusRegistry").address
        facts, key = journal.facts(), self._key()
        signer = Signer(
            self.template,
            issuer=self.institution.number,
            did=self.institution.did,
            name=self.institution.name,
            verification_method=self._method(key),
            service_url=self.institution.service_url,
            created=datetime.fromtimestamp(facts.created, UTC),
            sign=key.sign,
        )
        keys = {item.number: item.key for item in lists}
        done, total = 0, sum(batch.size for batch in batches)
        with journal.signing() as signing:
            for batch in assigned:
                ready = replace(batch, contract=contract, status_registry=registry)

                def advance(count: int, before: int = done) -> None:
                    self.progress("signing", before + count, total)

                prepared = journal.rows(batch.number)
                sign_batch(signer, ready, prepared, self.rows, keys[batch.list], facts.chain_id, signing, advance)
                done += batch.size

    def _assign(self, batches: Sequence[BatchRecord]) -> tuple[list[BatchRecord], list[OpenList]]:
        """The batches with list and counters; opens a list where none has room."""
        connection = self.connection
        institution = connection.profile.institution(self.institution.number)
        lists = read_lists(connection, institution)
        while (assigned := assign_lists(batches, lists)) is None:
            institution = open_list(connection, institution, size_for(sum(batch.size for batch in batches)))
            lists = read_lists(connection, institution)
        return assigned, lists

    def _is_fit(self, batch: BatchRecord) -> bool:
        """Whether a signed batch was signed with the key that the profile names now; an old one may be retired."""
        proof = orjson.loads(self.journal.first_credential(batch.number))["proof"]
        return bool(proof["verificationMethod"] == self._method(self._key()))

    def _key(self) -> "Ed25519PrivateKey":
        signing, profile = self.institution.signing, self.connection.profile
        if signing is None:
            raise KeyUnusableError(
                f"the profile has no signing keys for institution {self.institution.number}",
                "create them with `testamur issuer key add`",
            )
        return load_signing_key(profile.resolve(signing.credential), profile.password_path)

    def _method(self, key: "Ed25519PrivateKey") -> str:
        return verification_method(self.institution.did, raw_public_key(key))
