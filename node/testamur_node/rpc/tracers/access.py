"""Which accounts and slots a message touches: eth_createAccessList (EIP-2930)."""

from testamur_node.chain.transaction import AccessEntry
from testamur_node.codec import word
from testamur_node.execution.observing import Observer, Step
from testamur_node.rpc.tracers.stack import touched_address, touched_slot

__all__ = ["AccessTracer"]


class AccessTracer(Observer):
    """Collects what is touched, on top of a list that is already there."""

    def __init__(self, known: tuple[AccessEntry, ...], excluded: frozenset[bytes]) -> None:
        self._slots: dict[bytes, set[bytes]] = {}
        self._excluded = excluded
        for entry in known:
            if entry.address not in excluded or entry.slots:
                self._slots.setdefault(entry.address, set()).update(entry.slots)

    def step(self, step: Step) -> None:
        """Note the account or slot of an instruction."""
        slot = touched_slot(step)
        if slot is not None:
            self._slots.setdefault(slot[0], set()).add(word(slot[1]))
        address = touched_address(step)
        if address is not None and address not in self._excluded:
            self._slots.setdefault(address, set())

    def entries(self) -> tuple[AccessEntry, ...]:
        """The list, sorted: accounts that are warm anyway only where slots of theirs are touched."""
        return tuple(AccessEntry(address, tuple(sorted(slots))) for address, slots in sorted(self._slots.items()))
