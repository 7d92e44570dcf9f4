"""py-evm's state classes, bent to a chain spec: guarded creation, precompiles switched off, nothing written at
start-up.

`machine(spec, fork)` gives the state class with which `pyevm` runs a block under that fork.
"""

from functools import lru_cache
from typing import Any

from eth.constants import CREATE_CONTRACT_ADDRESS
from eth.exceptions import VMError
from eth.vm import forks, opcode_values
from eth.vm.forks.prague.constants import MAGIC
from eth.vm.message import Message as EvmMessage
from eth_keys import keys
from eth_keys.exceptions import BadSignature
from eth_utils import ValidationError, get_extended_debug_logger

from testamur_node.chain.rules import ChainSpec, Fork
from testamur_node.chain.transaction import created_address
from testamur_node.codec import minimal, rlp_encode
from testamur_node.execution.precompiles import as_in_geth
from testamur_node.execution.world import World

__all__ = ["machine", "DeploymentNotPermitted", "NonceOverflow"]

_VMS = {
    Fork.FRONTIER: forks.FrontierVM,
    Fork.HOMESTEAD: forks.HomesteadVM,
    Fork.TANGERINE_WHISTLE: forks.TangerineWhistleVM,
    Fork.SPURIOUS_DRAGON: forks.SpuriousDragonVM,
    Fork.BYZANTIUM: forks.ByzantiumVM,
    Fork.CONSTANTINOPLE: forks.ConstantinopleVM,
    Fork.PETERSBURG: forks.PetersburgVM,
    Fork.ISTANBUL: forks.IstanbulVM,
    Fork.BERLIN: forks.BerlinVM,
    Fork.LONDON: forks.LondonVM,
    Fork.PARIS: forks.ParisVM,
    Fork.SHANGHAI: forks.ShanghaiVM,
    Fork.CANCUN: forks.CancunVM,
    Fork.PRAGUE: forks.PragueVM,
}


_MOST_NONCE = 2**64 - 1


class DeploymentNotPermitted(VMError):  # type: ignore[misc] # py-evm is untyped here
    """The transaction's origin may not create contracts; burns the gas, as a failed creation does."""

    burns_gas = True
    erases_return_data = True


class NonceOverflow(VMError):  # type: ignore[misc] # py-evm is untyped here
    """An account whose nonce is the highest (EIP-2681) wants to create a contract; it keeps its gas, as in geth."""

    burns_gas = False
    erases_return_data = True


@lru_cache(maxsize=64)
def machine(spec: ChainSpec, fork: Fork) -> Any:
    """The py-evm state class for blocks of `spec` under `fork`."""
    base = _VMS[fork].get_state_class()
    computation = base.computation_class
    # py-evm wraps SELFDESTRUCT into a warning: what a block does must not depend on Python's warning filters
    opcodes = {code: getattr(opcode, "__wrapped__", opcode) for code, opcode in computation.opcodes.items()}
    attributes: dict[str, Any] = {
        "fork": fork,
        # py-evm asks whether the sender is the origin, which may have code of its own (EIP-7702) and call and create
        "is_origin_computation": property(lambda self: self.msg.depth == 0),
    }
    off = {number.to_bytes(20, "big") for number in spec.disabled_precompiles}
    attributes["_precompiles"] = as_in_geth(
        {address: run for address, run in computation.get_precompiles().items() if address not in off}
    )
    if spec.is_permissioned:
        for code in (opcode_values.CREATE, opcode_values.CREATE2):
            opcodes[code] = _guarded(opcodes[code])
    attributes["opcodes"] = opcodes
    return type(
        f"{spec.name.title()}{base.__name__}",
        (_StateRules, base),
        {
            "__slots__": ["deployers"],
            "logger": get_extended_debug_logger("eth.vm.state"),  # py-evm's looks it up for every transaction
            "account_db_class": World,
            "computation_class": type(computation.__name__, (computation,), attributes),
            "transaction_executor_class": _executor(base.transaction_executor_class, spec),
        },
    )


class _StateRules:
    """What every state class of ours does differently from py-evm's."""

    __slots__ = ()

    _account_db: World

    def snapshot(self) -> tuple[bytes, int]:
        """py-evm's (root, checkpoint); one log holds accounts, storage and transient storage alike."""
        return self._account_db.state_root, self._account_db.record()

    def revert(self, snapshot: tuple[bytes, int]) -> None:
        """Undo what was done since."""
        self._account_db.discard(snapshot[1])

    def commit(self, snapshot: tuple[bytes, int]) -> None:
        """Keep what was done since; an outer message may still undo it."""

    def wrap_around(self) -> None:
        """Let balances and nonces run over as geth's do: what a call pretends may be more than there can be."""
        self._account_db.wraps = True

    def get_transient_storage(self, address: bytes, slot: int) -> bytes:
        """EIP-1153."""
        return self._account_db.get_transient(address, slot)

    def set_transient_storage(self, address: bytes, slot: int, value: bytes) -> None:
        """EIP-1153."""
        self._account_db.set_transient(address, slot, value)

    def clear_transient_storage(self) -> None:
        """At the end of a transaction."""
        self._account_db.clear_transient()

    def get_transaction_context(self: Any, transaction: Any) -> Any:
        """py-evm shows blobs to type 3 alone; a call may have both blobs and delegations."""
        context = super().get_transaction_context(transaction)  # type: ignore[misc] # of the class it is mixed into
        if transaction.blob_versioned_hashes and hasattr(context, "_blob_versioned_hashes"):
            context._blob_versioned_hashes = transaction.blob_versioned_hashes
        return context

    def set_system_contracts(self) -> None:
        """System contracts are part of genesis; py-evm would touch their accounts on every start."""

    def process_set_code_authorizations(self, transaction: Any) -> int:
        """EIP-7702, refunding gas for authorities that exist; py-evm's own swallows every exception, even
        RecursionError.
        """
        refund = 0
        for authorization in transaction.authorization_list:
            try:
                refund += self._authorize(authorization)
            except (ValidationError, BadSignature):
                continue
        return refund

    def _authorize(self: Any, authorization: Any) -> int:
        authorization.validate(self.execution_context.chain_id)
        if authorization.y_parity > 1:
            raise ValidationError("y parity of an authorization")
        message = MAGIC + rlp_encode(
            [minimal(authorization.chain_id), authorization.address, minimal(authorization.nonce)]
        )
        signature = keys.Signature(vrs=(authorization.y_parity, authorization.r, authorization.s))
        authority = signature.recover_public_key_from_msg(message).to_canonical_address()
        self.mark_address_warm(authority)
        code = self.get_code(authority)
        if code and not _is_delegation(code):
            return 0
        exists = self.account_exists(authority)
        if (self.get_nonce(authority) if exists else 0) != authorization.nonce:
            return 0
        if authorization.address == bytes(20):
            self.delete_code(authority)
        else:
            self.set_code(authority, b"\xef\x01\x00" + authorization.address)
        self.increment_nonce(authority)
        return 25_000 - 12_500 if exists else 0


def _free_message(self: Any, transaction: Any) -> EvmMessage:
    """The message of a transaction that pays nothing, from Cancun on: py-evm's without fees and without formatting
    each for a log that nobody reads.
    """
    state, sender = self.vm_state, transaction.sender
    nonce = state.get_nonce(sender)
    state.set_nonce(sender, nonce + 1)
    refund = self.calc_message_refund(transaction)
    creates = transaction.to == CREATE_CONTRACT_ADDRESS
    code, delegate = (transaction.data, None) if creates else self.get_code_at_address(transaction.to)
    return EvmMessage(
        gas=transaction.gas - transaction.intrinsic_gas,
        to=transaction.to,
        sender=sender,
        value=transaction.value,
        data=b"" if creates else transaction.data,
        code=code,
        create_address=created_address(sender, nonce) if creates else None,
        refund=refund,
        is_delegation=delegate is not None,
    )


def _is_delegation(code: bytes) -> bool:
    return len(code) == 23 and code[:3] == b"\xef\x01\x00"


def _guarded(opcode: Any) -> Any:
    """CREATE or CREATE2 that answers 0, as at the depth limit, unless the origin may deploy."""

    def call(self: Any, computation: Any) -> None:
        deployers = computation.state.deployers
        if deployers is None or computation.transaction_context.origin in deployers or computation.msg.is_static:
            type(opcode).__call__(self, computation)
            return
        wanted = self.get_stack_data(computation)
        computation.consume_gas(self.get_gas_cost(wanted), reason=self.mnemonic)
        computation.extend_memory(wanted.memory_start, wanted.memory_length)
        computation.stack_push_int(0)
        computation.return_data = b""

    guarded = type(f"Guarded{type(opcode).__name__}", (type(opcode),), {"__call__": call})
    return guarded()


def _executor(base: Any, spec: ChainSpec) -> Any:
    """The transaction executor: creation transactions guarded, messages without fees where gas is free."""

    def build_computation(self: Any, message: Any, transaction: Any) -> Any:
        deployers = self.vm_state.deployers
        if message.is_create and deployers is not None and transaction.sender not in deployers:
            context = self.vm_state.get_transaction_context(transaction)
            computation = self.vm_state.get_computation(message, context)
            computation.error = DeploymentNotPermitted("deployment not permitted")
            return computation
        if self.runs_over:
            computation = self.vm_state.get_computation(message, self.vm_state.get_transaction_context(transaction))
            computation.consume_initcode_gas_cost(computation)
            computation.error = NonceOverflow("nonce uint64 overflow")
            return computation
        return base.build_computation(self, message, transaction)

    build = _free_message if spec.is_free and hasattr(base, "calc_message_refund") else base.build_evm_message

    def build_evm_message(self: Any, transaction: Any) -> Any:
        state, sender = self.vm_state, transaction.sender
        self.runs_over = transaction.to == CREATE_CONTRACT_ADDRESS and state.get_nonce(sender) == _MOST_NONCE
        if self.runs_over:
            state.set_nonce(sender, 0)  # for the sake of the address, which nobody will see
        message = build(self, transaction)
        if self.runs_over:
            state.set_nonce(sender, _MOST_NONCE)
        return message

    attributes = {"build_computation": build_computation, "build_evm_message": build_evm_message, "runs_over": False}
    return type(base.__name__, (base,), attributes)
