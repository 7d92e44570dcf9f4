"""Gas of what issuers do every day, beside what others take for the like (docs/protocol.md 7).

Whole transactions on py-evm, each in a block of its own, so that nothing is warm. Ours check on the way that the caller
acts for a recognised issuer, in a scope in force, on its own list; the peers check less or nothing of it.
"""

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from benchmarks import _large  # noqa: E402 - behind the path
from tests.contracts.suite import Suite, founded  # noqa: E402 - the tests are no installed package
from tests.contracts.test_scopes import Accredited  # noqa: E402 - as above

__all__ = ["Figure", "figures", "main"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One action's gas and its peer's."""

    action: str
    ours: float
    peer: int
    peer_name: str


def figures() -> list[Figure]:
    """Each action measured on a fresh alliance of two recognised issuers."""
    start = founded(2)
    start.admit(1)
    start.open_list(1)
    start.anchor(1)  # the first batch of a list writes its counter's slot as any other does
    return [
        Figure("anchor a batch of any size", _gas(start, _anchor), 200_272, "EAS attestation"),
        Figure("anchor, each of 50 in one transaction", _gas(start, _anchor_many) / 50, 166_141, "EAS, each of 50"),
        Figure("anchor under a scope with a link", _gas(_linked(), _anchor_linked), 200_272, "EAS attestation"),
        Figure("anchor again what is recorded", _gas(start, _anchor_again), 45_869, "EAS timestamp"),
        Figure("revoke, first of its word", _gas(start, _revoke), 59_890, "EAS revoke"),
        Figure("revoke, next of its word", _gas(_after(start, _revoke), _revoke_next), 59_890, "EAS revoke"),
        Figure("revoke, each of 100 at random", _gas(start, _revoke_random) / 100, 26_193, "EAS multi-revoke, each"),
        Figure("void a batch of 1,000,000", _gas(start, _void), 59_890, "EAS revoke of one"),
        Figure("revoke, each of 10,000 contiguous", _gas(start, _revoke_many) / 10_000, 94, "bare bitmap, each"),
    ]


def main() -> int:
    """Print the table; the last line is the anchor's share of an EAS attestation."""
    measured = figures()
    print(f"{'action':<40}{'ours':>10}{'peer':>10}{'ratio':>8}  peer")
    for figure in measured:
        ratio = figure.ours / figure.peer
        print(f"{figure.action:<40}{figure.ours:>10,.0f}{figure.peer:>10,}{ratio:>8.2f}  {figure.peer_name}")
    print("others, for comparison: Blockcerts batch 22,280 · document-store issue 48,168 (neither checks who issues)")
    print("                        bare bitmap revoke 46,527 first, 22,466 each of 100 at random (no access control)")
    for line in _large.report():
        print(line, flush=True)
    print(f"ratio {measured[0].ours / measured[0].peer:.3f}")
    return 0


def _gas(start: Suite, act: Callable[[Suite], int]) -> int:
    suite = start.fork()
    suite.chain.mine()
    return act(suite)


def _after(start: Suite, act: Callable[[Suite], int]) -> Suite:
    suite = start.fork()
    act(suite)
    return suite


def _anchor(suite: Suite) -> int:
    return suite.anchor(1, b"\x12" * 32, first=100).gas


def _anchor_linked(suite: Suite) -> int:
    return suite.anchor(2, b"\x13" * 32, list_=2, first=100).gas


def _linked() -> Suite:
    """Institution 2 recognised by the first one, under a scope of its own; its list has a batch."""
    accredited = Accredited()
    accredited.admit(2, 1)
    accredited.suite.open_list(2)
    accredited.suite.anchor(2, list_=2)
    return accredited.suite


def _anchor_again(suite: Suite) -> int:
    return suite.anchor(1).gas


def _anchor_many(suite: Suite) -> int:
    batches = [(bytes([0x20 + number]) * 32, 100, 1, 100 * (number + 1), 1, 1) for number in range(50)]
    return suite.send("issue 1", "CredentialBatches", "anchorMany", batches).gas


def _revoke(suite: Suite) -> int:
    return suite.send("status 1", "StatusRegistry", "revoke", 1, 512, 0).gas


def _revoke_next(suite: Suite) -> int:
    return suite.send("status 1", "StatusRegistry", "revoke", 1, 513, 0).gas


def _void(suite: Suite) -> int:
    suite.open_list(1, 20)
    number = suite.call("StatusRegistry", "nextList") - 1
    batch = suite.anchor(1, b"\x14" * 32, size=1_000_000, list_=number).output
    suite.chain.mine()
    return suite.send("status 1", "StatusRegistry", "voidBatch", 1, batch, 1_000_000, 1).gas


def _revoke_random(suite: Suite) -> int:
    return _revoke_words(suite, random.Random(1).sample(range(2**17), 100))


def _revoke_many(suite: Suite) -> int:
    return _revoke_words(suite, range(1000, 11_000))


def _revoke_words(suite: Suite, indexes: "range | list[int]") -> int:
    masks: dict[int, int] = {}
    for index in indexes:
        masks[index >> 8] = masks.get(index >> 8, 0) | 1 << (index & 255)
    return suite.send("status 1", "StatusRegistry", "revokeWords", 1, list(masks), list(masks.values()), 0).gas


if __name__ == "__main__":
    sys.exit(main())
