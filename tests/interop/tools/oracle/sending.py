"""Transactions to send: decoded and refused, or refused before. The chain's keys are nobody's, so nothing is taken."""

from collections.abc import Iterator
from random import Random
from typing import Any

from eth_account import Account

from tests.interop.comparing import Request
from tests.interop.tools.oracle.calling import message
from tests.interop.tools.oracle.chain import NOBODY, Chain

__all__ = ["sent", "filled"]

_CHAIN_ID = 3503995874084926
_KEY = bytes(range(1, 33))


def _signed(**fields: Any) -> str:
    return "0x" + bytes(Account.sign_transaction(fields, _KEY).raw_transaction).hex()


def sent(chain: Chain, chance: Random, count: int) -> Iterator[Request]:
    """Transactions of the chain again, whole and damaged, and new ones of an account without money."""
    raws = chain.raws[:: max(1, len(chain.raws) // 40)] + chain.raws[-8:]
    for raw in raws:
        yield Request("eth_sendRawTransaction", [raw])
    for _ in range(count):
        damaged = bytearray.fromhex(chance.choice(raws)[2:])
        kind = chance.randrange(4)
        if kind == 0:
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del damaged[chance.randrange(len(damaged)) :]
        elif kind == 2:
            damaged += bytes([chance.randrange(256)])
        else:
            damaged[0] = chance.randrange(256)
        yield Request("eth_sendRawTransaction", ["0x" + damaged.hex()])
    common = {"nonce": 0, "gas": 21_000, "to": bytes.fromhex(NOBODY[2:]), "value": 0, "chainId": _CHAIN_ID}
    priced = {**common, "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 10**9}
    for fields in (
        {**common, "gasPrice": 10**10}, priced, {**priced, "chainId": 1}, {**common, "gasPrice": 0},
        {**priced, "gas": 20_999}, {**priced, "gas": 10**9}, {**priced, "maxPriorityFeePerGas": 10**11},
        {**priced, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0}, {**priced, "value": 10**30},
        {**priced, "data": "0x" + "11" * 50_000, "to": None, "gas": 10_000_000}, {**priced, "nonce": 2**64 - 2},
        {**priced, "type": 2, "accessList": [{"address": NOBODY, "storageKeys": []}]},
        {**common, "gasPrice": 10**10, "type": 1, "accessList": []},
    ):  # fmt: skip
        yield Request("eth_sendRawTransaction", [_signed(**{k: v for k, v in fields.items() if v is not None})])
    for raw in ("0x", "0x00", "0x01", "0x02c0", "0x03c0", "0x04c0", "0x05c0", "0xc0", "0xff", "0x02" + "c1c0"):
        yield Request("eth_sendRawTransaction", [raw])
    for method in ("txpool_status", "txpool_content", "txpool_inspect"):
        yield Request(method, [])


def filled(chain: Chain, chance: Random, count: int) -> Iterator[Request]:
    """Transactions for others to sign, with every member that a caller may leave out."""
    for fields in (
        {}, {"from": NOBODY}, {"to": NOBODY}, {"to": NOBODY, "blobVersionedHashes": []}, {"data": "0x6000"},
        {"to": NOBODY, "blobVersionedHashes": ["0x01" + "ab" * 31] * 7}, {"to": NOBODY, "authorizationList": []},
        {"blobVersionedHashes": ["0x01" + "ab" * 31]}, {"to": NOBODY, "data": "0x01", "input": "0x02"},
        {"to": NOBODY, "gasPrice": "0x0"}, {"to": NOBODY, "maxFeePerGas": "0x0", "maxPriorityFeePerGas": "0x0"},
        {"to": NOBODY, "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2"}, {"to": NOBODY, "chainId": "0x1"},
        {"to": NOBODY, "gas": "0x1"}, {"to": NOBODY, "maxFeePerBlobGas": "0x0"},
    ):  # fmt: skip
        yield Request("eth_fillTransaction", [{"from": chain.accounts[0], **fields}])
    for _ in range(count):
        asked = message(chain, chance, tame=chance.random() < 0.7)
        if chance.random() < 0.8:
            asked["from"] = chance.choice(chain.accounts)
        yield Request("eth_fillTransaction", [asked])
