"""What the journal of a run holds, record by record: the run's facts, its batches, its rows, what was handed out."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["BatchRecord", "DeliveryRecord", "PreparedRow", "RejectedRow", "RunFacts", "SignedRow", "Stage"]


class Stage(StrEnum):
    """How far a batch is."""

    PREPARED = "prepared"
    SIGNED = "signed"
    SENT = "sent"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run was started with; a resumed one must have the same."""

    chain_id: int
    genesis: bytes
    """Hash of block 0, 32 bytes."""
    institution: int
    template: bytes
    """SHA-256 of the template file."""
    roster: bytes
    """SHA-256 of the roster file."""
    created: int
    """When the run was prepared, seconds; also the time of its signatures."""


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One batch of the run. From `list` on, the fields hold once it is signed, the last two once it is final."""

    number: int
    """From 0, within the run."""
    stage: Stage
    scope_index: int
    size: int
    contract: bytes = b""
    """CredentialBatches that it was signed for, 20 bytes."""
    status_registry: bytes = b""
    list: int = 0
    log2size: int = 0
    first: int = 0
    """Counter of its first row in the list."""
    batch_id: bytes = b""
    root: bytes = b""
    block: int = 0
    transaction: bytes = b""


@dataclass(frozen=True, slots=True)
class PreparedRow:
    """A row of the roster and the batch that it goes into."""

    position: int
    """Place among the accepted rows, from 0."""
    row_id: str
    line: int
    """Line of the roster file, from 1."""
    batch: int


@dataclass(frozen=True, slots=True)
class SignedRow:
    """One credential and everything that its bundle needs besides path and anchor."""

    position: int
    batch: int
    status_index: int
    leaf_index: int
    leaf_hash: bytes
    salt: bytes
    outcome_tag: bytes
    holder: bytes
    one_time_key: bytes
    """32-byte private key behind `holder`; empty where the roster brought a commitment."""
    blind: bytes
    credential: bytes
    """The signed credential, one line of JSON."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not issued."""

    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """One learner's package as it was handed out."""

    position: int
    """Of its row."""
    folder: str
    """Absolute path of the folder that it was written into, then."""
    is_zip: bool
    sha256: str
    """Of the zip, or of the bundle where a folder was written."""
    has_secret: bool
    """Whether the holder's one-time key was in it."""
    time: int
    """Seconds since 1970."""
