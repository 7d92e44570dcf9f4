"""Requests whose parameters are wrong: missing, too many, of the wrong type, badly spelled, too large."""

from collections.abc import Iterator
from typing import Any

from tests.interop.comparing import Request
from tests.interop.tools.oracle.chain import NOBODY, UNKNOWN, Chain

__all__ = ["malformed"]

_MESSAGE = {"to": NOBODY}
_GOOD: dict[str, list[Any]] = {
    "eth_getBalance": [NOBODY, "latest"],
    "eth_getCode": [NOBODY, "latest"],
    "eth_getTransactionCount": [NOBODY, "latest"],
    "eth_getStorageAt": [NOBODY, "0x0", "latest"],
    "eth_getProof": [NOBODY, ["0x0"], "latest"],
    "eth_getBlockByNumber": ["latest", False],
    "eth_getBlockByHash": [UNKNOWN, False],
    "eth_getHeaderByNumber": ["latest"],
    "eth_getHeaderByHash": [UNKNOWN],
    "eth_getBlockReceipts": ["latest"],
    "eth_getBlockTransactionCountByNumber": ["latest"],
    "eth_getBlockTransactionCountByHash": [UNKNOWN],
    "eth_getUncleCountByBlockNumber": ["latest"],
    "eth_getUncleCountByBlockHash": [UNKNOWN],
    "eth_getUncleByBlockNumberAndIndex": ["latest", "0x0"],
    "eth_getUncleByBlockHashAndIndex": [UNKNOWN, "0x0"],
    "eth_getTransactionByBlockNumberAndIndex": ["latest", "0x0"],
    "eth_getTransactionByBlockHashAndIndex": [UNKNOWN, "0x0"],
    "eth_getRawTransactionByBlockNumberAndIndex": ["latest", "0x0"],
    "eth_getRawTransactionByBlockHashAndIndex": [UNKNOWN, "0x0"],
    "eth_getTransactionByHash": [UNKNOWN],
    "eth_getTransactionReceipt": [UNKNOWN],
    "eth_getRawTransactionByHash": [UNKNOWN],
    "eth_call": [_MESSAGE, "latest", {}, {}],
    "eth_estimateGas": [_MESSAGE, "latest", {}, {}],
    "eth_createAccessList": [_MESSAGE, "latest", {}],
    "eth_simulateV1": [{"blockStateCalls": [{"calls": [_MESSAGE]}]}, "latest"],
    "eth_feeHistory": ["0x1", "latest", []],
    "eth_getLogs": [{}],
    "eth_sendRawTransaction": ["0x"],
    "debug_getRawHeader": ["latest"],
    "debug_getRawBlock": ["latest"],
    "debug_getRawReceipts": ["latest"],
    "debug_getRawTransaction": [UNKNOWN],
    "debug_traceTransaction": [UNKNOWN, {}],
    "debug_traceCall": [_MESSAGE, "latest", {}],
    "debug_traceBlockByNumber": ["latest", {}],
    "debug_traceBlockByHash": [UNKNOWN, {}],
    "debug_traceBlock": ["0x", {}],
    "web3_sha3": ["0x"],
    "eth_uninstallFilter": ["0x1"],
    "eth_getFilterChanges": ["0x1"],
    "eth_getFilterLogs": ["0x1"],
    "txpool_contentFrom": [NOBODY],
}
"""Parameters that each method takes; one after the other is spoilt."""
_CLOCKED = frozenset(
    {"eth_call", "eth_estimateGas", "eth_createAccessList", "eth_simulateV1", "eth_getBlockByNumber"}
    | {"eth_getHeaderByNumber", "eth_getProof", "debug_getRawHeader", "debug_getRawBlock", "debug_traceCall"}
)
_BAD: tuple[Any, ...] = (
    None, True, 0, 1, 1.5, -1, 10**20, "", "0x", "0x0", "0x00", "0x01", "0x1", "1", "0xg", "x", "latest", "LATEST",
    "pending", " latest",
    "0x1 ", "0X1", "0x-1", "0xffffffffffffffff", "0x8000000000000000", "0x10000000000000000", "0x" + "f" * 64,
    "0x" + "f" * 65,
    "0x123", "0x" + "12" * 19, "0x" + "12" * 20, "12" * 20, "0x" + "12" * 21, "0x" + "12" * 31, "0x" + "12" * 32,
    "12" * 32,
    "0x" + "12" * 33, "0X" + "12" * 20, "0x" + "zz" * 20, "0x" + "zz" * 32, [], {}, [[]], [None], ["0x1"], [1],
    {"blockNumber": "0x1"},
    {"blockNumber": 1}, {"blockNumber": "latest"}, {"blockHash": "0x1"},
    {"blockHash": "0x" + "12" * 32, "blockNumber": "0x1"},
    {"blockHash": None}, {"blockNumber": None}, {"requireCanonical": True},
    {"blockNumber": "0x1", "requireCanonical": 1},
    {"BlockNumber": "0x1"}, {"to": 1}, {"nonsense": 1},
)  # fmt: skip
_FIELDS = {
    "from": (None, 1, "0x1", "", "0x", "0x" + "12" * 20, "0x" + "12" * 21, [], {}),
    "to": (None, 1, "0x1", "", "0x", "0x" + "12" * 20, "0x" + "12" * 21, [], {}),
    "gas": (None, 1, "1", "0x", "0x0", "0x01", "0xffff", "0x10000000000000000", "", [], True),
    "gasPrice": (None, 1, "1", "0x", "0x0", "0x01", "0x" + "f" * 64, "0x" + "f" * 65, "", [], True),
    "maxFeePerGas": (None, 1, "0x", "0x0", "0x01", "0x" + "f" * 64, "0x" + "f" * 65, ""),
    "maxPriorityFeePerGas": (None, 1, "0x", "0x0", "0x1", "0x01", "0x" + "f" * 64, "0x" + "f" * 65, ""),
    "maxFeePerBlobGas": (None, 1, "0x", "0x0", "0x1", "0x01", "0x" + "f" * 65),
    "value": (None, 1, "0x", "0x0", "0x01", "0x1", "0x" + "f" * 64, "0x" + "f" * 65, ""),
    "nonce": (None, 1, "0x", "0x0", "0x01", "0xff", "0xffffffffffffffff", "0x10000000000000000", ""),
    "data": (None, 1, "", "0x", "0x0", "0x1", "0x01", "01", "0xzz", [], {}),
    "input": (None, 1, "", "0x", "0x0", "0x1", "0x01", "01", "0xzz", [], {}),
    "accessList": (None, 1, "", [], {}, [None], [{}], [1], [{"address": NOBODY}],
    [{"address": "0x1", "storageKeys": []}],
                   [{"address": NOBODY, "storageKeys": None}], [{"address": NOBODY, "storageKeys": ["0x1"]}],
                   [{"address": NOBODY, "storageKeys": [UNKNOWN]}], [{"storageKeys": [UNKNOWN]}]),
    "chainId": (None, 1, "0x", "0x0", "0x1", hex(3503995874084926), "0x01", ""),
    "blobVersionedHashes": (None, 1, [], [UNKNOWN], ["0x1"], [None], {}, ["0x01" + "00" * 31]),
    "authorizationList": (None, 1, [], [None], [{}], {}, [{"chainId": "0x1"}],
    [{"chainId": "0x1", "address": NOBODY, "nonce": "0x0"}]),
    "type": ("0x2", 1, None),
    "nonsense": (1,),
    "From": (NOBODY,),
    "GAS": ("0xffff", "0x1"),
    "blobs": (None, [], ["0x1"], 1),
    "commitments": (None, []),
    "proofs": (None, []),
}  # fmt: skip
_OVERRIDES = (
    {NOBODY: None}, {NOBODY: 1}, {NOBODY: {}}, {"0x1": {}}, {"": {}}, {NOBODY[2:]: {}}, {NOBODY: {"balance": "0x"}},
    {NOBODY: {"balance": 1}},
    {NOBODY: {"balance": "0x01"}}, {NOBODY: {"balance": "0x" + "f" * 64}}, {NOBODY: {"balance": "0x" + "f" * 65}},
    {NOBODY: {"nonce": 1}},
    {NOBODY: {"nonce": "0x1"}}, {NOBODY: {"nonce": "0x10000000000000000"}}, {NOBODY: {"code": "0x1"}},
    {NOBODY: {"code": ""}},
    {NOBODY: {"code": None}}, {NOBODY: {"state": {}, "stateDiff": {}}}, {NOBODY: {"state": {"0x1": UNKNOWN}}},
    {NOBODY: {"state": None}},
    {NOBODY: {"stateDiff": {UNKNOWN: "0x1"}}}, {NOBODY: {"stateDiff": {UNKNOWN: UNKNOWN}}},
    {NOBODY: {"stateDiff": {UNKNOWN: None}}},
    {NOBODY: {"state": []}}, {NOBODY: {"stateDiff": {UNKNOWN[2:]: UNKNOWN}}}, {NOBODY: {"nonsense": 1}},
    {NOBODY: {"Balance": "0x1"}},
    {NOBODY: {"movePrecompileToAddress": NOBODY}}, {NOBODY: {"movePrecompileToAddress": "0x1"}},
    {"0x" + "00" * 19 + "01": {"movePrecompileToAddress": NOBODY}},
    {"0x" + "00" * 19 + "01": {"movePrecompileToAddress": "0x" + "00" * 19 + "01"}},
    {"0x" + "00" * 19 + "01": {"movePrecompileToAddress": NOBODY}, NOBODY: {}}, {NOBODY.upper().replace("X", "x"): {}},
)  # fmt: skip
_BLOCK_OVERRIDES = (
    {}, {"number": "0x1"}, {"number": 1}, {"number": "0x"}, {"number": None}, {"time": "0x1"}, {"time": 1},
    {"gasLimit": "0x1"}, {"gasLimit": ""},
    {"feeRecipient": NOBODY}, {"feeRecipient": "0x1"}, {"prevRandao": UNKNOWN}, {"prevRandao": "0x1"},
    {"baseFeePerGas": "0x1"},
    {"baseFeePerGas": 1}, {"blobBaseFee": "0x1"}, {"beaconRoot": UNKNOWN}, {"beaconRoot": "0x1"},
    {"withdrawals": []}, {"withdrawals": None},
    {"withdrawals": [{}]}, {"withdrawals": [{"index": "0x1", "validatorIndex": "0x1", "address": NOBODY,
    "amount": "0x1"}]},
    {"difficulty": "0x1"}, {"nonsense": 1}, {"Number": "0x2f"}, {"coinbase": NOBODY}, {"random": UNKNOWN},
    {"baseFee": "0x1"}, [], 1, "0x1",
    {"number": "0x" + "f" * 64}, {"time": "0xffffffffffffffff"}, {"gasLimit": "0xffffffffffffffff"},
    {"number": "0xffffffffffffffff"},
)  # fmt: skip


def malformed(chain: Chain) -> Iterator[Request]:
    """Each method with each parameter spoilt in every way; then the members of objects."""
    del chain
    for method, good in _GOOD.items():
        for count in range(len(good)):
            yield Request(method, good[:count])
        yield Request(method, [*good, 1])
        yield Request(method, [*good, None])
        yield Request(method, {})
        yield Request(method, "0x1")
        yield Request(method, None)
        for position in range(len(good)):
            for bad in _BAD:
                if bad == "pending" and method in _CLOCKED:
                    continue  # that block is as new as the clock, or geth lacks its state
                yield Request(method, [*good[:position], bad, *good[position + 1 :]])
    for name, values in _FIELDS.items():
        for value in values:
            for method in ("eth_call", "eth_estimateGas", "eth_createAccessList", "debug_traceCall"):
                yield Request(method, [{"to": NOBODY, name: value}, "latest"])
            yield Request("eth_simulateV1", [{"blockStateCalls": [{"calls": [{"to": NOBODY, name: value}]}]}, "latest"])
    for replaced in _OVERRIDES:
        for method in ("eth_call", "eth_estimateGas", "eth_createAccessList"):
            yield Request(method, [_MESSAGE, "latest", replaced])
        yield Request("debug_traceCall", [_MESSAGE, "latest", {"stateOverrides": replaced}])
        yield Request(
            "eth_simulateV1", [{"blockStateCalls": [{"calls": [_MESSAGE], "stateOverrides": replaced}]}, "latest"]
        )
    for fields in _BLOCK_OVERRIDES:
        for method in ("eth_call", "eth_estimateGas"):
            yield Request(method, [_MESSAGE, "latest", None, fields])
        yield Request("debug_traceCall", [_MESSAGE, "latest", {"blockOverrides": fields}])
        yield Request(
            "eth_simulateV1", [{"blockStateCalls": [{"calls": [_MESSAGE], "blockOverrides": fields}]}, "latest"]
        )
    yield from _simulations()


def _simulations() -> Iterator[Request]:
    for options in (
        {}, {"blockStateCalls": None}, {"blockStateCalls": {}}, {"blockStateCalls": [None]},
        {"blockStateCalls": [1]}, {"blockStateCalls": [{}]},
        {"blockStateCalls": [{"calls": None}]}, {"blockStateCalls": [{"calls": {}}]},
        {"blockStateCalls": [{"calls": [None]}]},
        {"blockStateCalls": [{"calls": [1]}]}, {"blockStateCalls": [{"calls": []}]},
        {"blockStateCalls": [{"stateOverrides": None}]},
        {"blockStateCalls": [{"blockOverrides": None}]}, {"blockStateCalls": [{}], "validation": 1},
        {"blockStateCalls": [{}], "validation": None},
        {"blockStateCalls": [{}], "traceTransfers": "yes"}, {"blockStateCalls": [{}], "returnFullTransactions": 0},
        {"blockStateCalls": [{}], "nonsense": 1}, {"BlockStateCalls": [{}]}, {"blockStateCalls": [{}] * 256},
        {"blockStateCalls": [{}] * 257},
        {"blockStateCalls": [{"nonsense": 1}]}, {"blockStateCalls": [{"Calls": [_MESSAGE]}]},
    ):  # fmt: skip
        yield Request("eth_simulateV1", [options, "latest"])
        yield Request("eth_simulateV1", [options])
