"""A verifier's policy: which chain, whose signatures, which Directory, how old a state may be, which issuers.

It is the only place that a verdict's trust comes from: nothing that it pins is ever taken from a bundle or a node.
A policy is complete for its trust or it is refused (docs/protocol.md 6.6). Two people compare one over the phone by
its fingerprint, five groups of five digits.
"""

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from testamur.files import replacing
from testamur.foreign import read_toml
from testamur.verification.errors import PolicyError
from testamur.verification.policy_shape import RECREATE, Checkpoint, check_shapes

__all__ = ["Checkpoint", "Policy"]

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Policy:
    """What a verdict rests on. Made by `load` or `create`; both refuse an incomplete one."""

    TRUSTS: ClassVar[tuple[str, ...]] = ("light-client", "single-signer", "rpc")

    trust: str
    """`light-client`: 2/3 of the alliance's validators; `single-signer`: one pinned key; `rpc`: a node's word."""
    chain_id: int
    """EVM chain id."""
    genesis_hash: bytes
    """Hash of EVM block 0, 32 bytes."""
    directory: bytes
    """Address of the Directory, 20 bytes."""
    directory_code_hash: bytes
    """keccak-256 of its runtime code, 32 bytes."""
    accepted_issuers: frozenset[int] | None
    """Institution numbers, one at least; None accepts whomever the alliance recognises."""
    engine_chain_id: str | None = None
    """Chain id that validators sign; light-client and single-signer."""
    solo_key: bytes | None = None
    """Raw Ed25519 key of the solo engine, 32 bytes; single-signer."""
    min_institutions: int | None = None
    """How many institutions the signing validators must belong to; light-client."""
    checkpoint: Checkpoint | None = None
    """Where trust starts; light-client. A single signer's states are compared with it where it is given."""
    trust_period_seconds: int = 365 * _DAY_SECONDS
    """How long validators' signatures are believed: keys leak after machines are thrown away."""
    max_age_seconds: int | None = 3_600
    """Greatest age of a state that counts as the present; None, for `rpc` alone, sets none: a chain without
    heartbeats has blocks as old as its last transaction."""
    issuer_now: str = "warn"
    """Issuer suspended or withdrawn since: `warn`, or `required` to fail."""
    urls: tuple[str, ...] = ()
    """Nodes to ask; `rpc` needs one at least."""
    confirmations: int | None = None
    """Blocks behind the newest that `rpc` reads; None reads `finalized`."""
    source: Path | None = field(default=None, compare=False)
    """The file it was read from; the newest proved header is remembered beside it."""

    def __post_init__(self) -> None:
        """Refuse a policy that lacks a pin of its trust, holds one of another trust, or one of another shape."""
        if self.trust not in self.TRUSTS:
            raise PolicyError(f"trust {self.trust!r} is none of {', '.join(self.TRUSTS)}", RECREATE)
        for name, needing in _PINS.items():
            if self.trust in needing and not getattr(self, name):
                raise PolicyError(f"a policy of trust {self.trust} lacks {name}", RECREATE)
        for name, allowing in _MEANT_FOR.items():
            if self.trust not in allowing and getattr(self, name) is not None:
                raise PolicyError(f"{name} means nothing to a policy of trust {self.trust}", "leave it out")
        check_shapes(self)

    @property
    def demands_proofs(self) -> bool:
        """Whether a read counts only with its proof."""
        return self.trust != "rpc"

    @property
    def fingerprint(self) -> str:
        """Five groups of five digits over every pin but the nodes' addresses: `48213 90117 55302 71940 06388`."""
        pins = _to_table(self)
        pins.pop("urls", None)
        if self.trust == "single-signer":
            pins.pop("checkpoint", None)  # moves with every refresh, and the key alone decides
        digest = hashlib.sha256(json.dumps(pins, sort_keys=True, separators=(",", ":")).encode()).digest()
        digits = f"{int.from_bytes(digest, 'big') % 10**25:025d}"
        return " ".join(digits[i : i + 5] for i in range(0, 25, 5))

    @classmethod
    def load(cls, path: str | Path) -> "Policy":
        """The policy in a TOML file. Raises PolicyError where it is missing, unreadable or not complete."""
        path = Path(path)
        try:
            table = read_toml(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError as error:
            raise PolicyError(f"there is no policy at {path}", "make one with: testamur policy create") from error
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise PolicyError(f"the policy at {path} cannot be read: {error}") from error
        try:
            return _from_table(table, path)
        except PolicyError as error:
            raise PolicyError(f"{path}: {error.message}", error.advice) from error

    def to_toml(self) -> str:
        """The file that `load` reads."""
        import tomli_w

        return tomli_w.dumps(_to_table(self))

    def write(self, path: str | Path) -> None:
        """Write the file that `load` reads, whole or not at all."""
        with replacing(Path(path)) as file:
            file.write(self.to_toml().encode())


_ANY_PROOF = ("light-client", "single-signer")
_PINS = {
    "engine_chain_id": _ANY_PROOF,
    "solo_key": ("single-signer",),
    "min_institutions": ("light-client",),
    "checkpoint": ("light-client",),
    "max_age_seconds": _ANY_PROOF,
    "urls": ("rpc",),
}
"""The trusts that cannot do without a field."""
_MEANT_FOR = {
    "engine_chain_id": _ANY_PROOF,
    "solo_key": ("single-signer",),
    "min_institutions": ("light-client",),
    "checkpoint": _ANY_PROOF,
    "confirmations": ("rpc",),
}
"""The trusts that a field says anything to: elsewhere it would promise what nobody checks."""
_HEX = re.compile("(?:0x)?(?:[0-9a-fA-F]{2})*")
_HEX_FIELDS = ("genesis_hash", "directory", "directory_code_hash", "solo_key")
_TEXT_FIELDS = ("trust", "engine_chain_id", "issuer_now")
_NUMBER_FIELDS = ("chain_id", "min_institutions", "trust_period_seconds", "max_age_seconds")


def _from_table(table: dict[str, Any], source: Path) -> Policy:
    known = {"version", "checkpoint", "accepted_issuers", "urls", "confirmations"}
    if unknown := table.keys() - known - {*_HEX_FIELDS, *_TEXT_FIELDS, *_NUMBER_FIELDS}:
        raise PolicyError(f"unknown key {min(unknown)}", "update testamur, or correct the key")
    version = table.get("version")
    if isinstance(version, bool) or version != 1:
        raise PolicyError(f"version {version!r} is not 1", "update testamur")
    values: dict[str, Any] = {"source": source}
    for name in _HEX_FIELDS:
        if name in table:
            values[name] = _bytes(name, table[name])
    for name, kind in [*((name, str) for name in _TEXT_FIELDS), *((name, int) for name in _NUMBER_FIELDS)]:
        if name in table:
            values[name] = _typed(name, table[name], kind)
    if "checkpoint" in table:
        checkpoint = _typed("checkpoint", table["checkpoint"], dict)
        if unknown := checkpoint.keys() - {"height", "hash"}:
            raise PolicyError(f"unknown key checkpoint.{min(unknown)}", "update testamur, or correct the key")
        height = _typed("checkpoint.height", checkpoint.get("height"), int)
        values["checkpoint"] = Checkpoint(height, _bytes("checkpoint.hash", checkpoint.get("hash")))
    for name in ("trust", "chain_id", "genesis_hash", "directory", "directory_code_hash"):
        if name not in values:
            raise PolicyError(f"lacks {name}", RECREATE)
    if values["trust"] == "rpc":
        if "confirmations" not in table:
            raise PolicyError('lacks confirmations, a number of blocks or "finalized"', RECREATE)
        values.setdefault("max_age_seconds", None)
    elif "confirmations" in table:
        raise PolicyError(f"confirmations means nothing to a policy of trust {values['trust']}", "leave it out")
    confirmations = table.get("confirmations", "finalized")
    if confirmations != "finalized":
        values["confirmations"] = _typed("confirmations", confirmations, int)
    if "accepted_issuers" not in table:
        raise PolicyError('lacks accepted_issuers, numbers or "any"', RECREATE)
    issuers = table["accepted_issuers"]
    values["accepted_issuers"] = (
        None
        if issuers == "any"
        else frozenset(_typed("accepted_issuers", number, int) for number in _typed("accepted_issuers", issuers, list))
    )
    values["urls"] = tuple(_typed("urls", url, str) for url in _typed("urls", table.get("urls", []), list))
    return Policy(**values)


def _to_table(policy: Policy) -> dict[str, Any]:
    names = (*_TEXT_FIELDS, *_NUMBER_FIELDS, *_HEX_FIELDS)
    table: dict[str, Any] = {"version": 1}
    for name in names:
        value = getattr(policy, name)
        if value is not None:
            table[name] = "0x" + value.hex() if isinstance(value, bytes) else value
    table["accepted_issuers"] = "any" if policy.accepted_issuers is None else sorted(policy.accepted_issuers)
    table["urls"] = list(policy.urls)
    if policy.trust == "rpc":
        table["confirmations"] = "finalized" if policy.confirmations is None else policy.confirmations
    if policy.checkpoint is not None:
        table["checkpoint"] = {"height": policy.checkpoint.height, "hash": "0x" + policy.checkpoint.hash.hex()}
    return table


def _typed(name: str, value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool) or (isinstance(value, int) and value < 0):
        raise PolicyError(f"{name} is not {'a number' if kind is int else f'a {kind.__name__}'}", RECREATE)
    return value


def _bytes(name: str, value: Any) -> bytes:
    text = _typed(name, value, str)
    if not _HEX.fullmatch(text):
        raise PolicyError(f"{name} is not hexadecimal", RECREATE)
    return bytes.fromhex(text.removeprefix("0x"))
