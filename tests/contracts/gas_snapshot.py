"""Gas of the suite's everyday transactions, exactly: gas.json beside this file, whose diff a reviewer reads.

`python -m tests.contracts.gas_snapshot` writes it anew.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from tests.contracts.suite import DAY, ISSUE, SCOPE, Suite, account, founded

__all__ = ["FILE", "main", "measured"]

FILE = Path(__file__).with_name("gas.json")
DOCUMENT = b"\x07" * 32


def measured() -> dict[str, int]:
    """Action -> gas of its transaction, each from the same beginning."""
    start = founded(3)
    for number in (1, 2):
        start.admit(number)
        start.open_list(number)
    start.chain.mine(DAY)
    return {name: act(start.fork()) for name, act in sorted(_ACTIONS.items())}


def main() -> int:
    FILE.write_text(json.dumps(measured(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def _propose(suite: Suite) -> int:
    call = (suite.address("Alliance"), suite.chain.data(suite.address("Alliance"), "adoptAgreement", DOCUMENT, 0))
    return suite.send("govern 1", "Alliance", "propose", [call], DOCUMENT).gas


def _vote(suite: Suite) -> int:
    proposal = suite.propose(("Alliance", "adoptAgreement", DOCUMENT, 0))
    suite.chain.mine()
    return suite.send("govern 2", "Alliance", "vote", proposal, True).gas


def _execute(suite: Suite) -> int:
    return suite.decide(("Alliance", "adoptAgreement", DOCUMENT, 0)).gas


def _pass_scope(suite: Suite) -> int:
    return suite.decide(("IssuerRegistry", "addScope", 1, SCOPE, b"\0" * 32)).gas


def _add_operator(suite: Suite) -> int:
    return suite.hire("newcomer", 1, ISSUE).gas


def _anchor(suite: Suite) -> int:
    return suite.anchor(1).gas


def _void(suite: Suite) -> int:
    batch = suite.anchor(1).output
    suite.chain.mine()
    return suite.send("status 1", "StatusRegistry", "voidBatch", 1, batch, 100, 1).gas


def _sent(person: str, contract: str, function: str, *arguments: object) -> Callable[[Suite], int]:
    return lambda suite: suite.send(person, contract, function, *arguments).gas


_ACTIONS: dict[str, Callable[[Suite], int]] = {
    "alliance: propose one call": _propose,
    "alliance: vote": _vote,
    "alliance: execute an agreement": _execute,
    "alliance: execute a new scope": _pass_scope,
    "operators: add an operator": _add_operator,
    "operators: retire an operator": _sent("admin 1", "Operators", "retireOperator", account("issue 1")),
    "keys: add a key": _sent("admin 1", "Keys", "addKey", b"\x21" * 32, 1),
    "status: open a list": _sent("issue 1", "StatusRegistry", "openList", 20),
    "status: revoke one": _sent("status 1", "StatusRegistry", "revoke", 1, 77, 1),
    "status: suspend one": _sent("status 1", "StatusRegistry", "suspend", 1, 77, 1),
    "status: revoke a word": _sent("status 1", "StatusRegistry", "revokeWords", 1, [3], [2**256 - 1], 1),
    "status: revoke ten words": _sent(
        "status 1", "StatusRegistry", "revokeWords", 1, list(range(10)), [2**256 - 1] * 10, 1
    ),
    "status: void a batch": _void,
    "batches: anchor": _anchor,
}


if __name__ == "__main__":
    sys.exit(main())
