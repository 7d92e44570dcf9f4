"""A message tried out on a state: judged, run and settled in geth's order. Calls, estimates, traces and made-up blocks.

Flow: a `CallRequest` and py-evm's state -> `judge` refuses what geth's state transition refuses -> `run` -> a
`CallResult`. Transactions of blocks do not come this way: they are judged by `intrinsic.unfitness` and `pyevm`.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from testamur_node.chain.rules import Fork
from testamur_node.chain.transaction import Transaction
from testamur_node.errors import NodeError
from testamur_node.execution.executor import CallRequest, CallResult
from testamur_node.execution.intrinsic import GAS_PER_BLOB, MAX_INITCODE_BYTES, floor_gas, upfront_gas
from testamur_node.execution.message import Message
from testamur_node.execution.observing import Observer
from testamur_node.execution.settling import finalize, logs_of, unwatch, watch
from testamur_node.execution.wording import reason

__all__ = ["Problem", "RefusedMessageError", "Terms", "try_out"]

_WORD = 2**256


class Problem(Enum):
    """Why a message cannot begin."""

    NONCE_TOO_HIGH = "nonce too high"
    NONCE_TOO_LOW = "nonce too low"
    FEES = "fees"
    FUNDS = "insufficient funds"
    INTRINSIC_GAS = "intrinsic gas too low"
    INITCODE_SIZE = "max initcode size exceeded"
    OTHER = "other"


class RefusedMessageError(NodeError):
    """No block could hold the message; worded as geth does."""

    def __init__(self, problem: Problem, message: str) -> None:
        super().__init__(message)
        self.problem = problem

    def __reduce__(self) -> tuple[type, tuple[Problem, str]]:
        return type(self), (self.problem, self.message)


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which rules a message is tried out."""

    fork: Fork
    is_free: bool
    """Nobody pays, whatever the fee fields say."""
    checks_nonce: bool = False
    forgives_no_price: bool = True
    """Whether a message that offers no price may run below the base fee."""
    gas_left: int | None = None
    """What the messages of one request may still use together; None for no limit."""


def _transaction(request: CallRequest, nonce: int, gas: int) -> Transaction:
    """The message in the shape of a transaction, without hash and signature."""
    kind = 4 if request.authorizations is not None else 3 if request.blob_hashes is not None else 0
    return Transaction(
        raw=b"", hash=bytes(32), sender=request.sender, type_id=kind, chain_id=None, nonce=nonce, gas_limit=gas,
        to=request.to, value=request.value, data=request.data, gas_price=request.gas_price, max_fee_per_gas=None,
        max_priority_fee_per_gas=None, access_list=request.access_list, max_fee_per_blob_gas=request.blob_fee_cap,
        blob_hashes=request.blob_hashes or (), authorizations=request.authorizations or (), v=0, r=0, s=0,
    )  # fmt: skip


def try_out(state: Any, request: CallRequest, gas: int, terms: Terms, observer: Observer | None = None) -> CallResult:
    """Run the message with `gas` on py-evm's `state`, which keeps what it leaves. Raises `RefusedMessageError`."""
    transaction = _transaction(request, state.get_nonce(request.sender), gas)
    _judge(state, request, transaction, terms)
    message = Message(transaction, terms.fork, terms.is_free)
    state.lock_changes()
    watch(state, observer)
    is_unpaid = terms.is_free or (terms.forgives_no_price and not request.fee_cap and not request.tip_cap)
    if is_unpaid:
        state.get_tip = lambda _: 0  # who pays nothing takes nothing from the coinbase either
    executor = state.get_transaction_executor()
    _charge_blobs(state, executor, transaction, terms)
    computation = executor.build_computation(executor.build_evm_message(message), message)
    output = bytes(computation.output)
    context = state.execution_context
    coinbase = context.coinbase
    if is_unpaid:
        context._coinbase = transaction.sender  # and does not touch it: an empty coinbase stays what it is
    used, consumed = finalize(executor, message, computation)
    context._coinbase = coinbase
    vars(state).pop("get_tip", None)
    unwatch(state, observer)
    if terms.fork >= Fork.CANCUN:
        state.clear_transient_storage()
    error = None if computation.is_success else reason(computation.error)
    peak = max(consumed, floor_gas(transaction.data, terms.fork))
    return CallResult(output, used, error, logs_of(computation), peak)


def _charge_blobs(state: Any, executor: Any, transaction: Transaction, terms: Terms) -> None:
    """Take the price of the blobs, which py-evm would take of type 3 alone and of those only who can pay.

    A message that offers nothing for its blobs is not asked whether it could: geth lets the balance run below 0 and
    around, and so do we, since the roots of made-up blocks show it.
    """
    if not transaction.blob_hashes or terms.fork < Fork.CANCUN or terms.is_free:
        return
    fee = GAS_PER_BLOB * len(transaction.blob_hashes) * state.blob_base_fee
    state.set_balance(transaction.sender, (state.get_balance(transaction.sender) - fee) % _WORD)
    executor.calc_data_fee = lambda _: 0


def _judge(state: Any, request: CallRequest, transaction: Transaction, terms: Terms) -> None:
    """Refuse what geth's preCheck, buyGas and execute refuse, in their order."""
    if terms.checks_nonce:
        _judge_nonce(state, request)
    if not terms.is_free:
        _judge_fees(state, request, terms)
    _judge_lists(request)
    _judge_funds(state, request, transaction.gas_limit, terms)
    least = upfront_gas(transaction, terms.fork)
    if transaction.gas_limit < least:
        raise RefusedMessageError(
            Problem.INTRINSIC_GAS, f"intrinsic gas too low: have {transaction.gas_limit}, want {least}"
        )
    floor = floor_gas(transaction.data, terms.fork)
    if transaction.gas_limit < floor:
        raise RefusedMessageError(
            Problem.OTHER, f"insufficient gas for floor data gas cost: have {transaction.gas_limit}, want {floor}"
        )
    if terms.fork >= Fork.SHANGHAI and request.to is None and len(request.data) > MAX_INITCODE_BYTES:
        raise RefusedMessageError(
            Problem.INITCODE_SIZE,
            f"max initcode size exceeded: code size {len(request.data)} limit {MAX_INITCODE_BYTES}",
        )


def _judge_nonce(state: Any, request: CallRequest) -> None:
    stands, nonce = state.get_nonce(request.sender), request.nonce
    if nonce is None or nonce == stands:
        if stands == 2**64 - 1:
            raise RefusedMessageError(Problem.OTHER, f"nonce has max value: address {_name(request)}, nonce: {stands}")
        return
    problem = Problem.NONCE_TOO_HIGH if nonce > stands else Problem.NONCE_TOO_LOW
    raise RefusedMessageError(problem, f"{problem.value}: address {_name(request)}, tx: {nonce} state: {stands}")


def _judge_fees(state: Any, request: CallRequest, terms: Terms) -> None:
    cap, tip = request.fee_cap, request.tip_cap
    if terms.fork >= Fork.LONDON and (cap or tip or not terms.forgives_no_price):
        if cap < tip:
            raise RefusedMessageError(
                Problem.FEES,
                f"max priority fee per gas higher than max fee per gas: address {_name(request)},"
                f" maxPriorityFeePerGas: {tip}, maxFeePerGas: {cap}",
            )
        base_fee = state.execution_context.base_fee_per_gas
        if cap < base_fee:
            raise RefusedMessageError(
                Problem.FEES,
                f"max fee per gas less than block base fee: address {_name(request)}, maxFeePerGas: {cap},"
                f" baseFee: {base_fee}",
            )
    if request.blob_hashes and terms.fork >= Fork.CANCUN:
        blob_cap = request.blob_fee_cap or 0
        if (blob_cap or not terms.forgives_no_price) and blob_cap < state.blob_base_fee:
            raise RefusedMessageError(
                Problem.OTHER,
                f"max fee per blob gas less than block blob gas fee: address {_name(request)}"
                f" blobGasFeeCap: {blob_cap}, blobBaseFee: {state.blob_base_fee}",
            )


def _judge_lists(request: CallRequest) -> None:
    """Blobs and authorizations, where the message has any."""
    if request.blob_hashes is not None:
        if request.to is None:
            raise RefusedMessageError(Problem.OTHER, "blob transaction of type create")
        if not request.blob_hashes:
            raise RefusedMessageError(Problem.OTHER, "blob transaction missing blob hashes")
        for position, blob in enumerate(request.blob_hashes):
            if blob[0] != 1:
                raise RefusedMessageError(Problem.OTHER, f"blob {position} has invalid hash version")
    if request.authorizations is not None:
        if request.to is None:
            raise RefusedMessageError(Problem.OTHER, "EIP-7702 transaction cannot be used to create contract")
        if not request.authorizations:
            raise RefusedMessageError(Problem.OTHER, "EIP-7702 transaction with empty auth list")


def _judge_funds(state: Any, request: CallRequest, gas: int, terms: Terms) -> None:
    cost = request.value
    if not terms.is_free:
        cost += gas * request.fee_cap
        if terms.fork >= Fork.CANCUN:
            cost += GAS_PER_BLOB * len(request.blob_hashes or ()) * (request.blob_fee_cap or 0)
    balance = state.get_balance(request.sender)
    if balance < cost:
        want = f"have {balance} want {cost}" if cost < _WORD else "required balance exceeds 256 bits"
        raise RefusedMessageError(
            Problem.FUNDS, f"insufficient funds for gas * price + value: address {_name(request)} {want}"
        )
    if terms.gas_left is not None and gas > terms.gas_left:
        raise RefusedMessageError(Problem.OTHER, "gas limit reached")


def _name(request: CallRequest) -> str:
    return "0x" + request.sender.hex()
