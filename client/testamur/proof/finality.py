"""From an EVM state to the signatures that make it final, and what such a state says about a moment.

Data flow: evidence (or `testamur_finalityProof`) -> `FinalityProof` -> `verify_single_signer` or
`verify_light_client` -> `FinalState`, whose `state_root` the trie proofs start from. One rule decides about time
(docs/protocol.md 3.3): a state that is final is the state *at T* only where something final shows that no later block
came by T.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testamur.proof.cometbft import SignedHeader, Validator, verify_commit
from testamur.proof.cometbft_json import (
    signed_header_from_json,
    signed_header_to_json,
    validator_from_json,
    validator_to_json,
)
from testamur.proof.errors import InvalidCommitError, InvalidHeaderError, MalformedEvidenceError
from testamur.proof.header import EvmHeader
from testamur.proof.light import LightBlock, verify_path

__all__ = ["FinalState", "FinalityProof", "holds_at", "verify_light_client", "verify_single_signer"]

_MAX_VALIDATORS = 1_000
_MAX_STEPS = 500
"""On a path from a checkpoint; with skipping, even years of replaced validators take fewer."""


@dataclass(frozen=True, slots=True)
class FinalityProof:
    """An EVM header with a signed engine header that carries its hash. Read, not yet judged."""

    header: EvmHeader
    signed: SignedHeader
    validators: tuple[Validator, ...]
    """The set that signed."""
    path: tuple[LightBlock, ...] = ()
    """From a checkpoint's header up to, without, the signed one; empty where a single signer is trusted."""

    @classmethod
    def from_json(cls, data: object) -> "FinalityProof":
        """The proof in the form of `testamur_finalityProof` and of a bundle. Raises ProofError's family."""
        if not isinstance(data, Mapping):
            raise MalformedEvidenceError("a finality proof is not an object")
        encoded, validators = data.get("evmHeader"), data.get("validators")
        if not isinstance(encoded, str) or not encoded.startswith("0x") or len(encoded) > 4096:
            raise MalformedEvidenceError("evmHeader is not hexadecimal with 0x")
        path = data.get("path", [])
        if not isinstance(path, list) or len(path) > _MAX_STEPS:
            raise MalformedEvidenceError(f"path is not a list of at most {_MAX_STEPS}")
        try:
            header = bytes.fromhex(encoded[2:])
        except ValueError as error:
            raise MalformedEvidenceError("evmHeader is not hexadecimal with 0x") from error
        return cls(
            EvmHeader.decode(header),
            signed_header_from_json(data.get("signedHeader")),
            _validators(validators),
            tuple(_light_block(step) for step in path),
        )

    def to_json(self) -> dict[str, Any]:
        """The form that `from_json` reads."""
        proof: dict[str, Any] = {
            "evmHeader": "0x" + self.header.encode().hex(),
            "signedHeader": signed_header_to_json(self.signed),
            "validators": [validator_to_json(validator) for validator in self.validators],
        }
        if self.path:
            proof["path"] = [
                {
                    "signedHeader": signed_header_to_json(block.signed),
                    "validators": [validator_to_json(validator) for validator in block.validators],
                    "nextValidators": [validator_to_json(validator) for validator in block.next_validators or ()],
                }
                for block in self.path
            ]
        return proof


@dataclass(frozen=True, slots=True)
class FinalState:
    """A state that was proved final. Made by the verifying functions of this module only."""

    header: EvmHeader
    hash: bytes
    """keccak-256 of the EVM header, 32 bytes."""
    engine_height: int
    engine_hash: bytes
    """Hash of the engine header that carries the state."""
    engine_time_ns: int
    """Time of that engine header, nanoseconds since 1970: the state was current then."""
    signers: tuple[Validator, ...]
    """The validators whose signatures of that engine header were verified; seats that did not sign are not here."""


def verify_single_signer(proof: FinalityProof, engine_chain_id: str, key: bytes) -> FinalState:
    """Judge a proof by the one pinned key of a solo engine.

    1. the engine header is of the pinned chain       -> InvalidHeaderError
    2. the validator set is the pinned key alone      -> InvalidCommitError
    3. its commit signs this engine header            -> InvalidCommitError
    4. the engine header carries the EVM header       -> InvalidHeaderError
    """
    engine = proof.signed.header
    if engine.chain_id != engine_chain_id:
        raise InvalidHeaderError(f"the engine header is of chain {engine.chain_id!r}, not {engine_chain_id!r}")
    if [validator.key for validator in proof.validators] != [key]:
        raise InvalidCommitError("the validator set is not the one pinned key")
    return _final_state(proof, verify_commit(proof.signed, proof.validators))


def verify_light_client(
    proof: FinalityProof,
    engine_chain_id: str,
    checkpoint_height: int,
    checkpoint_hash: bytes,
    *,
    trust_period_ns: int,
    now_ns: int,
    clock_drift_ns: int = 0,
) -> FinalState:
    """Judge a proof by a checkpoint: its header, and from there each step of the path, up to the signed header.

    1. the engine header is of the pinned chain             -> InvalidHeaderError
    2. the path begins with the checkpoint's header         -> InvalidHeaderError
    3. each step, the last to the signed header, follows
       from the one before it                               -> as `light.verify_step`
    4. the engine header carries the EVM header             -> InvalidHeaderError
    """
    engine = proof.signed.header
    if engine.chain_id != engine_chain_id:
        raise InvalidHeaderError(f"the engine header is of chain {engine.chain_id!r}, not {engine_chain_id!r}")
    path = [*proof.path, LightBlock(proof.signed, proof.validators, None)]
    first = path[0].signed.header
    if (first.height, first.hash()) != (checkpoint_height, checkpoint_hash):
        raise InvalidHeaderError(f"the path does not begin with the checkpoint's header at height {checkpoint_height}")
    if len(path) == 1:
        return _final_state(proof, verify_commit(proof.signed, proof.validators))
    signers = verify_path(path, trust_period_ns=trust_period_ns, now_ns=now_ns, clock_drift_ns=clock_drift_ns)
    return _final_state(proof, signers)


def holds_at(state: FinalState, time_ns: int, child: FinalState | None = None) -> bool:
    """Whether `state` is the state of the chain at a moment: docs/protocol.md 3.3.

    `child` is a final state proved by the same trust. One that is not the state's child proves nothing.
    """
    if state.header.timestamp * 1_000_000_000 > time_ns:
        return False
    if state.engine_time_ns > time_ns:
        return True
    return (
        child is not None
        and child.header.parent_hash == state.hash
        and child.header.timestamp * 1_000_000_000 > time_ns
    )


def _final_state(proof: FinalityProof, signers: tuple[Validator, ...]) -> FinalState:
    engine, block_hash = proof.signed.header, proof.header.hash()
    if engine.app_hash != block_hash:
        raise InvalidHeaderError(f"the engine header carries {engine.app_hash.hex()}, not block {block_hash.hex()}")
    return FinalState(proof.header, block_hash, engine.height, engine.hash(), engine.time_ns, signers)


def _light_block(data: object) -> LightBlock:
    if not isinstance(data, Mapping):
        raise MalformedEvidenceError("a step of the path is not an object")
    return LightBlock(
        signed_header_from_json(data.get("signedHeader")),
        _validators(data.get("validators")),
        _validators(data.get("nextValidators")),
    )


def _validators(data: object) -> tuple[Validator, ...]:
    if not isinstance(data, list) or not 0 < len(data) <= _MAX_VALIDATORS:
        raise MalformedEvidenceError(f"validators is not a list of 1 to {_MAX_VALIDATORS}")
    return tuple(validator_from_json(entry) for entry in data)
