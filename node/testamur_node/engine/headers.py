"""Building and signing engine headers with one key, exactly as a CometBFT network of one validator would.

Pure: time, application hash and what came before are arguments. Hashes that CometBFT takes over transactions, results,
commits and parameters are taken the same way here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from testamur.proof import protobuf
from testamur.proof.cometbft import (
    COMMIT,
    BlockId,
    Commit,
    CommitSignature,
    EngineHeader,
    SignedHeader,
    simple_root,
    validators_hash,
    vote_sign_bytes,
)
from testamur.proof.cometbft_json import signed_header_from_json, signed_header_to_json
from testamur.proof.hashing import sha256

from testamur_node.chain.receipt import Receipt
from testamur_node.engine.key import ValidatorKey

__all__ = ["SOLO_POWER", "HeaderContent", "decode_signed", "encode_signed", "results_hash", "sign_header"]

SOLO_POWER = 100
"""Voting power of the one validator, as a member's is by default."""


@dataclass(frozen=True, slots=True)
class HeaderContent:
    """What one engine height decides."""

    height: int
    time_ns: int
    app_hash: bytes
    """Of the newest EVM block before this height's transactions."""
    transactions: tuple[bytes, ...] = ()
    last_results_hash: bytes = b""
    """Of the height before."""


def sign_header(
    content: HeaderContent,
    previous: SignedHeader | None,
    key: ValidatorKey,
    chain_id: str,
    max_bytes: int,
    max_gas: int,
) -> SignedHeader:
    """The header of `content` behind `previous`, with the one signature that makes it final."""
    validator = key.validator(SOLO_POWER)
    set_hash = validators_hash([validator])
    header = EngineHeader(
        chain_id=chain_id,
        height=content.height,
        time_ns=content.time_ns,
        last_block_id=previous.commit.block_id if previous else BlockId(b""),
        last_commit_hash=_commit_hash(previous.commit) if previous else simple_root([]),
        data_hash=simple_root([sha256(raw) for raw in content.transactions]),
        validators_hash=set_hash,
        next_validators_hash=set_hash,
        consensus_hash=sha256(protobuf.integer(1, max_bytes) + protobuf.integer(2, max_gas)),
        app_hash=content.app_hash,
        last_results_hash=content.last_results_hash or simple_root([]),
        evidence_hash=simple_root([]),
        proposer_address=validator.address,
    )
    digest = header.hash()
    # one part: the solo engine never gossips, so the part set is the header's hash alone
    block_id = BlockId(digest, 1, sha256(b"\x00" + digest))
    signature = key.sign(vote_sign_bytes(chain_id, content.height, 0, block_id, content.time_ns))
    vote = CommitSignature(COMMIT, validator.address, content.time_ns, signature)
    return SignedHeader(header, Commit(content.height, 0, block_id, (vote,)))


def results_hash(receipts: Sequence[Receipt]) -> bytes:
    """LastResultsHash over ExecTxResult {code, gas_used}: code 0 for success, 1 for a failed receipt."""
    return simple_root(
        [
            protobuf.integer(1, 0 if receipt.is_successful else 1) + protobuf.integer(6, receipt.gas_used)
            for receipt in receipts
        ]
    )


def encode_signed(signed: SignedHeader) -> bytes:
    """A signed header as the store keeps it: the JSON of CometBFT's /commit."""
    return orjson.dumps(signed_header_to_json(signed))


def decode_signed(encoded: bytes) -> SignedHeader:
    """What `encode_signed` wrote."""
    return signed_header_from_json(orjson.loads(encoded))


def _commit_hash(commit: Commit) -> bytes:
    return simple_root(
        [
            protobuf.integer(1, vote.flag)
            + protobuf.octets(2, vote.validator_address)
            + protobuf.message(3, _timestamp(vote.time_ns), always=True)
            + protobuf.octets(4, vote.signature)
            for vote in commit.signatures
        ]
    )


def _timestamp(time_ns: int) -> bytes:
    seconds, nanoseconds = divmod(time_ns, 1_000_000_000)
    return protobuf.integer(1, seconds) + protobuf.integer(2, nanoseconds)
