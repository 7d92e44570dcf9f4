"""The SDK's issuer: one institution of a profile that issues rosters and changes statuses.

    from testamur import Issuer, Profile
    with Issuer.open(Profile.load("testamur.toml")) as issuer:
        report = issuer.issue("roster.csv", "template.json", "out")
        issuer.revoke(["out/bundles/R0001.json"], reason=1)

Returns values, prints nothing; the commands of the same names are thin over it.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from testamur.batch.acceptance import acceptance
from testamur.batch.anchoring import batch_status
from testamur.batch.bundle import Bundle
from testamur.batch.delivery import DeliveryReport, Places, deliver
from testamur.batch.estimate import Estimate, estimate
from testamur.batch.evidence import prove_many
from testamur.batch.issued import Replaced
from testamur.batch.issuing import LARGEST_BATCH, IssueReport, Progress, issue
from testamur.chain.connection import Connection
from testamur.chain.errors import KeyUnusableError
from testamur.chain.status_lists import read_statuses, registries_of
from testamur.profile import Institution, Profile, ProfileError
from testamur.status import (
    StatusChange,
    StatusReport,
    Target,
    change_status,
    targets_from_bundles,
    targets_from_indexes,
    targets_from_rows,
)
from testamur.verification.connection import Chain
from testamur.verification.policy import Policy
from testamur.voids import BatchChange, BatchReport, BatchTarget, change_batches, find_batches

__all__ = ["Issuer"]

Paths = Iterable[str | Path]


class Issuer:
    """An institution at work. Use as a context manager, or `close` it."""

    def __init__(self, connection: Connection, institution: Institution, policy: Policy | None = None) -> None:
        self.connection = connection
        self._number = institution.number
        self._policy = policy

    @classmethod
    def open(
        cls,
        profile: Profile,
        who: str | int | None = None,
        *,
        policy: Policy | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> "Issuer":
        """Connect to the profile's chain as `who`: number, slug, name, DID or account; None where it holds only one.

        `policy` is the verifier's that judges what was written; None takes the profile's.
        """
        institution = profile.institution(who)
        return cls(Connection.open(profile, environment=environment), institution, policy)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the sockets."""
        self.connection.close()

    @property
    def institution(self) -> Institution:
        """The institution as the profile has it now, with the lists opened since."""
        return self.connection.profile.institution(self._number)

    @property
    def policy(self) -> Policy:
        """The policy that written bundles are judged by."""
        if self._policy is None:
            profile = self.connection.profile
            if profile.policy is None:
                raise ProfileError(
                    "there is no policy to judge what is written", "run `testamur policy create`, or name one"
                )
            self._policy = Policy.load(profile.resolve(profile.policy))
        return self._policy

    def issue(
        self,
        roster: str | Path,
        template: str | Path,
        folder: str | Path,
        *,
        is_resumed: bool = False,
        skip_bad: bool = False,
        per_file: bool = False,
        is_again: bool = False,
        replaced: Replaced | None = None,
        ignored: Collection[str] = (),
        largest_batch: int = LARGEST_BATCH,
        progress: Progress = lambda stage, done, total: None,
    ) -> IssueReport:
        """Issue a roster into `folder`; see `testamur.batch.issuing.issue`. Look at the report's state."""
        rpc = self.connection.rpc
        with Chain.connect(rpc.url, access=rpc.access) as chain:
            return issue(
                self.connection,
                self.institution,
                Path(roster),
                Path(template),
                Path(folder),
                acceptance(chain, self.policy),
                is_resumed=is_resumed,
                skip_bad=skip_bad,
                per_file=per_file,
                is_again=is_again,
                replaced=replaced,
                ignored=ignored,
                largest_batch=largest_batch,
                progress=progress,
            )

    def estimate(
        self,
        roster: str | Path,
        template: str | Path,
        folder: str | Path,
        *,
        per_file: bool = False,
        is_again: bool = False,
        ignored: Collection[str] = (),
        largest_batch: int = LARGEST_BATCH,
    ) -> Estimate:
        """What `issue` with the same arguments would do and cost."""
        return estimate(
            self.connection,
            self.institution,
            Path(roster),
            Path(template),
            Path(folder),
            per_file=per_file,
            is_again=is_again,
            ignored=ignored,
            largest_batch=largest_batch,
        )

    def deliver(
        self,
        folder: str | Path,
        out: str | Path,
        row_ids: Iterable[str] = (),
        *,
        is_zip: bool = False,
        with_revoked: bool = False,
        page: str | None = None,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> DeliveryReport:
        """Hand out the packages of a finished run; see `testamur.batch.delivery.deliver`.

        Bundles get evidence where the policy's trust allows it. `page` is the address of a verification page for the
        note; None takes the institution's service.
        """
        rpc, policy = self.connection.rpc, self.policy
        with Chain.connect(rpc.url, access=rpc.access) as chain:

            def prove(lines: Iterable[bytes]) -> Iterator[bytes]:
                if not policy.demands_proofs:  # a node's word is nothing that could be handed on
                    return iter(lines)
                return (bundle.dump() for bundle in prove_many(map(Bundle.parse, lines), chain, policy))

            return deliver(
                Path(folder),
                Path(out),
                row_ids,
                is_zip=is_zip,
                now=datetime.now(UTC),
                are_revoked=self._are_revoked,
                is_void=lambda batch: batch_status(self.connection, batch) != "active",
                prove=prove,
                page=page or self.institution.page_url,
                with_revoked=with_revoked,
                progress=progress,
            )

    def _are_revoked(self, places: Places) -> list[bool]:
        return [status["revoked"] for status in read_statuses(self.connection.suite, places)]

    def revoke(self, bundles: Paths, *, reason: int = 0) -> StatusReport:
        """Take the credentials in bundle files out of force for good."""
        return self.change(StatusChange.REVOKE, self.find(bundles), reason=reason)

    def suspend(self, bundles: Paths, *, reason: int = 0) -> StatusReport:
        """Take the credentials in bundle files out of force until they are reinstated."""
        return self.change(StatusChange.SUSPEND, self.find(bundles), reason=reason)

    def reinstate(self, bundles: Paths, *, reason: int = 0) -> StatusReport:
        """Put the suspended credentials in bundle files into force again."""
        return self.change(StatusChange.REINSTATE, self.find(bundles), reason=reason)

    def change(self, change: StatusChange, targets: Iterable[Target], *, reason: int = 0) -> StatusReport:
        """The same for targets that were found otherwise."""
        return change_status(self.connection, self.institution, change, list(targets), reason)

    def find_batches(self, named: Paths) -> list[BatchTarget]:
        """The recorded batches that are meant by ids, folders of runs and bundle files; a run is meant whole."""
        return find_batches(self.connection, self.institution, map(str, named))

    def void(self, named: Paths, *, reason: int = 0) -> BatchReport:
        """Take whole batches out of force: suspended for a while, then for good."""
        return self.change_batches(BatchChange.VOID, self.find_batches(named), reason=reason)

    def lift(self, named: Paths) -> BatchReport:
        """Put voided batches into force again, while they count as suspended. Needs the GOVERN account."""
        return self.change_batches(BatchChange.LIFT, self.find_batches(named))

    def change_batches(self, change: BatchChange, targets: Iterable[BatchTarget], *, reason: int = 0) -> BatchReport:
        """The same for batches that were found otherwise."""
        return change_batches(self.connection, self.institution, change, list(targets), reason)

    def find(self, bundles: Paths) -> list[Target]:
        """The credentials in bundle files."""
        return targets_from_bundles(self.connection, self.institution, map(Path, bundles))

    def find_rows(self, folder: str | Path, row_ids: Iterable[str]) -> list[Target]:
        """The credentials of rows that were issued into `folder`."""
        return targets_from_rows(Path(folder), row_ids)

    def find_indexes(self, list_number: int, indexes: Iterable[int], folder: str | Path | None = None) -> list[Target]:
        """The credentials at places of a status list, which must be this issuer's; `folder` of a run knows whose."""
        owner = registries_of(self.connection.suite, [list_number])[list_number].read("listOf", list_number)
        if self._number not in (owner["issuer"], owner["custodian"]):
            raise KeyUnusableError(f"status list {list_number} is not institution {self._number}'s")
        return targets_from_indexes(list_number, indexes, Path(folder) if folder is not None else None)
