"""Blocks to make up: eth_simulateV1 with chains of blocks, overrides, moved precompiles, and calls of every kind."""

from collections.abc import Iterator
from random import Random
from typing import Any

from tests.interop.comparing import Request
from tests.interop.tools.oracle.calling import CODES, block_overrides, message, overrides
from tests.interop.tools.oracle.chain import NOBODY, Chain

__all__ = ["simulations"]


def _block(chain: Chain, chance: Random, validates: bool) -> dict[str, Any]:
    made: dict[str, Any] = {}
    tame = chance.random() < 0.85
    if chance.random() < 0.5:
        made["blockOverrides"] = _fields(chance, tame)
    if chance.random() < 0.7:
        made["stateOverrides"] = overrides(chain, chance, moves=True)
    calls = [message(chain, chance, tame=tame) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
    for call in calls:
        if validates and chance.random() < 0.9:
            call |= {"maxFeePerGas": hex(10**10), "from": chance.choice(chain.accounts[:4])}
            call.pop("nonce", None)
            call.pop("gasPrice", None)
            call.pop("maxPriorityFeePerGas", None)
    made["calls"] = calls
    return made


def _fields(chance: Random, tame: bool) -> dict[str, Any]:
    made = block_overrides(chance)
    made.pop("difficulty", None)  # it turns a block of today into one of proof of work, on which geth panics
    if tame:
        for name in ("number", "time", "gasLimit"):
            made.pop(name, None)
        if chance.random() < 0.2:
            made["gasLimit"] = hex(chance.choice((2_000_000, 40_000_000)))
    if chance.random() < 0.15:
        made["beaconRoot"] = "0x" + "be" * 32
    if chance.random() < 0.15:
        made["withdrawals"] = [
            {
                "index": "0x1",
                "validatorIndex": "0x2",
                "address": chance.choice(("0x" + "fd" * 20, "0x" + "fe" * 20)),
                "amount": hex(amount),
            }
            for amount in (0, 1, 10**9)[: chance.randrange(4)]
        ]
    return made


def _gaps(chain: Chain, chance: Random) -> list[dict[str, Any]]:
    """Blocks whose numbers and times leave gaps, rising or not, and look back over them by BLOCKHASH."""
    number, time, made = chain.head, 0x1C2, []
    for _ in range(chance.randrange(1, 4)):
        number += chance.choice((1, 1, 2, 5, 20, 0, 300) if chance.random() < 0.3 else (1, 2, 5))
        time += chance.choice((12, 1, 100, 300, 0) if chance.random() < 0.3 else (60, 100, 300))
        fields = {"number": hex(number)} | ({"time": hex(time)} if chance.random() < 0.5 else {})
        seen = "0x" + "c0" * 20
        looks = "0x60003540600052602060006000a0" + "60206000f3"
        asked = "0x" + f"{chance.choice((number - 1, number, chain.head, chain.head - 3, number - 2, 0)):064x}"
        made.append(
            {
                "blockOverrides": fields,
                "stateOverrides": {seen: {"code": looks}},
                "calls": [{"to": seen, "input": asked}],
            }
        )
    return made


def _sequence(chain: Chain, chance: Random) -> list[dict[str, Any]]:
    """Blocks that build on each other: deploy, call, transfer on, destroy."""
    sender = chance.choice(chain.accounts)
    runtime = chance.choice(CODES)[2:][:64]
    creation = "0x" + f"60{len(runtime) // 2:02x}80600b6000396000f3" + runtime
    nonce = 0
    made = []
    for _ in range(chance.randrange(1, 4)):
        calls: list[dict[str, Any]] = []
        for _ in range(chance.randrange(1, 4)):
            calls.append(
                chance.choice(
                    (
                        {"from": sender, "input": creation},
                        {"from": sender, "to": NOBODY, "value": hex(chance.randrange(1000))},
                        {"from": NOBODY, "to": "0x" + "ee" * 20, "value": hex(chance.randrange(1000))},
                        {"from": sender, "to": chance.choice(chain.contracts), "input": "0x01020304", "value": "0x1"},
                    )
                )
            )
            nonce += 1
        made.append({"calls": calls})
    return made


def simulations(chain: Chain, chance: Random, count: int) -> Iterator[Request]:
    """Simulations on the head, sometimes on an older block."""
    for _ in range(count):
        validates = chance.random() < 0.3
        draw = chance.random()
        if draw < 0.2:
            blocks = _gaps(chain, chance)
        elif draw < 0.4:
            blocks = _sequence(chain, chance)
        else:
            blocks = [_block(chain, chance, validates) for _ in range(chance.choice((1, 1, 2, 3)))]
        options: dict[str, Any] = {"blockStateCalls": blocks}
        for name, likely in (("traceTransfers", 0.4), ("returnFullTransactions", 0.4)):
            if chance.random() < likely:
                options[name] = True
        if validates:
            options["validation"] = True
        block = chain.some_block(chance) if chance.random() < 0.15 else "latest"
        if block != "latest":
            for call in (call for item in blocks for call in item.get("calls", ())):
                call.pop("authorizationList", None)  # geth delegates under every fork, we from Prague on
        yield Request("eth_simulateV1", [options, block])
