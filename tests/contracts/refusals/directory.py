"""The refusals of Directory and BlockHistory, each provoked once."""

from testamur.artifacts import artifact
from testamur.artifacts.genesis import directory_name

from tests.contracts.evm import SYSTEM, Chain
from tests.contracts.refusals.ground import KEY, NO_ONE, new_directory, new_status_registry, provokes
from tests.contracts.suite import GENESIS_TIME, Suite


@provokes("DirectoryLengthMismatch")
def _(s: Suite) -> object:
    return new_directory(s, [KEY], [], [])


@provokes("DirectoryNoCode")
def _(s: Suite) -> object:
    return s.govern("Directory", "set", directory_name("CreditBank"), NO_ONE, 1)


@provokes("DirectoryZeroLayout")
def _(s: Suite) -> object:
    return s.govern("Directory", "set", directory_name("StatusRegistry"), new_status_registry(s, 1), 0)


@provokes("DirectoryNamedBefore")
def _(s: Suite) -> object:
    return s.govern("Directory", "set", directory_name("StatusRegistry"), s.address("StatusRegistry"), 1)


@provokes("DirectoryNeverReplaced")
def _(s: Suite) -> object:
    return s.govern("Directory", "set", directory_name("Permissions"), s.address("Alliance"), 1)


@provokes("DirectoryEntryWaits")
def _(s: Suite) -> object:
    s.govern("Directory", "set", directory_name("StatusRegistry"), new_status_registry(s, 1), 1)
    return s.govern("Directory", "set", directory_name("StatusRegistry"), new_status_registry(s, 1), 1)


@provokes("DirectoryNothingWaits")
def _(s: Suite) -> object:
    return s.govern("Directory", "cancel", directory_name("StatusRegistry"), KEY)


@provokes("DirectoryTooManyVersions")
def _(s: Suite) -> object:
    name = directory_name("StatusRegistry")
    s.govern("Alliance", "setParameter", directory_name("directoryDelay"), 3600)
    for _ in range(62):
        s.govern("Directory", "set", name, new_status_registry(s, 1), 1)
        s.chain.mine(3600)
    return s.govern("Directory", "set", name, new_status_registry(s, 1), 1)


@provokes("DirectoryUnfit")
def _(s: Suite) -> object:
    return s.govern("Directory", "set", directory_name("StatusRegistry"), s.address("Alliance"), 1)


@provokes("DirectoryUnknownName")
def _(s: Suite) -> object:
    return s.call("Directory", "resolve", directory_name("CreditBank"))


@provokes("DirectoryUnknownVersion")
def _(s: Suite) -> object:
    return s.call("Directory", "entry", directory_name("StatusRegistry"), 2)


@provokes("BlockHistoryMalformed")
def _(s: Suite) -> object:
    return s.chain.send_raw(SYSTEM, s.address("BlockHistory"), b"\0" * 31)


@provokes("BlockHistoryNoParent")
def _(_s: Suite) -> object:
    chain = Chain(GENESIS_TIME)
    chain.construct("BlockHistory", NO_ONE, artifact("BlockHistory").bytecode)
    return chain.send_raw(SYSTEM, NO_ONE, b"\0" * 32)
