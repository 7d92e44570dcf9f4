"""eth_: transactions on their way to the pool. On development chains the node signs for its unlocked accounts."""

from collections.abc import Mapping
from dataclasses import replace

from testamur_node.calls import Calls, Place
from testamur_node.chain.development import impersonation_key
from testamur_node.chain.message import unsigned
from testamur_node.rpc.codec import data, read_address, read_data
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Namespace, required
from testamur_node.rpc.errors import InvalidParametersError, ServerRefusalError
from testamur_node.rpc.messages import MessageArguments, read_message
from testamur_node.rpc.methods.fees import priced_head, with_fees
from testamur_node.rpc.methods.simulation import call_ground, call_request
from testamur_node.rpc.parameters import NEXT, read_typed_data
from testamur_node.rpc.rendering import Json, pending_transaction_json, unplaced_transaction_json
from testamur_node.rpc.reverts import call_error
from testamur_node.rpc.signing import UnsignedTransaction, sign_message, sign_transaction, sign_typed_data

__all__ = ["eth"]

eth: Namespace[Context] = Namespace("eth")
_MOST_BLOBS = 6
"""Of one transaction that the node fills in, as in geth."""


@eth.method("accounts")
def accounts(context: Context) -> list[str]:
    """The unlocked accounts: none but on a development chain."""
    return [data(address) for address in context.node.unlocked_accounts]


@eth.method("pendingTransactions")
def pending_transactions(context: Context) -> list[Json]:
    """What waits of the unlocked accounts."""
    pending, _ = context.node.pool.content()
    own = (address for address in context.node.unlocked_accounts if address in pending)
    return [pending_transaction_json(item) for address in own for item in pending[address]]


@eth.method("sendRawTransaction", required(read_data))
def send_raw_transaction(context: Context, raw: bytes) -> str:
    """Hand a signed transaction to the pool; its hash, or the reason why not."""
    return data(context.node.submit(raw))


def _key(context: Context, address: bytes | None) -> bytes:
    key = None if address is None else context.node.unlocked_accounts.get(address)
    if key is None:
        raise ServerRefusalError("unknown account")
    return key


def _completed(context: Context, message: MessageArguments) -> MessageArguments:
    """A message with fees, nonce and gas where the caller is silent (geth's setDefaults, in its order)."""
    head = priced_head(context)
    message = with_fees(context, message, head)
    if message.gas_price is None and message.max_fee_per_gas is None:
        message = replace(message, max_fee_per_gas=0, max_priority_fee_per_gas=0)
    nonce = context.node.pending_nonce(message.sender or bytes(20)) if message.nonce is None else message.nonce
    if message.payload is not None and message.input is not None and message.payload != message.input:
        raise ServerRefusalError(
            'both "data" and "input" are set and not equal. Please use "input" to pass transaction call data'
        )
    if message.blob_hashes is not None:
        _check_blobs(message.blob_hashes, message.to)
    if message.to is None and not message.data:
        raise ServerRefusalError("contract creation without any data provided")
    return replace(message, nonce=nonce, gas=_estimated(context, message) if message.gas is None else message.gas)


def _check_blobs(hashes: tuple[bytes, ...], to: bytes | None) -> None:
    if not hashes:
        raise ServerRefusalError("need at least 1 blob for a blob transaction")
    if len(hashes) > _MOST_BLOBS:
        raise ServerRefusalError(f"too many blobs in transaction (have={len(hashes)}, max={_MOST_BLOBS})")
    if to is None:
        raise ServerRefusalError('missing "to" in blob transaction')


def _estimated(context: Context, message: MessageArguments) -> int:
    """The gas that a message needs; its delegations, nonce and chain are left out, as geth leaves them."""
    plain = replace(message, authorizations=None, nonce=None, chain_id=None)
    ground, _ = call_ground(context, NEXT)
    request = replace(call_request(context, plain, priced_head(context).base_fee), gas=None)
    estimate = context.node.apart(Calls.estimate_gas, context.limits.call_seconds, request, Place(ground))
    if estimate.error is not None:
        raise call_error(estimate)
    return estimate.gas_used


def _check_chain(context: Context, message: MessageArguments) -> None:
    if message.chain_id not in (None, context.node.chain_id):
        raise ServerRefusalError(
            f"chainId does not match node's (have={message.chain_id}, want={context.node.chain_id})"
        )


def _filled(context: Context, message: MessageArguments) -> UnsignedTransaction:
    """A transaction to sign, out of what the caller said and, where silent, of what the chain says."""
    if message.blob_hashes:
        raise InvalidParametersError("blobs come with their transaction alone: sign it and use eth_sendRawTransaction")
    message = _completed(context, message)
    _check_chain(context, message)
    return UnsignedTransaction(
        chain_id=context.node.chain_id,
        nonce=message.nonce or 0,
        gas_limit=message.gas or 0,
        to=message.to,
        value=message.value or 0,
        data=message.data,
        gas_price=message.gas_price,
        max_fee_per_gas=message.max_fee_per_gas,
        max_priority_fee_per_gas=message.max_priority_fee_per_gas,
        access_list=message.access_list,
        authorizations=message.authorizations,
    )


@eth.method("sendTransaction", required(read_message))
def send_transaction(context: Context, message: MessageArguments) -> str:
    """Sign with an unlocked account and hand to the pool."""
    sender = message.sender
    if sender is not None and sender not in context.node.unlocked_accounts and context.node.impersonates(sender):
        raw = sign_transaction(_filled(context, message), impersonation_key(sender))
        return data(context.node.submit(raw, sender))
    key = _key(context, sender)
    assert sender is not None  # _key refuses None
    return data(context.node.submit(sign_transaction(_filled(context, message), key)))


@eth.method("signTransaction", required(read_message))
def sign(context: Context, message: MessageArguments) -> Json:
    """Sign with an unlocked account; the caller sends."""
    from testamur_node.chain.transaction import decode_transaction

    key = _key(context, message.sender)
    if message.gas is None:
        raise ServerRefusalError("gas not specified")
    if message.gas_price is None and (message.max_fee_per_gas is None or message.max_priority_fee_per_gas is None):
        raise ServerRefusalError("missing gasPrice or maxFeePerGas/maxPriorityFeePerGas")
    if message.nonce is None:
        raise ServerRefusalError("nonce not specified")
    assert message.sender is not None  # _key refuses None
    raw = sign_transaction(_filled(context, message), key)
    return {"raw": data(raw), "tx": pending_transaction_json(decode_transaction(raw, message.sender))}


@eth.method("fillTransaction", required(read_message))
def fill_transaction(context: Context, message: MessageArguments) -> Json:
    """The transaction that a message stands for, without its signature: for somebody else to sign."""
    message = _completed(context, message)
    _check_chain(context, message)
    transaction = unsigned(message, context.node.chain_id, message.nonce or 0, message.gas or 0)
    return {"raw": data(transaction.raw), "tx": unplaced_transaction_json(transaction)}


@eth.method("sign", required(read_address), required(read_data))
def sign_text(context: Context, address: bytes, payload: bytes) -> str:
    """An EIP-191 signature (version 0x45) of an unlocked account."""
    return data(sign_message(payload, _key(context, address)))


@eth.method("signTypedData", required(read_address), required(read_typed_data))
@eth.method("signTypedData_v4", required(read_address), required(read_typed_data))
def sign_structure(context: Context, address: bytes, document: Mapping[str, object]) -> str:
    """An EIP-712 signature of an unlocked account over typed data, given as an object or as its JSON text."""
    return data(sign_typed_data(document, _key(context, address)))
