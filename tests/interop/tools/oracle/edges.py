"""Calls, traces and made-up blocks at their edges: accounts, blocks and messages that nobody would ask for."""

from collections.abc import Iterator
from random import Random
from typing import Any

from tests.interop.comparing import Request
from tests.interop.tools.eels import program
from tests.interop.tools.oracle.calling import CODES, message
from tests.interop.tools.oracle.chain import NOBODY, Chain
from tests.interop.tools.oracle.tracing import OPTIONS

__all__ = ["simulated_edges", "called_edges", "traced_edges"]

_CODED, _OTHER, _SENDER = "0x" + "c0" * 20, "0x" + "c1" * 20, "0x" + "5e" * 20
_SYSTEM = (
    "0x0000f90827f1c53a10cb7a02335b175320002935", "0x000f3df6d732807ef1319fb7b8bb8522d0beac02",
    "0x00000961ef480eb55e80d19ad83579a64c007002", "0x0000bbddc7ce488642fb579f8b00f3a590007251",
    "0xfffffffffffffffffffffffffffffffffffffffe", "0x" + "ee" * 20,
)  # fmt: skip
"""Contracts that the protocol calls, whom it calls them as, and where transfers are logged."""
_DEPOSIT = "0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5"
_LONDON, _MERGE = 27, 36
_MOST = 2**256 - 1


def _word(number: int) -> str:
    return "0x" + f"{number:064x}"


def _precompile(chance: Random) -> str:
    return "0x" + "00" * 19 + f"{chance.randrange(1, 0x14):02x}"


def _somebody(chain: Chain, chance: Random) -> str:
    named = (_CODED, _OTHER, _SENDER, NOBODY, _precompile(chance), chance.choice(_SYSTEM), "0x" + "00" * 20)
    return chance.choice((*named, *chain.accounts[:3], chance.choice(chain.contracts)))


def _creating(length: int, first: int = 0) -> str:
    """Creation code that deploys `length` bytes, the first of them given."""
    return f"0x60{first:02x}60005362{length:06x}6000f3"


def _depositing(length: int) -> str:
    """Code of the deposit contract: an event of so many bytes."""
    return f"0x7f{_DEPOSIT[2:]}61{length:04x}6000a100"


def _code(chance: Random) -> str:
    return chance.choice(
        (
            "0x" + program(chance).hex(),
            chance.choice(CODES),
            "0x",
            "0xef0100" + _OTHER[2:],
            "0xef0100" + _CODED[2:],
            "0x33ff",
            "0x41ff",
            _depositing(576),
            _depositing(575),
            "0x600060006000600060013f5af100",
            "0x3d60006000fd",
            "0x4a60005260206000f3",
            "0x5f495f5260205ff3",
            "0x5f355f545f5560205ff3",
            "0x5f5f5f5f345f355af1005f5260205ff3",
            "0x445f5260205ff3",
            "0x32315f5260205ff3",
            "0x41315f5260205ff3",
            "0x30ff",
            "0x6001600c60003960016000f3fe",
            "0x5f355f5260205ff3",
            "0x5f354060005260206000f3",
        )
    )


def _account(chance: Random) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if chance.random() < 0.4:
        made["balance"] = hex(chance.choice((0, 1, 10**18, 10**30, _MOST)))
    if chance.random() < 0.25:
        made["nonce"] = hex(chance.choice((0, 1, 7, 2**64 - 2, 2**64 - 1)))
    if chance.random() < 0.5:
        made["code"] = _code(chance)
    if chance.random() < 0.3:
        slots = {_word(chance.choice((0, 1, 2, _MOST))): _word(chance.choice((0, 1, _MOST))) for _ in range(2)}
        made[chance.choice(("state", "stateDiff"))] = chance.choice((slots, {}))
    return made


def _accounts(chain: Chain, chance: Random) -> dict[str, Any]:
    made = {_somebody(chain, chance): _account(chance) for _ in range(chance.randrange(5))}
    made[_SENDER] = {**_account(chance), "balance": hex(10**30)}
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        target = chance.choice((_word(0x1234)[:2] + _word(0x1234)[-40:], _OTHER, _precompile(chance), NOBODY))
        made[_precompile(chance)] = {"movePrecompileToAddress": target, **chance.choice(({}, _account(chance)))}
    for address, account in made.items():
        if address < "0x" + "00" * 19 + "20" and account.get("code", "").startswith("0xef01"):
            account["code"] = "0x00"  # py-evm would run whom a precompile delegates to, geth runs the precompile
    return made


def _call(chain: Chain, chance: Random, validates: bool) -> dict[str, Any]:
    made = message(chain, chance, tame=chance.random() < 0.8)
    if chance.random() < 0.7:
        made["from"] = chance.choice((_SENDER, _SENDER, *chain.accounts[:3], _somebody(chain, chance)))
    if chance.random() < 0.4:
        made["to"] = _somebody(chain, chance)
    if chance.random() < 0.1:
        made.pop("to", None)
        made["input"] = chance.choice(
            (_creating(10), _creating(10, 0xEF), _creating(24_576), _creating(24_577), "0x" + "00" * 49_153,
             "0x" + "00" * 49_152, "0x" + _code(chance)[2:], "0xfe", "0x30ff")
        )  # fmt: skip
        made["gas"] = hex(chance.choice((100_000, 1_000_000, 9_000_000)))
    if chance.random() < 0.1:
        made["data"], made["input"] = "0x01", chance.choice(("0x01", "0x02"))
    if chance.random() < 0.1:
        made["blobVersionedHashes"] = ["0x01" + "ab" * 31] * chance.randrange(1, 12)
        made["maxFeePerBlobGas"] = hex(chance.choice((0, 1, 2, 10**12)))
    if validates and chance.random() < 0.8:
        made |= {"maxFeePerGas": hex(10**12), "maxPriorityFeePerGas": hex(chance.choice((0, 1, 10**9)))}
        made.pop("gasPrice", None)
        if chance.random() < 0.9:
            made.pop("nonce", None)
    return made


def _block(chain: Chain, chance: Random, base: int, validates: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, likely, values in (
        ("gasLimit", 0.15, (0, 20_999, 21_000, 100_000, 30_000_000, 2**63)),
        ("baseFeePerGas", 0.25, (0, 1, 7, 10**9, 10**12, 2**255)),
        ("blobBaseFee", 0.15, (0, 1, 7, 10**12, 2**200)),
    ):
        if chance.random() < likely:
            fields[name] = hex(chance.choice(values))
    if chance.random() < 0.2:
        fields["feeRecipient"] = _somebody(chain, chance)
    for name in ("prevRandao", "beaconRoot"):
        if chance.random() < 0.2:
            fields[name] = _word(chance.choice((0, 1, _MOST)))
    if base + 4 < _LONDON and chance.random() < 0.2:
        fields["difficulty"] = hex(chance.choice((0, 1, 10**9)))
    if chance.random() < 0.15:
        fields["withdrawals"] = [
            {"index": hex(index), "validatorIndex": "0x1", "address": _somebody(chain, chance),
             "amount": hex(chance.choice((0, 1, 2**64 - 1)))}
            for index in range(chance.randrange(3))
        ]  # fmt: skip
    made: dict[str, Any] = {"calls": [_call(chain, chance, validates) for _ in range(chance.choice((0, 1, 1, 2, 3)))]}
    if fields or chance.random() < 0.2:
        made["blockOverrides"] = fields
    if chance.random() < 0.8:
        made["stateOverrides"] = _accounts(chain, chance)
    return made


def simulated_edges(chain: Chain, chance: Random, count: int) -> Iterator[Request]:
    """Made-up blocks with everything that their fork allows, now and then a little more."""
    for _ in range(count):
        validates = chance.random() < 0.3
        base = chance.choice((chain.head, chain.head, chain.head, chance.randrange(chain.head + 1)))
        blocks = [_block(chain, chance, base, validates) for _ in range(chance.choice((1, 1, 2, 3)))]
        number, time = base, int(chain.blocks[base]["timestamp"], 16)
        for block in blocks:
            number, time = number + chance.choice((1, 1, 2, 3)), time + chance.choice((36, 40, 100))
            if chance.random() < 0.3:
                block["blockOverrides"] = {**block.get("blockOverrides", {}), "number": hex(number), "time": hex(time)}
        if base < chain.head:
            for call in (call for block in blocks for call in block["calls"]):
                call.pop("authorizationList", None)  # geth delegates under every fork, we from Prague on
        options = {"blockStateCalls": blocks} | {
            name: True for name in ("traceTransfers", "returnFullTransactions") if chance.random() < 0.5
        }
        yield Request("eth_simulateV1", [options | ({"validation": True} if validates else {}), hex(base)])


def _message(chain: Chain, chance: Random, number: int) -> dict[str, Any]:
    made = _call(chain, chance, False)
    if number < chain.head:
        made.pop("authorizationList", None)  # geth delegates under every fork, we from Prague on
    return made


def _block_fields(chance: Random, number: int) -> dict[str, Any]:
    """Fields that a call pretends; a number among them, without which geth's debug_traceCall panics."""
    made = {"number": hex(chance.choice((number, number + 1, number + 2, chance.randrange(50))))}
    for name, values in (
        ("time", (0, 389, 390, 420, 450, 10**9)),
        ("gasLimit", (0, 21_000, 10**9)),
        ("baseFeePerGas", (0, 1, 10**9, 2**255)),
        ("blobBaseFee", (0, 1, 2**200)),
        ("difficulty", (0, 1, 2**200)),
    ):
        if chance.random() < 0.25:
            made[name] = hex(chance.choice(values))
    if chance.random() < 0.25:
        made["prevRandao"] = _word(chance.choice((0, 1, _MOST)))
    if chance.random() < 0.25:
        made["feeRecipient"] = chance.choice((_CODED, _SENDER, NOBODY, _precompile(chance)))
    return made


def called_edges(chain: Chain, chance: Random, count: int) -> Iterator[Request]:
    """Calls, estimates and access lists on blocks of every fork."""
    for _ in range(count):
        method = chance.choice(("eth_call", "eth_estimateGas", "eth_createAccessList"))
        number = chance.choice((chain.head, chance.randrange(chain.head + 1)))
        parameters: list[Any] = [_message(chain, chance, number), hex(number), _accounts(chain, chance)]
        if chance.random() < 0.4 and method != "eth_createAccessList":
            parameters.append(_block_fields(chance, number))
        yield Request(method, parameters if chance.random() < 0.9 else parameters[:1])


def traced_edges(chain: Chain, chance: Random, count: int) -> Iterator[Request]:
    """Traced calls on blocks of every fork, and in the middle of blocks."""
    for _ in range(count):
        number = chance.choice((chain.head, chance.randrange(chain.head + 1)))
        options: dict[str, Any] = dict(chance.choice(OPTIONS) or {})
        if chance.random() < 0.8:
            options["stateOverrides"] = _accounts(chain, chance)
        if chance.random() < 0.3:
            options["blockOverrides"] = _block_fields(chance, number)
        if chance.random() < 0.2:
            options["txIndex"] = hex(chance.choice((0, 0, 1, 2, 5)))
        yield Request("debug_traceCall", [_message(chain, chance, number), hex(number), options])
