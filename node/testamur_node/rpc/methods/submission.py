"""eth_: transactions on their way to the pool. On development chains the node signs for its unlocked accounts."""

from collections.abc import Mapping
from dataclasses import replace

from testamur_node.calls import Calls, Place
from testamur_node.chain.development import impersonation_key
from testamur_node.rpc.codec import data, quantity, read_address, read_data
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Namespace, required
from testamur_node.rpc.errors import InvalidParametersError, ServerRefusalError
from testamur_node.rpc.messages import MessageArguments, read_message
from testamur_node.rpc.methods.fees import priced_head, with_fees
from testamur_node.rpc.methods.simulation import call_request
from testamur_node.rpc.parameters import read_typed_data
from testamur_node.rpc.rendering import Json, pending_transaction_json
from testamur_node.rpc.reverts import call_error
from testamur_node.rpc.signing import UnsignedTransaction, sign_message, sign_transaction, sign_typed_data

__all__ = ["eth"]

eth: Namespace[Context] = Namespace("eth")


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


def _filled(context: Context, message: MessageArguments, sender: bytes) -> UnsignedTransaction:
    """A transaction out of what the caller said and, where silent, of what the chain says."""
    head = priced_head(context)
    if message.payload is not None and message.input is not None and message.payload != message.input:
        raise ServerRefusalError(
            'both "data" and "input" are set and not equal. Please use "input" to pass transaction call data'
        )
    if message.blob_hashes:
        raise InvalidParametersError("blobs come with their transaction alone: sign it and use eth_sendRawTransaction")
    request = call_request(context, message, head.base_fee)
    gas = message.gas
    if gas is None:
        asked = replace(request, gas=None)
        estimate = context.node.apart(Calls.estimate_gas, context.limits.call_seconds, asked, Place(None))
        if estimate.error is not None:
            raise call_error(estimate)
        gas = estimate.gas_used
    nonce = message.nonce
    if nonce is None:
        nonce = context.node.pending_nonce(sender)
    message = with_fees(context, message, head)
    if message.gas_price is None and message.max_fee_per_gas is None:
        message = replace(message, max_fee_per_gas=0, max_priority_fee_per_gas=0)
    return UnsignedTransaction(
        chain_id=context.node.chain_id,
        nonce=nonce,
        gas_limit=gas,
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
        raw = sign_transaction(_filled(context, message, sender), impersonation_key(sender))
        return data(context.node.submit(raw, sender))
    key = _key(context, sender)
    assert sender is not None  # _key refuses None
    return data(context.node.submit(sign_transaction(_filled(context, message, sender), key)))


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
    raw = sign_transaction(_filled(context, message, message.sender), key)
    return {"raw": data(raw), "tx": pending_transaction_json(decode_transaction(raw, message.sender))}


@eth.method("fillTransaction", required(read_message))
def fill_transaction(context: Context, message: MessageArguments) -> Json:
    """What eth_sendTransaction would sign, unsigned fields filled in."""
    if message.sender is None:
        raise ServerRefusalError("unknown account")
    filled = _filled(context, message, message.sender)
    return {"raw": data(filled.payload()), "tx": {"nonce": quantity(filled.nonce), "gas": quantity(filled.gas_limit)}}


@eth.method("sign", required(read_address), required(read_data))
def sign_text(context: Context, address: bytes, payload: bytes) -> str:
    """An EIP-191 signature (version 0x45) of an unlocked account."""
    return data(sign_message(payload, _key(context, address)))


@eth.method("signTypedData", required(read_address), required(read_typed_data))
@eth.method("signTypedData_v4", required(read_address), required(read_typed_data))
def sign_structure(context: Context, address: bytes, document: Mapping[str, object]) -> str:
    """An EIP-712 signature of an unlocked account over typed data, given as an object or as its JSON text."""
    return data(sign_typed_data(document, _key(context, address)))
