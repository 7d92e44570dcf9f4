"""The refusals of Alliance and what it governs, each provoked once."""

from testamur.artifacts.genesis import directory_name

from tests.contracts.refusals.ground import DOCUMENT, NO_ONE, new_alliance, provokes
from tests.contracts.suite import DAY, PERIODS, Suite, account
from tests.contracts.test_signed_votes import signed


@provokes("GovernedNotAlliance")
def _(s: Suite) -> object:
    return s.send("govern 1", "Permissions", "setDeploy", account("govern 1"), True)


@provokes("AllianceNotSelf")
def _(s: Suite) -> object:
    return s.send("govern 1", "Alliance", "addMember", 2)


@provokes("AllianceNotGovern")
def _(s: Suite) -> object:
    return s.send("admin 1", "Alliance", "propose", [(s.address("Alliance"), b"")], DOCUMENT)


@provokes("AllianceUnknownInstitution")
def _(s: Suite) -> object:
    return s.govern("Alliance", "addMember", 3)


@provokes("AllianceAlreadyMember")
def _(s: Suite) -> object:
    return s.govern("Alliance", "addMember", 2)


@provokes("AllianceNotMember")
def _(s: Suite) -> object:
    return s.govern("Alliance", "removeMember", 3)


@provokes("AllianceLastMember")
def _(s: Suite) -> object:
    s.decide(("Alliance", "removeMember", 2))
    return s.govern("Alliance", "removeMember", 1)


@provokes("AllianceThresholdOutOfBounds")
def _(s: Suite) -> object:
    return s.govern("Alliance", "setThreshold", 1, 2)


@provokes("AllianceParameterOutOfBounds")
def _(s: Suite) -> object:
    return s.govern("Alliance", "setParameter", directory_name("votingPeriod"), 59)


@provokes("AllianceUnknownParameter")
def _(s: Suite) -> object:
    return s.call("Alliance", "parameter", directory_name("teaBreak"))


@provokes("AllianceLengthMismatch")
def _(s: Suite) -> object:
    return new_alliance(s, values=[3600])


@provokes("AllianceCallsOutOfBounds")
def _(s: Suite) -> object:
    return s.propose()


@provokes("AllianceNoCode")
def _(s: Suite) -> object:
    proposal = s.send("govern 1", "Alliance", "propose", [(NO_ONE, b"")], DOCUMENT).output
    s.vote(proposal, [2])
    s.chain.mine(PERIODS["executionDelay"])
    return s.execute(proposal)


@provokes("AllianceWrongState")
def _(s: Suite) -> object:
    return s.execute(s.propose(("Alliance", "setThreshold", 1, 1)))


@provokes("AllianceNotProposer")
def _(s: Suite) -> object:
    return s.send("govern 2", "Alliance", "withdraw", s.propose(("Alliance", "setThreshold", 1, 1)))


@provokes("AllianceKnownParameter")
def _(s: Suite) -> object:
    return s.govern("Alliance", "addParameter", directory_name("votingPeriod"), DAY)


@provokes("AllianceTooManyVotes")
def _(s: Suite) -> object:
    return s.send("anyone", "Alliance", "voteMany", [signed(s, "govern 2", 1, content=DOCUMENT)] * 257)


@provokes("AllianceOtherContent")
def _(s: Suite) -> object:
    return s.send("anyone", "Alliance", "voteFor", signed(s, "govern 2", 1, content=DOCUMENT))


@provokes("AllianceSequenceMismatch")
def _(s: Suite) -> object:
    return s.send("anyone", "Alliance", "voteFor", signed(s, "govern 2", s.propose(("Alliance", "epoch")), 1))


@provokes("AllianceExecuting")
def _(s: Suite) -> object:
    inner = s.adopt(("Alliance", "setThreshold", 1, 1))
    return s.decide(("Alliance", "execute", inner))


@provokes("AllianceCallFailed")
def _(s: Suite) -> object:
    return s.decide(("Alliance", "addMember", 2))


@provokes("AllianceUnknownAgreement")
def _(s: Suite) -> object:
    return s.send("govern 1", "Alliance", "signAgreement", 1)


@provokes("AllianceAlreadySigned")
def _(s: Suite) -> object:
    s.govern("Alliance", "adoptAgreement", DOCUMENT, 0)
    s.send("govern 1", "Alliance", "signAgreement", 1)
    return s.send("deputy 1", "Alliance", "signAgreement", 1)


@provokes("AllianceSignatureExpired")
def _(s: Suite) -> object:
    return s.send("anyone", "Alliance", "signAgreementFor", 1, s.chain.timestamp - 1, b"")


@provokes("ECDSAInvalidSignature")
def _(s: Suite) -> object:
    return s.send("anyone", "Alliance", "signAgreementFor", 1, s.chain.timestamp, b"\0" * 65)


@provokes("ECDSAInvalidSignatureLength")
def _(s: Suite) -> object:
    return s.send("anyone", "Alliance", "signAgreementFor", 1, s.chain.timestamp, b"\0" * 64)


@provokes("ECDSAInvalidSignatureS")
def _(s: Suite) -> object:
    return s.send("anyone", "Alliance", "signAgreementFor", 1, s.chain.timestamp, b"\xff" * 65)
