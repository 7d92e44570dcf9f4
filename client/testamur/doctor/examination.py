"""All checks of a profile, in the order in which one depends on another."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from testamur.chain.access import NO_ACCESS, Access
from testamur.chain.connection import Connection
from testamur.chain.errors import ChainUnreachableError, RpcError
from testamur.chain.rpc import Rpc
from testamur.doctor.account import check_accounts
from testamur.doctor.disk import check_disk
from testamur.doctor.finding import Finding
from testamur.doctor.governance import check_controllers, check_membership
from testamur.doctor.issuer import check_issuer
from testamur.doctor.key import check_lists, check_signing_key
from testamur.doctor.network import check_island, check_policy
from testamur.doctor.node import check_clock, check_code, check_founding, check_node
from testamur.errors import TestamurError
from testamur.profile import Profile

__all__ = ["diagnose"]


def diagnose(
    profile: Profile, access: Access = NO_ACCESS, *, now: Callable[[], float] = time.time
) -> Iterator[Finding]:
    """Every check of a profile, as it is made; a node that cannot be asked ends the checks that need one. `access` goes
    before what the profile says.
    """
    yield check_disk(profile.path.parent)
    rpc = Rpc(profile.rpc, access=access.over(profile.node_access), attempts=2, timeout_seconds=10.0)
    with Connection(profile, rpc) as connection:
        node = check_node(connection)
        yield node
        if node.severity == "error":
            return
        yield from _each(lambda: [check_clock(rpc, profile, now())])
        yield from _each(lambda: [check_founding(connection)])
        yield from _each(lambda: check_code(connection))
        yield from _each(lambda: check_island(connection))
        yield from _each(lambda: check_policy(connection, now()))
        is_locked = False
        for institution in profile.institutions:
            yield from _each(partial(check_issuer, connection, institution, now()))
            if not is_locked:  # one password opens everything of a profile
                found = _each(partial(check_accounts, connection, institution))
                is_locked = any(finding.code == "wrong_password" for finding in found)
                yield from found
            yield from _each(partial(check_controllers, connection, institution))
            yield from _each(partial(check_membership, connection, institution))
            if not is_locked:
                yield from _each(partial(check_signing_key, connection, institution, now()))
            yield from _each(partial(check_lists, connection, institution))


def _each(check: Callable[[], Sequence[Finding]]) -> Sequence[Finding]:
    """A check's findings, or what kept it from being made as a finding of its own."""
    try:
        return check()
    except (ChainUnreachableError, RpcError) as error:
        return [Finding("chain_unreachable", "error", error.message, error.advice, exit_code=7)]
    except TestamurError as error:
        return [Finding("check_failed", "error", error.message, error.advice, exit_code=error.exit_code)]
