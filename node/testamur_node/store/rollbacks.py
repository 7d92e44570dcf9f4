"""The record that blocks of this chain were undone: kept beside the chain, for whoever has seen what is gone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from testamur_node.store.store import Store

__all__ = ["Rollback", "noted", "rollbacks_of"]

_NAME = "rollbacks"
_MOST = 32
"""The newest that are kept."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """One time that blocks were undone."""

    head: int
    """The newest block before."""
    head_hash: bytes
    target: int
    """The newest block after."""
    transactions: int
    status_changes: int
    time: int
    """Seconds since 1970, by the operator's clock."""

    def to_json(self) -> dict[str, object]:
        """One entry of `testamur_nodeStatus` and of the record."""
        return {
            "from": self.head,
            "fromHash": "0x" + self.head_hash.hex(),
            "to": self.target,
            "transactions": self.transactions,
            "statusChanges": self.status_changes,
            "time": self.time,
        }


def rollbacks_of(store: Store) -> tuple[Rollback, ...]:
    """All that are on record, the oldest first."""
    said = json.loads(store.meta(_NAME) or b"[]")
    return tuple(
        Rollback(
            one["from"], bytes.fromhex(one["fromHash"][2:]), one["to"], one["transactions"], one["statusChanges"],
            one["time"],
        )
        for one in said
    )  # fmt: skip


def noted(store: Store, rollback: Rollback) -> Mapping[str, bytes]:
    """The record with one more, as `Store.roll_back` writes it."""
    kept = [*rollbacks_of(store), rollback][-_MOST:]
    return {_NAME: json.dumps([one.to_json() for one in kept]).encode()}
