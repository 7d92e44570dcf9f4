"""Turns at something scarce, shared between callers: whoever has fewest at work goes first, then who waited longest for
one. Of one caller only so many have a turn at once, however many wait; and who waits, waits in one of a few places, of
which no caller takes the last.
"""

import threading
from collections import Counter, OrderedDict, deque

from testamur_node.errand import Errand

__all__ = ["FairPlaces", "FairTurns"]


class FairPlaces:
    """`count` places. One caller has at most as many as it leaves free, so that others always find some: a single one
    half of them, whoever comes beside it half of the rest, and so on. Callers without a name may have all.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Callers that have places."""
        return len(self._held)

    def take(self, caller: str) -> bool:
        """Take one; False where there is none for this caller."""
        with self._lock:
            if self._free < 1 or (caller and self._held[caller] >= self._free):
                return False
            self._free -= 1
            self._held[caller] += 1
            return True

    def give_back(self, caller: str) -> None:
        """A place is free again."""
        with self._lock:
            self._free += 1
            self._held[caller] -= 1
            if not self._held[caller]:
                del self._held[caller]


class _Ticket:
    """One that waits."""

    def __init__(self) -> None:
        self.called = threading.Event()
        self.has_turn = False


class FairTurns:
    """`count` turns, at most `share` of one caller; callers without a name have no share and may have all."""

    def __init__(self, count: int, share: int) -> None:
        self._share = share
        self._count = self._free = count
        self._at_work: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[_Ticket]] = OrderedDict()
        """By caller; who was served last stands last."""
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Callers that are at work or wait."""
        with self._lock:
            return len(self._at_work.keys() | self._waiting.keys())

    def take(self, errand: Errand, seconds: float) -> bool:
        """Wait for a turn; False where none came within so long. Raises `OutOfTimeError` where the errand is over."""
        ticket = _Ticket()
        with self._lock:
            self._waiting.setdefault(errand.caller, deque()).append(ticket)
            self._call_next()
        try:
            if not ticket.has_turn:
                with errand.stoppable(ticket.called.set):
                    ticket.called.wait(min(seconds, errand.left()))
            errand.raise_if_over()
        except BaseException:
            if self._leave(errand.caller, ticket):
                self.give_back(errand.caller)
            raise
        return self._leave(errand.caller, ticket)

    def give_back(self, caller: str) -> None:
        """A turn is over."""
        with self._lock:
            self._free += 1
            self._at_work[caller] -= 1
            if not self._at_work[caller]:
                del self._at_work[caller]
            self._call_next()

    def _leave(self, caller: str, ticket: _Ticket) -> bool:
        """Wait no longer; whether it has a turn."""
        with self._lock:
            if not ticket.has_turn:
                waiting = self._waiting[caller]
                waiting.remove(ticket)
                if not waiting:
                    del self._waiting[caller]
            return ticket.has_turn

    def _call_next(self) -> None:
        """Hand out what is free."""
        while self._free:
            fitting = [caller for caller in self._waiting if self._at_work[caller] < self._limit(caller)]
            if not fitting:
                break
            caller = min(fitting, key=self._at_work.__getitem__)  # the first of several that have as few
            waiting = self._waiting[caller]
            ticket = waiting.popleft()
            if waiting:
                self._waiting.move_to_end(caller)
            else:
                del self._waiting[caller]
            self._free -= 1
            self._at_work[caller] += 1
            ticket.has_turn = True
            ticket.called.set()

    def _limit(self, caller: str) -> int:
        return self._share if caller else self._count
