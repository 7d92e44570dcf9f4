"""What the chain says happened, and whether it is complete: every batch, status and vote, read from its events.

    python scripts/audit.py FOLDER
    brownie run audit main FOLDER --network NAME

The same as `testamur audit check`. Ends with an error where something is missing.
"""

import sys

from testamur.audit.completeness import check
from testamur.chain.brownie import open_profile, run_script
from testamur.chain.connection import Connection


def main(folder: str | None = None) -> None:
    """Print one line for each status list; fail where the record is not whole."""
    with Connection.open(open_profile(folder)) as connection:
        audit = check(connection.suite)
    for account in audit.lists.values():
        print(f"list {account.number} of institution {account.institution}: {account.issued} of {account.size} issued")
    revoked, suspended = (sum(own.count(name) for own in audit.lists.values()) for name in ("revoked", "suspended"))
    print(f"{revoked} revoked, {suspended} suspended")
    if audit.problems:
        raise SystemExit("\n".join(audit.problems))
    print(f"complete: {audit.events} events up to block {audit.block} agree with the register")


if __name__ == "__main__":
    run_script(main, sys.argv[1:])
