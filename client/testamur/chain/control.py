"""Who controls an institution as the chain has it: the set, what waits to replace it, who is frozen. Read only."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from testamur.chain.acceptance import Controllers, read_controllers
from testamur.chain.connection import Connection
from testamur.chain.rpc import to_hex

__all__ = ["CONFIRMED", "Control", "Waiting", "read_control"]

CONFIRMED = (1 << 40) - 1
"""The last second of a freeze that a second GOVERN confirmed: it does not lapse (IOperators.Freeze)."""
_ASKERS = ("admin", "recovery", "together")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A replacement that waits (IControllers.Replacement)."""

    asker: str
    """`admin`, `recovery` or `together`."""
    effective_from: int
    """Seconds since 1970."""
    until: int
    """It lapses after this second."""


@dataclass(frozen=True, slots=True)
class Control:
    """An institution's controllers now."""

    institution: int
    controllers: Controllers
    waiting: tuple[Waiting, ...]
    frozen: tuple[tuple[bytes, int], ...]
    """ADMINs that are frozen, each with its last second."""
    mandate: int
    """Bits of REVIEW, RECOGNISE, AUDIT and BANK."""

    def as_json(self) -> dict[str, Any]:
        """What `account controllers --json` prints."""
        return {
            "institution": self.institution,
            "govern": list(self.controllers.govern),
            "admin": list(self.controllers.admin),
            "recovery": self.controllers.recovery,
            "waiting": [
                {"by": item.asker, "effectiveFrom": item.effective_from, "until": item.until} for item in self.waiting
            ],
            "frozen": [{"admin": to_hex(account), "until": until} for account, until in self.frozen],
            "mandate": self.mandate,
        }


def read_control(connection: Connection, institution: int, *, now: Callable[[], float] = time.time) -> Control:
    """Read it. What has lapsed by this clock is left out."""
    contract = connection.contract("Operators")
    chosen = read_controllers(connection, institution)
    records = contract.read_many("replacement", [(institution, asker) for asker in range(len(_ASKERS))])
    freezes = contract.read_many("freezeOf", [(account,) for account in chosen.admin])
    return Control(
        institution,
        chosen,
        tuple(
            Waiting(asker, record["effectiveFrom"], record["until"])
            for asker, record in zip(_ASKERS, records, strict=True)
            if record["until"] >= now()
        ),
        tuple(
            (account, record["until"])
            for account, record in zip(chosen.admin, freezes, strict=True)
            if record["until"] >= now()
        ),
        contract.read("institutionOf", institution)["mandate"],
    )
