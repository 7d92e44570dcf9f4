"""Make a node's home folder: genesis.json, the validator's key, settings, and for the reference alliance its accounts.

Everything is built in a folder beside the target and moved into place at the end: a home is there whole or not at all.
"""

import contextlib
import errno
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from testamur_node import files
from testamur_node.alliance_file import parse_alliance
from testamur_node.chain.rules import ALLIANCE, DEVELOPMENT, DEVELOPMENT_WITH_FEES
from testamur_node.engine.key import ValidatorKey
from testamur_node.errors import NodeError
from testamur_node.genesis import found
from testamur_node.node import VALIDATOR_KEY
from testamur_node.operations.config import INITIAL
from testamur_node.operations.reference import alliance_toml, make_accounts, profile_toml

__all__ = ["HomeError", "MadeHome", "initialise", "new_folder", "DEFAULT_CHAIN_ID", "ISLAND"]

DEFAULT_CHAIN_ID = 20260
ISLAND = (
    "one node makes this chain: the same alliance.toml on a second machine founds another with the same number, and"
    " neither sees the other's blocks. Found it once, and let the other institutions reach this node over RPC"
)
"""Until nodes of several institutions agree on blocks (the CometBFT engine)."""
_DEFAULT_RPC = "http://127.0.0.1:8545"


class HomeError(NodeError):
    """The home folder cannot be made."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class MadeHome:
    """What `init` made."""

    home: Path
    spec: str
    chain_id: int
    genesis_hash: bytes
    validator_key: bytes
    """Raw Ed25519 public key of this node."""
    members: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The object that `init --json` prints."""
        return {
            "home": str(self.home),
            "spec": self.spec,
            "chainId": self.chain_id,
            "genesisHash": "0x" + self.genesis_hash.hex(),
            "validatorKey": "0x" + self.validator_key.hex(),
            "members": list(self.members),
            "warnings": list(self.warnings),
        }

    def to_lines(self) -> tuple[str, ...]:
        """What `init` prints."""
        made = (
            f"{self.home}: {self.spec} chain {self.chain_id} of {', '.join(self.members)},"
            f" genesis 0x{self.genesis_hash.hex()}"
        )
        return (made, *self.warnings)


def initialise(
    home: Path,
    *,
    engine: str,
    alliance: Path | None,
    chain_id: int | None,
    is_development: bool,
    base_fee: int | None = None,
) -> MadeHome:
    """Make `home`, which must not hold a node yet; without `alliance`, for the reference alliance.

    `base_fee` in wei makes a development chain whose gas costs something.
    """
    if engine != "solo":
        raise HomeError(f"this version has no engine {engine!r}", "say --engine solo")
    if base_fee is not None and not is_development:
        raise HomeError("gas costs nothing on an alliance's chain", "say --base-fee with --dev alone")
    spec = DEVELOPMENT_WITH_FEES if base_fee is not None else DEVELOPMENT if is_development else ALLIANCE
    with new_folder(home) as folder:
        key = ValidatorKey.generate()
        key.save(folder / VALIDATOR_KEY)
        if alliance is None:
            members = make_accounts(folder / "keys")
            chosen = DEFAULT_CHAIN_ID if chain_id is None else chain_id
            now = datetime.fromtimestamp(int(time.time()), UTC)
            text = alliance_toml(members, chosen, now, key.public)
            (folder / "testamur.toml").write_text(profile_toml(members, chosen, _DEFAULT_RPC), encoding="utf-8")
        else:
            text = _read(alliance)
        parsed = parse_alliance(text, chain_id)
        (folder / "alliance.toml").write_text(text, encoding="utf-8")
        genesis = found(parsed, spec, base_fee)
        (folder / "genesis.json").write_text(genesis.to_json(), encoding="utf-8")
        (folder / "node.toml").write_text(INITIAL, encoding="utf-8")
    warnings = (ISLAND,) if alliance is not None and len(parsed.names) > 1 and not is_development else ()
    return MadeHome(home, genesis.spec.name, genesis.chain_id, genesis.hash, key.public, parsed.names, warnings)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HomeError(f"{path} cannot be read: {error}") from error


@contextlib.contextmanager
def new_folder(home: Path) -> Iterator[Path]:
    """A folder to build in that becomes `home`; an existing home is only taken when it is empty."""
    try:
        with files.new_folder(home) as building:
            yield building
    except FileExistsError as error:
        raise HomeError(f"{home} exists and is not empty", "choose another folder") from error
    except OSError as error:
        raise HomeError(f"cannot make {home}: {error.strerror}", _advice(error)) from error


def _advice(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "free some disk space; nothing was left behind"
    if isinstance(error, BlockingIOError):
        return "wait for the other process"
    if error.errno in (errno.EBUSY, errno.EXDEV):
        return "choose a folder on the mounted disk, not its top"
    return "see that this user may write there"
