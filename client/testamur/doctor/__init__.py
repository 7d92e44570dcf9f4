"""Is everything in order to issue? One finding per check, each with its code, the facts, and what to do.

`diagnose` runs all checks of a profile and never raises for what it finds; `testamur.batch.issuing` runs those that a
run depends on before anything is signed. Codes are never translated; the sentences here are English, the rim has the
Chinese by their English, so that both say the same.
"""

from testamur.doctor.account import check_accounts, check_role
from testamur.doctor.disk import check_disk
from testamur.doctor.examination import diagnose
from testamur.doctor.finding import Finding
from testamur.doctor.governance import check_controllers, check_membership
from testamur.doctor.issuer import check_issuer, read_scopes
from testamur.doctor.key import check_lists, check_signing_key
from testamur.doctor.network import check_island, check_policy, island
from testamur.doctor.node import check_clock, check_code, check_node

__all__ = [
    "Finding",
    "check_accounts",
    "check_clock",
    "check_code",
    "check_controllers",
    "check_disk",
    "check_island",
    "check_issuer",
    "check_lists",
    "check_membership",
    "check_node",
    "check_policy",
    "check_role",
    "check_signing_key",
    "diagnose",
    "island",
    "read_scopes",
]
