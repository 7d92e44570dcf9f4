"""Random blocks for the Ethereum execution specification (EELS) to judge, and its transition tool as a function."""

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eth_account import Account
from testamur_node.codec import from_hex, rlp_decode, rlp_encode, to_hex
from testamur_node.execution.executor import BlockContext
from testamur_node.genesis import Allocation

from tests.node.founding import ADDRESSES, CHAIN_ID, KEYS, creating, raw, word
from tests.tooling import EELS, output_of

CONTRACTS = [b"\xc0" * 19 + bytes([number]) for number in range(12)]
TARGETS = [*CONTRACTS, *(bytes(19) + bytes([number]) for number in range(1, 10)), *ADDRESSES[:3], b"\xee" * 20]
"""Whom programs call: each other, cheap precompiles, ordinary accounts, nobody."""
BASE_FEE = 10**9
_PLAIN = bytes.fromhex(
    "01020304060a101114151617191a1b1c303132333435363a3b3d3f404142434445464748494a5058595a80818290915b"
)
"""Opcodes without operands that go wrong in interesting ways alone."""


def push(number: int) -> bytes:
    return bytes([0x60, number])


def program(chance: random.Random) -> bytes:
    """Some dozen instructions: storage, transient storage, logs, calls of every kind, creations, self-destruction."""
    code = b""
    for _ in range(chance.randrange(5, 40)):
        match chance.choices(range(11), (45, 15, 8, 4, 3, 4, 3, 10, 4, 1, 3))[0]:
            case 0:
                code += push(chance.choice((chance.randrange(8), chance.randrange(256))))
            case 1:
                code += bytes([chance.choice(_PLAIN)])
            case 2:
                code += push(chance.randrange(4)) + push(chance.randrange(6)) + b"\x55"
            case 3:
                code += push(chance.randrange(6)) + b"\x54"
            case 4:
                code += push(chance.randrange(9)) + push(chance.randrange(4)) + b"\x5d" + push(0) + b"\x5c"
            case 5:
                code += push(chance.randrange(9)) + push(chance.randrange(64)) + chance.choice((b"\x52", b"\x53"))
            case 6:
                topics = chance.randrange(5)
                code += b"".join(push(chance.randrange(256)) for _ in range(topics + 2)) + bytes([0xA0 + topics])
            case 7:
                opcode = chance.choice((0xF1, 0xF2, 0xF4, 0xFA))
                code += b"".join(push(chance.randrange(40)) for _ in range(4))
                code += push(chance.randrange(3)) if opcode in (0xF1, 0xF2) else b""
                code += b"\x73" + chance.choice(TARGETS) + chance.choice((b"\x5a", b"\x61\xff\xff")) + bytes([opcode])
            case 8:
                code += push(chance.randrange(3)) if chance.random() < 0.5 else b""
                code += push(chance.randrange(40)) + push(chance.randrange(8)) + push(0)
                code += chance.choice((b"\xf0", b"\xf5"))
            case 9:
                code += b"\x73" + chance.choice(TARGETS) + b"\xff"
            case 10:
                code += push(chance.randrange(64)) + push(0) + chance.choice((b"\xf3", b"\xfd", b"\x20", b"\x5e"))
    return code


def contracts(chance: random.Random) -> dict[bytes, Allocation]:
    """The contracts that random transactions call."""
    return {
        address: Allocation(
            nonce=1,
            balance=chance.randrange(5),
            code=program(chance),
            storage={slot: chance.randrange(1, 9) for slot in range(3) if chance.random() < 0.6},
        )
        for address in CONTRACTS
    }


def transactions(chance: random.Random, count: int, nonces: Mapping[bytes, int]) -> list[bytes]:
    """Signed transactions of every type from the first eight accounts; the last two sign authorizations only."""
    following = dict(nonces)
    made, blobs = [], 0
    for _ in range(count):
        sender, kind = chance.randrange(8), chance.choice((0, 0, 1, 2, 2, 2, 3, 4))
        price = BASE_FEE + chance.randrange(BASE_FEE)
        fields: dict[str, Any] = {"gas": chance.choice((90_000, 160_000, 400_000)), "value": chance.randrange(3)}
        if kind < 3 and chance.random() < 0.2:
            code = program(chance)
            fields |= {"to": None, "data": creating(code[:200]) if chance.random() < 0.5 else code, "gas": 900_000}
        else:
            target = chance.choice((*CONTRACTS, b"\xdd" * 19 + bytes([chance.randrange(9)])))
            fields |= {"to": target, "data": chance.randbytes(chance.choice((0, 4, 33, 64, 300)))}
        if kind < 2:
            fields["gasPrice"] = price
        else:
            fields |= {"maxFeePerGas": price + BASE_FEE, "maxPriorityFeePerGas": chance.randrange(BASE_FEE)}
        if kind == 1 or (kind in (2, 3) and chance.random() < 0.5):
            slots = [to_hex(word(chance.randrange(5)))]
            fields["accessList"] = [{"address": to_hex(chance.choice(TARGETS)), "storageKeys": slots}]
        if kind == 1:
            fields["type"] = 1
        if kind == 3:
            blobs += 1
            if blobs > 9:
                continue
            fields |= {"maxFeePerBlobGas": BASE_FEE, "blobVersionedHashes": ["0x01" + chance.randbytes(31).hex()]}
        if kind == 4:
            authority = chance.choice((8, 9))
            authorization = {
                "chainId": chance.choice((0, CHAIN_ID, CHAIN_ID, 7)),
                "address": to_hex(chance.choice((*CONTRACTS, bytes(20)))),
                "nonce": nonces[ADDRESSES[authority]] + chance.choice((0, 0, 0, 1)),
            }
            fields["authorizationList"] = [Account.sign_authorization(authorization, KEYS[authority])]
        made.append(raw(sender, following[ADDRESSES[sender]], **fields))
        following[ADDRESSES[sender]] += 1
    return made


def as_json(allocations: Mapping[bytes, Allocation]) -> dict[str, Any]:
    """Accounts as the transition tool reads them."""
    return {
        to_hex(address): {
            "balance": hex(account.balance),
            "nonce": hex(account.nonce),
            "code": to_hex(account.code),
            "storage": {to_hex(word(slot)): to_hex(word(value)) for slot, value in account.storage.items()},
        }
        for address, account in allocations.items()
    }


def transition(
    folder: Path, accounts: dict[str, Any], block: Sequence[bytes], context: BlockContext, hashes: Mapping[int, bytes]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(result, accounts afterwards) of a block under EELS's Prague."""
    environment = {
        "currentCoinbase": to_hex(context.coinbase),
        "currentGasLimit": hex(context.gas_limit),
        "currentNumber": hex(context.number),
        "currentTimestamp": hex(context.timestamp),
        "currentRandom": to_hex(context.prev_randao),
        "currentBaseFee": hex(context.base_fee or 0),
        "currentExcessBlobGas": hex(context.excess_blob_gas or 0),
        "parentBeaconBlockRoot": to_hex(context.parent_beacon_root or b""),
        "withdrawals": [],
        "ommers": [],
        "blockHashes": {str(number): to_hex(block_hash) for number, block_hash in hashes.items()},
    }
    encoded = rlp_encode([rlp_decode(item) if item[0] >= 0xC0 else item for item in block])
    for name, content in (("alloc", accounts), ("env", environment), ("txs", to_hex(encoded))):
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    output_of(
        EELS / "ethereum-spec-evm", "t8n", "--input.alloc", folder / "alloc.json", "--input.env", folder / "env.json",
        "--input.txs", folder / "txs.json", "--output.basedir", folder, "--output.result", "result.json",
        "--output.alloc", "post.json", "--state.fork", "Prague", "--state.chainid", CHAIN_ID, "--state.reward", "-1",
    )  # fmt: skip
    result: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    after: dict[str, Any] = json.loads((folder / "post.json").read_text(encoding="utf-8"))
    return result, after


def difference(result: dict[str, Any], ours: Any) -> list[str]:
    """The names of what our `BlockResult` has otherwise."""
    pairs = {
        "stateRoot": ours.state_root,
        "txRoot": ours.transactions_root,
        "receiptsRoot": ours.receipts_root,
        "withdrawalsRoot": ours.withdrawals_root,
        "logsBloom": ours.logs_bloom,
        "requestsHash": ours.requests_hash,
    }
    wrong = [name for name, value in pairs.items() if name in result and from_hex(result[name]) != value]
    wrong += ["gasUsed"] if int(result["gasUsed"], 16) != ours.gas_used else []
    return wrong + (["rejected"] if result.get("rejected") else [])
