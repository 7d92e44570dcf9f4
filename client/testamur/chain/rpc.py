"""JSON-RPC to one node: requests in, typed results out; bytes inside and hex only here.

`chain.transport` carries a body and says why none came back; `chain.answers` reads what did. An answer that is an
error of the node becomes `RpcError`, and whatever else is not the result that was asked for `ChainUnreachableError`:
no answer makes a method raise anything else.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

import orjson

from testamur.chain import answers
from testamur.chain.access import NO_ACCESS, Access
from testamur.chain.errors import ChainUnreachableError, RpcError
from testamur.chain.transport import Transport

__all__ = ["Block", "Rpc", "to_hex", "to_quantity"]

_T = TypeVar("_T")
Block = int | str
"""A height, or one of the tags `latest`, `finalized`, `pending`, `earliest`."""

_LARGEST_BATCH = 100


def to_hex(data: bytes) -> str:
    """`data` as JSON-RPC writes it."""
    return "0x" + data.hex()


def to_quantity(value: Block) -> str:
    """A number as JSON-RPC writes it, without leading zeros; a tag stays as it is."""
    return value if isinstance(value, str) else hex(value)


class Rpc:
    """A connection to one node. Use as a context manager, or `close` it."""

    def __init__(
        self,
        url: str,
        *,
        access: Access = NO_ACCESS,
        timeout_seconds: float = 30.0,
        attempts: int = 4,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = Transport(url, access, timeout_seconds=timeout_seconds, attempts=attempts, pause=pause)
        self._next_id = 0

    @property
    def url(self) -> str:
        """The node's address."""
        return self._transport.url

    @property
    def access(self) -> Access:
        """What the node is shown."""
        return self._transport.access

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the sockets; a later request opens new ones."""
        self._transport.close()

    def call(self, method: str, *params: object) -> Any:
        """The result of one request."""
        return self.batch([(method, params)])[0]

    def batch(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """The results in order of the requests; the first that failed raises its `RpcError`."""
        found = self.batch_answers(requests)
        for answer in found:
            if isinstance(answer, RpcError):
                raise answer
        return found

    def batch_answers(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """The results in order, an `RpcError` value where the node refused one; long lists go in several posts."""
        found: list[Any] = []
        for start in range(0, len(requests), _LARGEST_BATCH):
            found += self._post(requests[start : start + _LARGEST_BATCH])
        return found

    def _post(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        first = self._next_id
        self._next_id += len(requests)
        bodies = [
            {"jsonrpc": "2.0", "id": first + i, "method": method, "params": list(params)}
            for i, (method, params) in enumerate(requests)
        ]
        decoded = self._exchange(orjson.dumps(bodies if len(bodies) > 1 else bodies[0]))
        replies = answers.by_id(decoded, first, len(requests))
        found: list[Any] = []
        for (method, _), reply in zip(requests, replies, strict=True):
            if reply is None or ("error" not in reply and "result" not in reply):
                raise ChainUnreachableError(f"{self.url} left {method} without an answer", "is this a JSON-RPC node?")
            error = reply.get("error")
            found.append(reply.get("result") if error is None else answers.refusal(method, error))
        return found

    def _exchange(self, body: bytes) -> Any:
        return self._transport.exchange(body)

    def chain_id(self) -> int:
        """The EVM chain id."""
        return self._read("eth_chainId", reader=answers.quantity)

    def block_number(self) -> int:
        """The height of the newest block."""
        return self._read("eth_blockNumber", reader=partial(answers.quantity, below=1 << 63))

    def block(self, block: Block = "latest") -> dict[str, Any] | None:
        """A block with transaction hashes, as the node writes it; None where there is none.

        The block to come, `pending`, has no hash.
        """
        reader = answers.pending_block if block == "pending" else answers.block
        return self._read("eth_getBlockByNumber", to_quantity(block), False, reader=_perhaps(reader))

    def blocks(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """The blocks of these heights, all of which must exist."""
        method = "eth_getBlockByNumber"
        found = self.batch([(method, (to_quantity(number), False)) for number in numbers])
        return [self._typed(method, value, answers.block) for value in found]

    def block_hash(self, number: int) -> bytes:
        """The hash of block `number`, which must exist; block 0 tells one chain from another."""
        block = self.block(number)
        if block is None:
            raise ChainUnreachableError(f"{self.url} does not have block {number}", "wait until the node has caught up")
        return answers.data(block["hash"], 32)

    def nonce(self, address: bytes, block: Block = "latest") -> int:
        """How many transactions `address` has sent by `block`."""
        reader = partial(answers.quantity, below=1 << 64)
        return self._read("eth_getTransactionCount", to_hex(address), to_quantity(block), reader=reader)

    def code(self, address: bytes, block: Block = "latest") -> bytes:
        """The runtime code at `address`, empty where there is no contract."""
        return self._read("eth_getCode", to_hex(address), to_quantity(block), reader=answers.data)

    def codes(self, addresses: Sequence[bytes]) -> list[bytes]:
        """`code` of several addresses, in one request."""
        found = self.batch([("eth_getCode", (to_hex(address), "latest")) for address in addresses])
        return [self._typed("eth_getCode", value, answers.data) for value in found]

    def eth_call(self, target: bytes, data: bytes, sender: bytes | None = None, block: Block = "latest") -> bytes:
        """What a call without a transaction returns; a revert raises `RpcError` with its bytes in `data`."""
        request = {"to": to_hex(target), "data": to_hex(data)}
        if sender is not None:
            request["from"] = to_hex(sender)
        return self._read("eth_call", request, to_quantity(block), reader=answers.data)

    def eth_calls(self, target: bytes, calls: Sequence[bytes], block: Block = "latest") -> list[bytes]:
        """`eth_call` of one contract with several data, in one request; the first revert raises."""
        requests = [("eth_call", ({"to": to_hex(target), "data": to_hex(data)}, to_quantity(block))) for data in calls]
        return [self._typed("eth_call", value, answers.data) for value in self.batch(requests)]

    def estimate_gas(self, request: dict[str, str]) -> int:
        """What a transaction takes now; a revert raises `RpcError`."""
        return self._read("eth_estimateGas", request, reader=partial(answers.quantity, below=1 << 64))

    def gas_price(self) -> int:
        """What gas costs, in wei."""
        return self._read("eth_gasPrice", reader=answers.quantity)

    def priority_fee(self) -> int:
        """The tip that the node recommends, in wei of one gas."""
        return self._read("eth_maxPriorityFeePerGas", reader=answers.quantity)

    def find_logs(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """The logs that a filter of eth_getLogs takes, as the node writes them."""
        return self._read("eth_getLogs", request, reader=_logs)

    def receipt(self, transaction: bytes) -> dict[str, Any] | None:
        """The receipt as the node writes it; None while the transaction is in no block."""
        return self.receipts([transaction])[0]

    def receipts(self, transactions: Sequence[bytes]) -> list[dict[str, Any] | None]:
        """`receipt` of several transactions, in one request."""
        method = "eth_getTransactionReceipt"
        found = self.batch([(method, (to_hex(name),)) for name in transactions])
        return [self._typed(method, value, answers.receipt) for value in found]

    def has_transaction(self, transaction: bytes) -> bool:
        """Whether the node knows a transaction, in a block or waiting."""
        return self.call("eth_getTransactionByHash", to_hex(transaction)) is not None

    def send_raw(self, transaction: bytes) -> bytes:
        """Hand over a signed transaction; its hash."""
        return self._read("eth_sendRawTransaction", to_hex(transaction), reader=answers.data)

    def _read(self, method: str, *params: object, reader: Callable[[Any], _T]) -> _T:
        return self._typed(method, self.call(method, *params), reader)

    def _typed(self, method: str, value: object, reader: Callable[[Any], _T]) -> _T:
        """A result as what it must be."""
        try:
            return reader(value)
        except ValueError as error:
            raise self.nonsense(method, value) from error

    def nonsense(self, method: str, value: object) -> ChainUnreachableError:
        """What to raise for a result that is none, for those who read it further."""
        shown = answers.printable(repr(value), 80)
        return ChainUnreachableError(
            f"{self.url} answered {method} with {shown}", "is this a JSON-RPC node of an EVM chain?"
        )


def _perhaps(reader: Callable[[object], _T]) -> Callable[[object], _T | None]:
    return lambda value: None if value is None else reader(value)


def _logs(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise ValueError("logs")
    return [answers.log(item) for item in value]
