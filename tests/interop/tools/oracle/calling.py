"""Messages to run and forget: eth_call, eth_estimateGas and eth_createAccessList with every kind of message."""

from collections.abc import Iterator
from random import Random
from typing import Any

from tests.interop.comparing import Request
from tests.interop.tools.eels import program
from tests.interop.tools.oracle.chain import NOBODY, UNKNOWN, Chain

__all__ = ["calls", "message", "overrides", "block_overrides", "CODES"]

_ERROR = "08c379a0" + "20".rjust(64, "0") + "05".rjust(64, "0") + b"oh no".hex().ljust(64, "0")
_PANIC = "4e487b71" + "11".rjust(64, "0")


def _reverting(data: str) -> str:
    """Code that reverts with these bytes: copied from behind the program."""
    length = len(data) // 2
    return f"0x61{length:04x}80600c6000396000fd{data}"


CODES = (
    _reverting(_ERROR), _reverting(_PANIC), _reverting("12345678"), _reverting(_ERROR[:40]), _reverting(""),
    _reverting("08c379a0"), _reverting("4e487b71" + "99".rjust(64, "0")), "0x", "0x00", "0xfe", "0x0c", "0xef",
    "0x60005600", "0x50", "0x3d60003e", "0x600060003d3e", "0x4660005260206000f3", "0x4260005260206000f3",
    "0x4360005260206000f3", "0x4860005260206000f3", "0x4160005260206000f3", "0x4460005260206000f3",
    "0x4560005260206000f3",
    "0x3a60005260206000f3", "0x3260005260206000f3", "0x3360005260206000f3", "0x4a60005260206000f3",
    "0x60004960005260206000f3",
    "0x5a60005260206000f3", "0x3160005260206000f3", "0x4760005260206000f3", "0x600143034060005260206000f3",
    "0x43600190034060005260206000f3", "0x600054600101600055005b", "0x6001600055600060005500", "0x60016000526001601ff3",
    "0x60ff60005360016000f3", "0x61600160005260206000f3", "0x32ff", "0x33ff00", "0x600060006000600060006000335af100",
    "0x6000600060006000600173" + "cd" * 20 + "5af160005260206000f3", "0x36600060003760003660006000f0",
    "0x366000600037366000f3",
    "0x3660006000373660006000a0", "0x60013660006000373660006000a1",
    "0x36600060003760206000366000600060025af15060206000f3", "0xef0100" + "cd" * 20, "0x" + "60016000555b" * 40,
)  # fmt: skip
"""Programs, each after one fact: how it reverts or fails, what it sees of block, transaction and account."""
_SENDER = "0x" + "5e" * 20


def _number(chance: Random, *numbers: int) -> str:
    return hex(chance.choice(numbers))


def message(chain: Chain, chance: Random, *, tame: bool = False) -> dict[str, Any]:
    """A call object; `tame` leaves out what refuses the whole of it most of the time."""
    made: dict[str, Any] = {}
    if chance.random() < 0.8:
        made["from"] = chance.choice((*chain.accounts[:4], NOBODY, _SENDER, chance.choice(chain.contracts)))
    if chance.random() < 0.85:
        precompile = "0x" + "00" * 19 + f"{chance.randrange(0, 0x13):02x}"
        made["to"] = chance.choice((chain.somebody(chance), precompile, _CODED, _CODED, chance.choice(chain.contracts)))
    if chance.random() < 0.5:
        made["gas"] = _number(chance, 0, 20_999, 21_000, 53_000, 60_000, 100_000, 1_000_000, 49_999_999, 60_000_000)
        if tame:
            made["gas"] = _number(chance, 60_000, 100_000, 1_000_000)
    if chance.random() < 0.4:
        made["value"] = _number(chance, 0, 1, 2, 1000, *(() if tame else (10**18, 2**255)))
    if chance.random() < 0.6:
        payload = bytes(chance.randrange(256) for _ in range(chance.choice((0, 1, 4, 36, 100))))
        text = chance.choice(("0x" + payload.hex(), chance.choice(CODES), "0x" + program(chance).hex()))
        made[chance.choice(("data", "input"))] = text
    _price(chance, made, tame)
    if chance.random() < 0.2:
        made["nonce"] = _number(chance, 0, 1, 5, *(() if tame else (2**64 - 1,)))
    if chance.random() < 0.2:
        made["accessList"] = [
            {
                "address": chain.somebody(chance),
                "storageKeys": ["0x" + f"{slot:064x}" for slot in range(chance.randrange(3))],
            }
            for _ in range(chance.randrange(3))
        ]
    if chance.random() < 0.1:
        made["chainId"] = chance.choice((hex(3503995874084926), *(() if tame else ("0x1",))))
    if chance.random() < 0.08:
        made["blobVersionedHashes"] = ["0x01" + "ab" * 31] * chance.randrange(0 if not tame else 1, 3)
        if chance.random() < 0.5:
            made["maxFeePerBlobGas"] = _number(chance, 0, 1, 100)
        made.pop("gasPrice", None)
    if chance.random() < 0.08:
        made["authorizationList"] = [_authorization(chance) for _ in range(chance.randrange(0 if not tame else 1, 3))]
        made.pop("gasPrice", None)
    if tame and ("authorizationList" in made or "blobVersionedHashes" in made):
        made.setdefault("to", _CODED)
    return made


_CODED = "0x" + "c0" * 20
"""Overrides give this address code."""
_SIGNED = (
    {"chainId": "0x0", "address": _CODED, "nonce": "0x0", "yParity": "0x0", "r": "0x" + "11" * 32,
    "s": "0x" + "22" * 32},
    {"chainId": "0x0", "address": _CODED, "nonce": "0x0", "yParity": "0x1", "r": "0x" + "11" * 32,
    "s": "0x" + "23" * 32},
    {"chainId": "0x1", "address": _CODED, "nonce": "0x0", "yParity": "0x1", "r": "0x1", "s": "0x2"},
    {"chainId": "0x0", "address": "0x" + "00" * 20, "nonce": "0x0", "yParity": "0x1", "r": "0x1", "s": "0x3"},
    {"chainId": "0x0", "address": _CODED, "nonce": "0x1", "yParity": "0x1", "r": "0x1", "s": "0x2"},
    {"chainId": "0x0", "address": _CODED, "nonce": "0x0", "yParity": "0x2", "r": "0x1", "s": "0x2"},
    {"chainId": "0x0", "address": _CODED, "nonce": "0x0", "yParity": "0x0", "r": "0x0", "s": "0x0"},
)  # fmt: skip


def _authorization(chance: Random) -> dict[str, str]:
    return dict(chance.choice(_SIGNED))


def _price(chance: Random, made: dict[str, Any], tame: bool) -> None:
    base_fee = 0x5763D64
    prices = (base_fee, base_fee * 2) if tame else (0, 1, base_fee - 1, base_fee, base_fee * 2, 2**200)
    draw = chance.random()
    if draw < 0.12:
        made["gasPrice"] = _number(chance, *prices)
    elif draw < 0.3:
        made["maxFeePerGas"] = _number(chance, *prices)
        if chance.random() < 0.7:
            made["maxPriorityFeePerGas"] = _number(chance, 0, 1, base_fee, *(() if tame else (2**201,)))
    elif draw < 0.34 and not tame:
        made["maxPriorityFeePerGas"] = _number(chance, 0, 1)
    elif draw < 0.36 and not tame:
        made |= {"gasPrice": "0x5763d64", "maxFeePerGas": "0x5763d64"}


def overrides(chain: Chain, chance: Random, *, moves: bool = False) -> dict[str, Any]:
    """Accounts that a call pretends."""
    code = chance.choice((chance.choice(CODES), "0x" + program(chance).hex()))
    made: dict[str, Any] = {_CODED: {"code": code}}
    for sender in (NOBODY, _SENDER):
        if chance.random() < 0.6:
            made[sender] = {"balance": hex(chance.choice((0, 1, 10**17, 10**30)))}
    for _ in range(chance.randrange(3)):
        account: dict[str, Any] = made.setdefault(chain.somebody(chance), {})
        if chance.random() < 0.3:
            account["nonce"] = hex(chance.randrange(9))
        if chance.random() < 0.3:
            account["balance"] = hex(chance.randrange(10**9))
        if chance.random() < 0.3:
            account["code"] = chance.choice(CODES)
        if chance.random() < 0.4:
            slots = {"0x" + f"{chance.randrange(4):064x}": "0x" + f"{chance.randrange(9):064x}" for _ in range(2)}
            account[chance.choice(("state", "stateDiff"))] = slots
    if chance.random() < (0.25 if moves else 0.05):
        start = "0x" + "00" * 19 + f"{chance.randrange(1, 0x12):02x}"
        made[start] = {"movePrecompileToAddress": chance.choice(("0x" + "00" * 18 + "1234", _CODED, start, NOBODY))}
    if chance.random() < 0.05:
        made["0x" + "00" * 19 + f"{chance.randrange(1, 0x12):02x}"] = {"code": chance.choice(CODES)}
    return made


def block_overrides(chance: Random) -> dict[str, Any]:
    """Fields of the block that a call pretends; eth_simulateV1 takes two more."""
    made: dict[str, Any] = {}
    if chance.random() < 0.4:
        made["number"] = _number(chance, 0, 1, 30, 46, 47, 1000)
    if chance.random() < 0.4:
        made["time"] = _number(chance, 0, 1, 400, 440, 451, 1000, 10**9)
    if chance.random() < 0.3:
        made["gasLimit"] = _number(chance, 0, 21_000, 1_000_000, 50_000_000, 100_000_000)
    if chance.random() < 0.3:
        made["feeRecipient"] = "0x" + "fe" * 20
    if chance.random() < 0.3:
        made["prevRandao"] = "0x" + "1234".rjust(64, "0")
    if chance.random() < 0.3:
        made["baseFeePerGas"] = _number(chance, 0, 1, 0x5763D64, 10**12)
    if chance.random() < 0.2:
        made["blobBaseFee"] = _number(chance, 0, 1, 7, 10**12)
    if chance.random() < 0.1:
        made["difficulty"] = "0x123"
    return made


def calls(chain: Chain, chance: Random, count: int) -> Iterator[Request]:
    """Calls, estimates and access lists."""
    for code in CODES:
        replaced = {_CODED: {"code": code}}
        for extra in ({}, {"gas": "0xea60"}, {"from": chain.accounts[0], "gasPrice": "0x5763d64"}):
            for method in ("eth_call", "eth_estimateGas", "eth_createAccessList"):
                yield Request(method, [{"to": _CODED, "data": "0x01020304", **extra}, "latest", replaced])
        yield Request("eth_call", [{"data": code}])
        yield Request("eth_estimateGas", [{"data": code, "from": chain.accounts[1]}])
    for reference in ("0x2e", UNKNOWN, {"blockHash": UNKNOWN}, {}, "pending", None):
        for method in ("eth_call", "eth_estimateGas", "eth_createAccessList"):
            yield Request(method, [{"to": NOBODY}, reference])
    for _ in range(count):
        method = chance.choice(("eth_call", "eth_call", "eth_estimateGas", "eth_createAccessList"))
        parameters: list[Any] = [message(chain, chance, tame=chance.random() < 0.6)]
        parameters.append(chain.some_block(chance) if chance.random() < 0.3 else "latest")
        if parameters[1] != "latest":
            parameters[0].pop("authorizationList", None)  # geth delegates under every fork, we from Prague on
        parameters.append(overrides(chain, chance) if chance.random() < 0.8 else None)
        if chance.random() < 0.3 and method != "eth_createAccessList":
            parameters.append(block_overrides(chance))
        yield Request(method, parameters)
