"""The refusals of CredentialBatches, each provoked once."""

from tests.contracts.refusals.ground import KEY, NO_ONE, provokes, succeed
from tests.contracts.suite import Suite


@provokes("CredentialBatchesNotIssueOperator")
def _(s: Suite) -> object:
    return s.anchor(1, by="status")


@provokes("CredentialBatchesEmpty")
def _(s: Suite) -> object:
    return s.anchor(1, size=0)


@provokes("CredentialBatchesUnknownKind")
def _(s: Suite) -> object:
    return s.anchor(1, kind=3)


@provokes("CredentialBatchesRecorded")
def _(s: Suite) -> object:
    s.anchor(1)
    return s.anchor(1, first=100)


@provokes("CredentialBatchesNotCurrent")
def _(s: Suite) -> object:
    parts = [s.address("Operators"), s.address("Directory")]
    succeed(s, "CredentialBatches", s.chain.deploy("CredentialBatches", NO_ONE, ["address", "address"], parts))
    return s.anchor(1)


@provokes("CredentialBatchesAnchoringFailed")
def _(s: Suite) -> object:
    return s.send("issue 1", "CredentialBatches", "anchorMany", [(KEY, 0, 1, 0, 1, 1)])
