"""CometBFT headers and commits: what they hash to, what is signed, and when enough of the voting power signed.

The node's engines build and sign headers with these functions, verifiers judge them with the same ones. Formats are
those of CometBFT v0.38 (spec/core/data_structures.md); `testamur.proof.cometbft_json` reads and writes the JSON of
its `/commit` and `/validators` answers. Times are nanoseconds since 1970 UTC, in integers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from testamur.proof import protobuf
from testamur.proof.errors import InvalidCommitError
from testamur.proof.hashing import sha256

__all__ = [
    "ABSENT",
    "COMMIT",
    "NIL",
    "BlockId",
    "Commit",
    "CommitSignature",
    "EngineHeader",
    "SignedHeader",
    "Validator",
    "signers",
    "simple_root",
    "validators_hash",
    "verify_commit",
    "vote_sign_bytes",
    "voting_power",
]

ABSENT, COMMIT, NIL = 1, 2, 3
"""BlockIDFlag of a commit signature: no vote, a vote for the block, a vote for no block."""

_PRECOMMIT = 2


@dataclass(frozen=True, slots=True)
class BlockId:
    """What a commit signs: the header's hash and the parts the block travelled in."""

    hash: bytes
    """32 bytes; empty in the first header's `last_block_id`."""
    parts_total: int = 0
    parts_hash: bytes = b""

    def encode(self) -> bytes:
        """BlockID, which CanonicalBlockID equals byte for byte."""
        parts = protobuf.integer(1, self.parts_total) + protobuf.octets(2, self.parts_hash)
        return protobuf.octets(1, self.hash) + protobuf.message(2, parts, always=True)


@dataclass(frozen=True, slots=True)
class Validator:
    """One validator: its key and its weight."""

    key: bytes
    """Raw Ed25519 public key, 32 bytes."""
    power: int
    """Voting power, positive."""

    @property
    def address(self) -> bytes:
        """SHA-256(key)[:20]."""
        return sha256(self.key)[:20]

    def encode(self) -> bytes:
        """SimpleValidator, the leaf of the validator set's hash."""
        return protobuf.message(1, protobuf.octets(1, self.key)) + protobuf.integer(2, self.power)


@dataclass(frozen=True, slots=True)
class EngineHeader:
    """One header of the engine's chain, its fields in the order they are hashed."""

    chain_id: str
    height: int
    time_ns: int
    """Nanoseconds since 1970; the weighted median of the previous commit's times."""
    last_block_id: BlockId
    last_commit_hash: bytes
    data_hash: bytes
    validators_hash: bytes
    """Hash of the set that signs this header."""
    next_validators_hash: bytes
    consensus_hash: bytes
    app_hash: bytes
    """keccak-256 of the newest EVM header *before* this height's transactions (docs/protocol.md 4)."""
    last_results_hash: bytes
    evidence_hash: bytes
    proposer_address: bytes
    version_block: int = 11
    version_app: int = 0

    def hash(self) -> bytes:
        """The 32 bytes that a commit signs: the tree over the fourteen encoded fields."""
        version = protobuf.integer(1, self.version_block) + protobuf.integer(2, self.version_app)
        wrapped = (
            self.last_commit_hash,
            self.data_hash,
            self.validators_hash,
            self.next_validators_hash,
            self.consensus_hash,
            self.app_hash,
            self.last_results_hash,
            self.evidence_hash,
            self.proposer_address,
        )
        return simple_root(
            [
                version,
                protobuf.octets(1, self.chain_id.encode()),
                protobuf.integer(1, self.height),
                _timestamp(self.time_ns),
                self.last_block_id.encode(),
                *(protobuf.octets(1, field) for field in wrapped),
            ]
        )


@dataclass(frozen=True, slots=True)
class CommitSignature:
    """One validator's place in a commit."""

    flag: int
    """ABSENT, COMMIT or NIL; only COMMIT counts."""
    validator_address: bytes
    time_ns: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """The precommits that made a block final, in the order of the validator set."""

    height: int
    round: int
    block_id: BlockId
    signatures: tuple[CommitSignature, ...]


@dataclass(frozen=True, slots=True)
class SignedHeader:
    """A header with the commit for it."""

    header: EngineHeader
    commit: Commit


def simple_root(leaves: Sequence[bytes]) -> bytes:
    """Root of the RFC 6962 SHA-256 tree over encoded leaves, 32 bytes; of none, SHA-256 of nothing."""
    if not leaves:
        return sha256(b"")
    level = [sha256(b"\x00" + leaf) for leaf in leaves]
    while len(level) > 1:
        above = [sha256(b"\x01" + level[i] + level[i + 1]) for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def validators_hash(validators: Sequence[Validator]) -> bytes:
    """Hash of a validator set, whatever order it comes in: power descending, then address ascending."""
    ordered = sorted(validators, key=lambda validator: (-validator.power, validator.address))
    return simple_root([validator.encode() for validator in ordered])


def vote_sign_bytes(chain_id: str, height: int, round_: int, block_id: BlockId | None, time_ns: int) -> bytes:
    """What a validator signs to precommit a block: CanonicalVote behind its length. None votes for no block."""
    return protobuf.delimited(
        protobuf.integer(1, _PRECOMMIT)
        + protobuf.sfixed64(2, height)
        + protobuf.sfixed64(3, round_)
        + (protobuf.message(4, block_id.encode()) if block_id else b"")
        + protobuf.message(5, _timestamp(time_ns), always=True)
        + protobuf.octets(6, chain_id.encode())
    )


def signers(signed: SignedHeader, validators: Sequence[Validator]) -> tuple[Validator, ...]:
    """Those among `validators` who signed for this header, in the order of the commit.

    Validators are found by address and counted once. Raises InvalidCommitError where a signature of one of them
    for the block is not valid, or one of them stands twice.
    """
    by_address = {validator.address: validator for validator in validators}
    seen: set[bytes] = set()
    found: list[Validator] = []
    for vote in signed.commit.signatures:
        validator = by_address.get(vote.validator_address)
        if vote.flag != COMMIT or validator is None:
            continue
        if vote.validator_address in seen:
            raise InvalidCommitError(f"validator {vote.validator_address.hex()} stands twice in one commit")
        seen.add(vote.validator_address)
        commit = signed.commit
        message = vote_sign_bytes(signed.header.chain_id, commit.height, commit.round, commit.block_id, vote.time_ns)
        if not _is_signed(validator.key, vote.signature, message):
            raise InvalidCommitError(f"the signature of validator {validator.address.hex()} is not valid")
        found.append(validator)
    return tuple(found)


def verify_commit(signed: SignedHeader, validators: Sequence[Validator]) -> tuple[Validator, ...]:
    """Require that more than two thirds of `validators`, the set the header names, signed this very header.

    Returns those who signed it.

    1. the header names this validator set
    2. the commit is for this header, at its height
    3. every place in the commit is that of the validator in the same place
    4. more than 2/3 of the voting power signed for the block

    Raises InvalidCommitError; returning is the proof. Nothing here says whom to trust: compare the set with a
    pinned key or a trusted header first.
    """
    header, commit = signed.header, signed.commit
    if validators_hash(validators) != header.validators_hash:
        raise InvalidCommitError("the validator set is not the one that the header names")
    if commit.height != header.height or commit.block_id.hash != header.hash():
        raise InvalidCommitError(f"the commit is not for the header at height {header.height}")
    if len(commit.signatures) != len(validators):
        raise InvalidCommitError(f"{len(commit.signatures)} places in a commit of {len(validators)} validators")
    ordered = sorted(validators, key=lambda validator: (-validator.power, validator.address))
    for vote, validator in zip(commit.signatures, ordered, strict=True):
        if vote.flag != ABSENT and vote.validator_address != validator.address:
            raise InvalidCommitError("the commit's places are not in the order of the validator set")
    found = signers(signed, validators)
    power, total = voting_power(found), voting_power(validators)
    if 3 * power <= 2 * total:
        raise InvalidCommitError(f"{power} of {total} voting power signed, more than two thirds are needed")
    return found


def voting_power(validators: Sequence[Validator]) -> int:
    """The voting power of validators together."""
    return sum(validator.power for validator in validators)


def _timestamp(time_ns: int) -> bytes:
    """google.protobuf.Timestamp."""
    seconds, nanos = divmod(time_ns, 1_000_000_000)
    return protobuf.integer(1, seconds) + protobuf.integer(2, nanos)


def _is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    # imported here: a reader that proves values under a state root it already trusts needs no signatures
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
