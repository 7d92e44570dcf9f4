"""Many blocks without transactions in one commit: what a development chain is asked for by hardhat_mine."""

from collections.abc import Callable

from testamur.proof.cometbft import SignedHeader

from testamur_node.abci import Decided
from testamur_node.application import Application
from testamur_node.engine.headers import encode_signed
from testamur_node.store.store import Commit

__all__ = ["empty_blocks"]

_SECOND = 1_000_000_000


def empty_blocks(
    application: Application,
    last: SignedHeader | None,
    now: Callable[[], int],
    sign: Callable[[Decided, bytes, SignedHeader | None], SignedHeader],
    count: int,
    spacing: int | None,
) -> tuple[list[Commit], SignedHeader | None]:
    """`count` blocks on the head, `spacing` seconds apart where it is given, each with its two headers behind `last`:
    what to write at once, and the newest header. Nothing is written.
    """
    head, ahead, commits = application.head, dict[bytes, bytes](), list[Commit]()
    for _ in range(count):
        height, last_time = (last.header.height, last.header.time_ns) if last else (0, 0)
        following = (head.timestamp + (spacing or 1)) * _SECOND
        time_ns = following if spacing else max(now(), last_time + 1, following)
        block, result = application.empty_block(head, time_ns // _SECOND, ahead)
        first = sign(Decided(height + 1, time_ns, ()), head.hash, last)
        last = sign(Decided(height + 2, max(now(), time_ns + 1), ()), block.hash, first)
        signed = ((height + 1, head.number, encode_signed(first)), (height + 2, block.number, encode_signed(last)))
        meta = {"engine_height": (height + 2).to_bytes(8, "big")}
        commits.append(Commit(block=block, nodes=result.writes, signed_headers=signed, meta=meta))
        ahead |= result.writes
        head = block.header
    return commits, last
