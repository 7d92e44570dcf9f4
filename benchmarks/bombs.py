"""Seconds that the worst code costs per 1,000,000 gas, and so the worst block that an alliance chain takes (adr/0025).

Each bomb is a contract that repeats what py-evm does slowly for its price, run by our executor through `call`, as a
block would. Usage: ./run bench bombs [GAS]; GAS (1,000,000 unless said) is what each bomb may use. Seconds are the
process's own, whatever else the machine does. The last line is the seconds of the calls that a block takes over the
propose time-out that a consensus engine would have.
"""

import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from testamur_node.chain.rules import ALLIANCE, CodeLimits  # noqa: E402 - behind the path
from testamur_node.execution.executor import AccountOverride, BlockContext, CallRequest  # noqa: E402 - as above
from testamur_node.execution.pyevm import PyEvm  # noqa: E402 - as above
from testamur_node.execution.threads import Workers  # noqa: E402 - as above

from tests.node.founding import genesis_of, open_application  # noqa: E402 - as above

__all__ = ["BOMBS", "PROPOSE_SECONDS", "Figure", "figures", "main", "worst_block"]

PROPOSE_SECONDS = 3.0
"""A validator that has not judged a proposal by then votes for none."""
_NAMED_GAS = 30_000_000
"""Of a block of registry transactions, whose code the alliance voted for."""
_BOMB = b"\xb0" * 20


def _loop(body: str, before: str = "") -> bytes:
    """Code that does `before` once and `body` for ever."""
    start = len(bytes.fromhex(before))
    return bytes.fromhex(before + "5b" + body + f"60{start:02x}56")


BOMBS: Mapping[str, bytes] = {
    "jumps (the floor)": _loop(""),
    "calls of itself": bytes.fromhex("5f5f5f5f5f305af1") + bytes.fromhex("5b5f5f5f5f5f305af150600856"),
    "RETURNDATACOPY of nothing": _loop("5f5f5f3e"),
    "MCOPY of 32 bytes": _loop("60205f60205e"),
    "EXP of a long exponent": _loop("7f" + "ff" * 32 + "60030a50"),
    "MULMOD": _loop("7f" + "ff" * 32 + "8080" + "0950"),
    "KECCAK256 of nothing": _loop("5f5f2050"),
    "SLOAD, warm": _loop("5f5450"),
    "BALANCE, warm": _loop("303150"),
    "EXTCODEHASH, warm": _loop("303f50"),
    "LOG0": _loop("5f5fa0"),
    "SSTORE, warm": _loop("435f55"),
    "TSTORE": _loop("5f5f5d"),
    "identity precompile": _loop("5f5f5f5f5f60045af150"),
    "ECRECOVER": _loop("5f5f60805f5f60015af150"),
    "STATICCALL of nobody": _loop("5f5f5f5f60ee5afa50"),
}
"""What to repeat -> code that does so."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One bomb."""

    name: str
    seconds: float
    """Per 1,000,000 gas."""


def figures(gas: int) -> list[Figure]:
    """Each bomb run once with so much gas; the worst first."""
    with tempfile.TemporaryDirectory() as folder:
        application = open_application(Path(folder), genesis_of())
        executor = PyEvm(replace(ALLIANCE, code_limits=None), application.store.read_node)
        head = application.head
        context = BlockContext(
            number=1, timestamp=head.timestamp + 1, coinbase=bytes(20), prev_randao=bytes(32), gas_limit=2 * gas,
            base_fee=0, chain_id=1, parent_hash=head.hash, parent_beacon_root=bytes(32), excess_blob_gas=0,
        )  # fmt: skip
        workers = Workers(1, "bombs")  # calls nest deep
        try:
            measured = []
            for name, code in BOMBS.items():
                began = time.process_time()
                request = CallRequest(to=_BOMB, gas=gas)
                overrides = {_BOMB: AccountOverride(code=code)}
                call = partial(executor.call, head.state_root, request, context, overrides)
                result = workers.run(call)
                seconds = time.process_time() - began
                measured.append(Figure(name, seconds * 1_000_000 / max(result.gas_used, 1)))
        finally:
            workers.close()
            application.store.close()
    return sorted(measured, key=lambda figure: figure.seconds, reverse=True)


def worst_block(worst: float, limits: CodeLimits) -> float:
    """Seconds of a block full of code that the alliance did not vote for, at `worst` seconds per 1,000,000 gas."""
    return worst * (limits.calls + limits.creations) / 1_000_000


def main() -> int:
    """Print the table; the last line is the share of the propose time-out that calls may take."""
    gas = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    limits = ALLIANCE.code_limits
    assert limits is not None  # the chain's rule
    measured = figures(gas)
    for figure in measured:
        print(f"{figure.name:<28}{figure.seconds:>8.2f} s per 1,000,000 gas")
    worst = measured[0].seconds
    print(f"without limits of their own: {worst * _NAMED_GAS / 1_000_000:.1f} s a block")
    print(f"{limits.calls:,} gas of calls: {worst * limits.calls / 1_000_000:.2f} s")
    print(f"{limits.creations:,} gas of creations, by who may deploy: {worst * limits.creations / 1_000_000:.2f} s")
    print(f"both, of a propose time-out of {PROPOSE_SECONDS:g} s: {worst_block(worst, limits) / PROPOSE_SECONDS:.2f}")
    print(f"ratio {worst * limits.calls / 1_000_000 / PROPOSE_SECONDS:.3f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
