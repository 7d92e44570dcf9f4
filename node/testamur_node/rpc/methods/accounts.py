"""eth_: what an account holds at a block, and the proof of it."""

from testamur_node.codec import word
from testamur_node.rpc.codec import data, quantity, read_address, read_storage_key
from testamur_node.rpc.context import Context, state_of
from testamur_node.rpc.dispatch import Namespace, required
from testamur_node.rpc.errors import InvalidParametersError
from testamur_node.rpc.parameters import BlockReference, read_block_reference, read_list, read_text
from testamur_node.rpc.rendering import Json

__all__ = ["eth"]

eth: Namespace[Context] = Namespace("eth")
_BLOCK = required(read_block_reference)
_MOST_SLOTS = 1_024
"""Most storage slots of one eth_getProof."""


@eth.method("getBalance", required(read_address), _BLOCK)
def get_balance(context: Context, address: bytes, block: BlockReference) -> str:
    """The balance in wei."""
    return quantity(state_of(context, block).balance(address))


@eth.method("getCode", required(read_address), _BLOCK)
def get_code(context: Context, address: bytes, block: BlockReference) -> str:
    """The deployed code."""
    return data(state_of(context, block).code(address))


@eth.method("getStorageAt", required(read_address), required(read_text), _BLOCK)
def get_storage_at(context: Context, address: bytes, key: str, block: BlockReference) -> str:
    """The 32-byte word in a storage slot."""
    slot, _ = read_storage_key(key)
    return data(word(state_of(context, block).storage(address, slot)))


@eth.method("getTransactionCount", required(read_address), _BLOCK)
def get_transaction_count(context: Context, address: bytes, block: BlockReference) -> str:
    """The account's nonce; for `pending` the first that its waiting transactions do not fill without a gap."""
    if block.is_pending:
        return quantity(context.node.pending_nonce(address))
    return quantity(state_of(context, block).nonce(address))


def _read_keys(value: object) -> list[str]:
    """Storage keys as the caller spells them."""
    return [read_text(key) for key in read_list(value)]


@eth.method("getProof", required(read_address), required(_read_keys), _BLOCK)
def get_proof(context: Context, address: bytes, keys: list[str], block: BlockReference) -> Json:
    """The account and some of its slots with Merkle proofs (EIP-1186)."""
    if len(keys) > _MOST_SLOTS:
        raise InvalidParametersError(f"too many keys (have {len(keys)}, max {_MOST_SLOTS})")
    slots = [read_storage_key(key) for key in keys]
    reader = state_of(context, block)
    proof = reader.account_proof(address, [slot for slot, _ in slots])
    return {
        "address": data(address),
        "accountProof": [data(node) for node in proof.nodes],
        "balance": quantity(proof.account.balance),
        "codeHash": data(proof.account.code_hash if proof.exists else bytes(32)),
        "nonce": quantity(proof.account.nonce),
        "storageHash": data(proof.account.storage_root if proof.exists else bytes(32)),
        "storageProof": [
            {
                "key": data(word(slot)) if is_full else quantity(slot),
                "value": quantity(item.value),
                "proof": [data(node) for node in item.nodes],
            }
            for (slot, is_full), item in zip(slots, proof.storage, strict=True)
        ],
    }
