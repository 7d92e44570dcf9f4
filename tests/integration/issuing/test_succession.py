"""A rehearsal: all that can be replaced is replaced on a running chain, and no credential notices.

Credentials of before, between and after verify, are proved and judged offline, and are revoked one by one. A slip is
cancelled before it acts. A verifier that cannot read a newer version says which update it wants.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from testamur.artifacts.genesis import directory_name
from testamur.audit.completeness import check
from testamur.batch.bundle import Bundle
from testamur.batch.evidence import prove_many
from testamur.chain.connection import Connection
from testamur.chain.contracts import Call, Contract
from testamur.chain.deploy import REPLACEABLE, deploy_successor
from testamur.chain.governance import document_hash, propose_and_pass
from testamur.chain.status_lists import read_statuses
from testamur.issuer import Issuer
from testamur.profile import Profile
from testamur.registry import read_issuers
from testamur.verification.bulk import verify_many
from testamur.verification.connection import Chain
from testamur.verification.verdict import Verdict
from testamur.verification.verify import verify

from tests.integration.issuing.alliance import ASSOCIATE, BACHELOR, DOCTOR, FRAMEWORK, Alliance, Roster, require_whole

DOCUMENT = document_hash(b"the second edition")
ROWS = 3


@dataclass
class Rehearsal:
    """The alliance and the credentials of each epoch."""

    alliance: Alliance
    folder: Path
    files: dict[str, list[Path]] = field(default_factory=dict)

    def issue(self, epoch: str) -> None:
        """Issue a roster whole; its bundle files are the epoch's."""
        since = self.alliance.height() + 1
        out = self.folder / epoch
        self.alliance.issue(Roster.write(self.folder, ROWS, seed=len(self.files) + 1), out, per_file=True)
        require_whole(self.alliance, out, ROWS, since)
        self.files[epoch] = sorted((out / "bundles").iterdir())

    def bundles(self) -> list[bytes]:
        """Of every epoch, in order."""
        return [file.read_bytes() for files in self.files.values() for file in files]

    def codes(self, bundles: Sequence[bytes]) -> list[str]:
        """What a verifier says who asks the node, and the same of one who has only the evidence."""
        policy = self.alliance.policy
        with Chain.connect(self.alliance.profile.rpc) as chain:
            online = [verdict.code for verdict in verify_many(bundles, chain, policy)]
            proved = [bundle.dump() for bundle in prove_many(map(Bundle.parse, bundles), chain, policy)]
        assert [verdict.code for verdict in verify_many(proved, Chain.offline(), policy)] == online
        return online

    def judge(self, bundle: bytes) -> Verdict:
        with Chain.connect(self.alliance.profile.rpc) as chain:
            return verify(bundle, chain, self.alliance.policy)


def pass_calls(connection: Connection, *calls: Call) -> None:
    _, receipt = propose_and_pass(connection, calls, DOCUMENT)
    assert receipt is not None


def replace(connection: Connection, name: str) -> Contract:
    """Vote a new version of a contract into the Directory, where it waits."""
    sender = connection.sender_for(connection.profile.institution("cdou"), "admin")
    successor = deploy_successor(connection, sender, name, DOCUMENT)
    assert successor.receipt is not None
    return Contract(name, successor.address, connection.rpc)


def await_current(connection: Connection, *successors: Contract) -> None:
    """Make blocks until the Directory's delay is over: its clock is that of the newest block."""
    sender = connection.sender_for(connection.profile.institution("uestc"), "status")
    nothing = connection.contract("Operators").call("institutionCount")
    for _ in range(240):
        connection.suite.refresh()
        if all(connection.contract(each.name).address == each.address for each in successors):
            return
        sender.send(nothing)
        time.sleep(0.5)
    raise AssertionError("the successors are not current yet")


def fill(frameworks: Contract) -> list[Call]:
    """What a new QualificationFrameworks holds before it acts: what the old one did."""
    ranks = [{"rank": n, "ladder": 1, "blank": False, "code": str(n), "label": f"{n}级"} for n in range(1, 9)]
    return [
        frameworks.call("addFramework", 1, FRAMEWORK, 1, "试行"),
        frameworks.call("addLevels", 1, ranks),
        *(
            frameworks.call("addType", 1, level.type, level.labels.name, level.rank, level.rank, 0, 0)
            for level in (ASSOCIATE, BACHELOR, DOCTOR)
        ),
    ]


def test_every_replaceable_contract_is_replaced_and_no_credential_notices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alliance = Alliance.found(tmp_path / "node")
    try:
        rehearse(Rehearsal(alliance, tmp_path), monkeypatch)
    finally:
        alliance.stop()


def rehearse(run: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    run.issue("before")
    with run.alliance.connect() as connection:
        deployer = connection.sender_for(connection.profile.institution("cdou"), "admin").account.address
        pass_calls(connection, connection.contract("Permissions").call("setDeploy", deployer, True))
        first = {name: connection.contract(name) for name in REPLACEABLE}
        directory = connection.suite.directory

        slip = replace(connection, "StatusRegistry")
        pass_calls(connection, directory.call("cancel", directory_name("StatusRegistry"), DOCUMENT))
        assert directory.read("count", directory_name("StatusRegistry")) == 1, "its number is free again"

        registry, frameworks = replace(connection, "IssuerRegistry"), replace(connection, "QualificationFrameworks")
        pass_calls(connection, *fill(frameworks))
        await_current(connection, registry, frameworks)
        assert registry.read("predecessor") == first["IssuerRegistry"].address
        issuers = [(issuer.number, issuer.name, issuer.state) for issuer in read_issuers(connection.suite)]
    run.issue("between")  # nothing was carried over: the records are the predecessor's

    with run.alliance.connect() as connection:
        connection.sender_for(connection.profile.institution("cdou"), "admin").send(registry.call("carryOver", 1))
        assert [(issuer.number, issuer.name, issuer.state) for issuer in read_issuers(connection.suite)] == issuers
        status, batches = replace(connection, "StatusRegistry"), replace(connection, "CredentialBatches")
        await_current(connection, status, batches)
        assert status.address != slip.address
        assert all(connection.contract(name).address != old.address for name, old in first.items())
    run.issue("after")

    everything = run.bundles()
    assert run.codes(everything) == ["ok"] * 3 * ROWS
    homes = [Bundle.parse(files[0].read_bytes()).anchor.contract for files in run.files.values()]
    assert homes == [first["CredentialBatches"].address, first["CredentialBatches"].address, batches.address]

    with Issuer.open(Profile.load(run.alliance.home), "cdou", environment={}) as issuer:
        report = issuer.revoke([files[0] for files in run.files.values()], reason=1)
        assert [item.result for item in report.outcomes] == ["changed"] * 3
        assert len(report.transactions) == 2, "one for each list, in the registry that keeps it"
    assert run.codes(everything) == ["revoked", *["ok"] * (ROWS - 1)] * 3

    places = [Bundle.parse(bundle).inclusion for bundle in everything]
    with run.alliance.connect() as connection:
        found = read_statuses(connection.suite, [(place.list, place.status_index) for place in places])
        assert [status["revoked"] for status in found] == [True, *[False] * (ROWS - 1)] * 3
        audit = check(connection.suite)
        assert (audit.problems, [account.count("revoked") for account in audit.lists.values()]) == ([], [2, 1])

        monkeypatch.setattr("testamur.chain.deploy.LAYOUT", 2)  # what a later release will enter
        await_current(connection, replace(connection, "IssuerRegistry"))
    verdict = run.judge(everything[1])
    assert (verdict.code, verdict.exit_code) == ("unproven", 7)
    told = "IssuerRegistry 3 keeps its records in layout 2; update testamur to a version that reads layout 2 of"
    assert {check.message for check in verdict.checks if check.code == "unproven"} == {f"{told} IssuerRegistry."}
