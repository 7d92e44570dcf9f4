"""Requests that read: blocks, transactions, receipts, accounts, proofs, logs, fees, and the node's word on itself."""

from collections.abc import Iterator
from random import Random
from typing import Any

from tests.interop.comparing import Request
from tests.interop.tools.oracle.chain import NOBODY, TAGS, UNKNOWN, Chain

__all__ = ["blocks", "accounts", "proofs", "logs", "fees", "identity"]

_BEYOND = ("0x2e", "0x3e8", "0x7fffffffffffffff", UNKNOWN)
"""Blocks that there are not."""


def blocks(chain: Chain) -> Iterator[Request]:
    """Every block by number, hash and tag; every transaction and receipt by hash and place."""
    names = [name for block in chain.blocks for name in (block["number"], block["hash"])]
    for name in (*names, *TAGS, *_BEYOND):
        by = "Hash" if len(name) == 66 else "Number"
        for full in (True, False):
            yield Request(f"eth_getBlockBy{by}", [name, full])
        yield Request(f"eth_getHeaderBy{by}", [name])
        yield Request(f"eth_getBlockTransactionCountBy{by}", [name])
        yield Request(f"eth_getUncleCountByBlock{by}", [name])
        yield Request(f"eth_getUncleByBlock{by}AndIndex", [name, "0x0"])
        for reference in (name, {"blockHash": name} if by == "Hash" else {"blockNumber": name}):
            yield Request("eth_getBlockReceipts", [reference])
            yield from (Request(f"debug_getRaw{part}", [reference]) for part in ("Header", "Block", "Receipts"))
    for block in chain.blocks:
        for index in range(len(block["transactions"]) + 1):
            for by, name in (("Number", block["number"]), ("Hash", block["hash"])):
                yield Request(f"eth_getTransactionByBlock{by}AndIndex", [name, hex(index)])
                yield Request(f"eth_getRawTransactionByBlock{by}AndIndex", [name, hex(index)])
    for identity_ in (*(transaction["hash"] for transaction in chain.transactions), UNKNOWN):
        for method in (
            "eth_getTransactionByHash", "eth_getTransactionReceipt", "eth_getRawTransactionByHash",
            "debug_getRawTransaction",
        ):  # fmt: skip
            yield Request(method, [identity_])
    for tag in ("pending",):  # nothing waits; what is made of it by the clock is no matter of comparison
        yield Request("eth_getBlockTransactionCountByNumber", [tag])
        yield Request("eth_getUncleCountByBlockNumber", [tag])
        yield Request("eth_getTransactionByBlockNumberAndIndex", [tag, "0x0"])
        yield Request("eth_getRawTransactionByBlockNumberAndIndex", [tag, "0x0"])
        yield Request("eth_getBlockReceipts", [tag])


_SLOTS = (
    "0x0", "0x00", "0x1", "0x01", "0x000", "0", "1", "0x" + "00" * 32, "0x" + "00" * 31 + "01", "0x" + "0" * 63,
    "0x" + "00" * 33, "0x" + "0" * 65, "", "0x", "0xzz", "zz", "0X1", "0xA", "0xa", " 0x1", "0x1 ", "latest", "0x0x1",
    "-0x1", "0x" + "ff" * 32, "ff" * 32,
)  # fmt: skip


def accounts(chain: Chain, chance: Random, count: int) -> Iterator[Request]:
    """What accounts hold, at blocks by all their names, and storage under all spellings of keys."""
    for slot in _SLOTS:
        for address in (chain.contracts[5], NOBODY):
            yield Request("eth_getStorageAt", [address, slot, "latest"])
            yield Request("eth_getProof", [address, [slot], "latest"])
    for reference in (*_BEYOND, {"blockHash": UNKNOWN}, {"blockHash": UNKNOWN, "requireCanonical": True}, {}):
        for method in ("eth_getBalance", "eth_getCode", "eth_getTransactionCount"):
            yield Request(method, [NOBODY, reference])
        yield Request("eth_getStorageAt", [NOBODY, "0x0", reference])
        yield Request("eth_getProof", [NOBODY, [], reference])
    for address in (*chain.accounts, *chain.contracts):
        yield Request("eth_getTransactionCount", [address, "pending"])
        yield Request("eth_getBalance", [address, "pending"])
    for _ in range(count):
        address, block = chain.somebody(chance), chain.some_block(chance)
        yield Request(chance.choice(("eth_getBalance", "eth_getCode", "eth_getTransactionCount")), [address, block])
        yield Request("eth_getStorageAt", [address, hex(chance.randrange(4)), block])


def proofs(chain: Chain, chance: Random, count: int) -> Iterator[Request]:
    """Proofs of accounts that are there and that are not, with slots of all kinds."""
    slots = ["0x0", "0x1", "0x2", "0x" + "00" * 32, "0x" + "ff" * 32, "0x100", "1"]
    for _ in range(count):
        address, block = chain.somebody(chance), chain.some_block(chance)
        yield Request("eth_getProof", [address, chance.sample(slots, chance.randrange(4)), block])


def logs(chain: Chain, chance: Random, count: int) -> Iterator[Request]:
    """Logs by ranges, addresses and topics; and filters that make no sense."""
    found = chain.logs
    topics = sorted({topic for log in found for topic in log["topics"]})
    addresses = sorted({log["address"] for log in found})
    odd: tuple[Any, ...] = (
        {}, {"fromBlock": "latest"}, {"toBlock": "0x1"}, {"fromBlock": "0x2", "toBlock": "0x1"},
        {"fromBlock": "0x2e"}, {"fromBlock": "0x64", "toBlock": "0x65"}, {"fromBlock": "0x0", "toBlock": "0x64"},
        {"fromBlock": "latest", "toBlock": "earliest"}, {"fromBlock": "earliest", "toBlock": "latest"},
        {"fromBlock": "safe", "toBlock": "finalized"},
        {"fromBlock": "earliest", "toBlock": "earliest"},
        {"fromBlock": "0x64", "toBlock": "latest"}, {"fromBlock": "latest", "toBlock": "0x64"},
        {"fromBlock": "0x64", "toBlock": "0x1"}, {"fromBlock": "0x64"}, {"toBlock": "0x64"},
        {"blockHash": UNKNOWN}, {"blockHash": UNKNOWN, "fromBlock": "0x1"}, {"blockHash": UNKNOWN, "toBlock": "0x1"},
        {"blockHash": "0x12"}, {"blockHash": None}, {"address": "0x12"}, {"address": []}, {"address": None},
        {"address": [NOBODY, None]}, {"address": 1}, {"address": {}}, {"address": [1]}, {"address": ["0x12"]},
        {"topics": []}, {"topics": None}, {"topics": "0x12"}, {"topics": [1]}, {"topics": [[1]]}, {"topics": [[None]]},
        {"topics": [["0x12"]]}, {"topics": ["0x12"]}, {"topics": [[]]}, {"topics": [{}]},
        {"topics": [None, None, None, None, None]}, {"topics": [topics[0]] * 5}, {"topics": [[topics[0]] * 1001]},
        {"topics": [None, None, None, None], "fromBlock": "0x0"}, {"fromBlock": 1}, {"fromBlock": "1"},
        {"fromBlock": "0x"}, {"fromBlock": "0x01"}, {"fromBlock": "0xffffffffffffffff"}, {"toBlock": "nonsense"},
        {"fromBlock": "0x7fffffffffffffff"}, {"fromBlock": "0x0", "toBlock": "0x7fffffffffffffff"},
        {"blockHash": chain.blocks[0]["hash"]}, {"address": [NOBODY] * 1001}, {"nonsense": 1}, {"fromBlock": None},
        {"fromBlock": ""}, {"blockHash": chain.blocks[4]["hash"], "fromBlock": None},
    )  # fmt: skip
    yield from (Request("eth_getLogs", [query]) for query in odd)
    for _ in range(count):
        query: dict[str, Any] = {}
        if chance.random() < 0.4:
            query["blockHash"] = chance.choice(chain.blocks)["hash"]
        else:
            first = chance.randrange(chain.head + 1)
            query["fromBlock"] = hex(first)
            query["toBlock"] = chance.choice(("latest", hex(chance.randrange(first, chain.head + 3))))
        if chance.random() < 0.4:
            query["address"] = chance.choice((chance.choice(addresses), chance.sample(addresses, 2), NOBODY, []))
        if chance.random() < 0.6:
            query["topics"] = [
                chance.choice((None, chance.choice(topics), chance.sample(topics, 3), []))
                for _ in range(chance.randrange(1, 4))
            ]
        yield Request("eth_getLogs", [query])


def fees(chain: Chain, chance: Random, count: int) -> Iterator[Request]:
    """Fee history with percentiles, and counts and percentiles that are out of order."""
    for odd in (
        ["0x0", "latest", []], [0, "latest", []], [1, "latest", []], ["1", "latest", []], ["0x1", "latest"],
        ["0x1", "latest", None], ["0x400", "latest", []], ["0x401", "latest", []], [2000, "latest", []],
        ["0x1", "pending", []], ["0x2", "pending", [50]], ["0x1", "earliest", [50]], ["0x5", "0x64", []],
        ["0x1", "latest", [0, 100]], ["0x1", "latest", [101]], ["0x1", "latest", [-1]], ["0x1", "latest", [50, 40]],
        ["0x1", "latest", [50, 50]], ["0x1", "latest", ["50"]], ["0x1", "latest", [1] * 100],
        ["0x1", "latest", [1] * 101], ["0x1", "latest", "50"], ["0x01", "latest", []], ["0x", "latest", []],
        [-1, "latest", []], [1.5, "latest", []], ["0x1", "0x", []], [None, "latest", []], ["0x1", None, []],
        ["0x1", chain.blocks[3]["hash"], []], ["0x1"], [], ["0xffffffffffffffff", "latest", []],
        ["0x10000000000000000", "latest", []], ["0x2", "safe", [1]], ["0x1", "latest", [50, None]], [True, "latest"],
        ["0x1", "latest", [1.123456789]], ["", "latest", []],
    ):  # fmt: skip
        yield Request("eth_feeHistory", odd)
    for _ in range(count):
        percentiles = sorted(round(chance.uniform(0, 100), chance.randrange(3)) for _ in range(chance.randrange(6)))
        newest = chance.choice((hex(chance.randrange(chain.head + 2)), "latest", "safe", "finalized"))
        amount = chance.randrange(1, 60)
        yield Request("eth_feeHistory", [chance.choice((hex(amount), amount)), newest, percentiles])


def identity() -> Iterator[Request]:
    """What the node says of itself and its chain."""
    for method in (
        "eth_chainId", "net_version", "eth_blockNumber", "eth_gasPrice", "eth_maxPriorityFeePerGas", "eth_blobBaseFee",
        "eth_syncing", "eth_accounts", "net_listening", "net_peerCount", "eth_config", "txpool_status",
        "txpool_content", "txpool_inspect", "eth_pendingTransactions", "debug_getBadBlocks", "eth_protocolVersion",
        "eth_coinbase", "eth_mining", "eth_hashrate", "eth_nonsense", "nonsense", "", "eth_", "_", "eth",
        "engine_getPayloadV1", "eth_getCompilers",
    ):  # fmt: skip
        yield Request(method, [])
        yield Request(method)
        yield Request(method, [1])
    yield Request("web3_clientVersion", [], by_shape=True)
    for text in ("0x", "0x68656c6c6f", "0x1", "68", "0xzz", None, 1, {}):
        yield Request("web3_sha3", [text])
    yield Request("txpool_contentFrom", [NOBODY])
    yield Request("txpool_contentFrom", ["0x1"])
    yield Request("txpool_contentFrom", [])
