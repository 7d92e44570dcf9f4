"""What makes way in a full pool: queued transactions alone, of whoever has most of them, the farthest nonce first.

A pending transaction never makes way: a block could take it at any moment, and its sender was told that it waits.
"""

import heapq
from collections.abc import Iterator, Mapping

from testamur_node.chain.transaction import Transaction
from testamur_node.pool.sender import Sender

__all__ = ["evictable"]


def evictable(senders: Mapping[bytes, Sender], newcomer: Transaction) -> Iterator[Transaction]:
    """Queued transactions in the order in which they make way for `newcomer`; none where it would itself be queued."""
    own = senders.get(newcomer.sender)
    if own is not None and newcomer.nonce > own.next_nonce:
        return
    heap: list[tuple[int, bytes]] = []
    for address, sender in senders.items():
        queued = sender.queued() if address != newcomer.sender else _queued_after(sender, newcomer)
        if queued:
            heap.append((-queued, address))
    heapq.heapify(heap)
    farthest: dict[bytes, list[int]] = {}
    while heap:
        negative, address = heapq.heappop(heap)
        nonces = farthest.get(address)
        if nonces is None:
            nonces = farthest[address] = sorted(senders[address].by_nonce)
        yield senders[address].by_nonce[nonces.pop()]
        if negative < -1:
            heapq.heappush(heap, (negative + 1, address))


def _queued_after(sender: Sender, newcomer: Transaction) -> int:
    """How many still wait behind a gap once `newcomer` has joined its sender's run."""
    end = max(sender.next_nonce, newcomer.nonce + 1)
    while end in sender.by_nonce:
        end += 1
    return sum(1 for nonce in sender.by_nonce if nonce >= end)
