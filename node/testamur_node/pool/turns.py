"""The order in which a block takes what waits: groups take turns, and so do the senders inside a group.

On our chains a group is an institution, so that no member starves the rest. Each sender's transactions keep their nonce
order; what arrived decides, nothing else does.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator

from testamur_node.chain.transaction import Transaction

__all__ = ["in_turns"]


def in_turns(
    runs: Iterable[tuple[bytes, deque[Transaction]]], group_of: Callable[[bytes], Hashable] | None
) -> Iterator[Transaction]:
    """One transaction of each group in turn; `runs` has each sender with its run, none of them empty."""
    groups: dict[Hashable, deque[deque[Transaction]]] = {}
    for address, run in runs:
        groups.setdefault(address if group_of is None else group_of(address), deque()).append(run)
    turns = deque(groups.values())
    while turns:
        senders = turns.popleft()
        run = senders.popleft()
        yield run.popleft()
        if run:
            senders.append(run)
        if senders:
            turns.append(senders)
