"""The founding of an alliance, as data: which contracts are constructed, in which order, with which arguments.

`constructions` is the one definition, and `founding_calls` beside it says what is entered afterwards. The node's
genesis runs both in an explicit context at the fixed addresses; a deployment sends them as transactions in the same
order, with the addresses its nonces will give.
"""

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, field
from types import MappingProxyType

from testamur.artifacts import GENESIS_ADDRESSES, artifact

__all__ = [
    "CONSTRUCTION_ORDER",
    "DEFAULT_PERIODS",
    "LAYOUT",
    "PARAMETERS_TYPE",
    "TRIAL_PERIODS",
    "ChainParameters",
    "Construction",
    "Founder",
    "Founding",
    "FoundingValidator",
    "constructions",
    "directory_name",
]

CONSTRUCTION_ORDER = (
    "Permissions",
    "Operators",
    "Alliance",
    "BlockHistory",
    "Keys",
    "IssuerRegistry",
    "QualificationFrameworks",
    "StatusRegistry",
    "CredentialBatches",
    "Directory",
)
"""Permissions counts what Operators adds, the Alliance asks Operators, the Directory needs everybody's code."""

LAYOUT = 1
"""The number of the storage layout that these contracts follow, in the Directory."""

DEFAULT_PERIODS: Mapping[str, int] = MappingProxyType(
    {
        "votingPeriod": 14 * 86400,
        "executionDelay": 2 * 86400,
        "executionWindow": 14 * 86400,
        "controllerDelay": 7 * 86400,
        "recoveryDelay": 30 * 86400,
        "directoryDelay": 7 * 86400,
        "voidDelay": 7 * 86400,
    }
)
"""Seconds; alliance.toml [periods] overrides them. An executionDelay that is not named is never longer than the
controllerDelay: an alliance whose controllers change within seconds does not wait two days for a vote."""

TRIAL_PERIODS: Mapping[str, int] = MappingProxyType(
    {
        "votingPeriod": 3600,
        "executionDelay": 1,
        "executionWindow": 3600,
        "controllerDelay": 5,
        "recoveryDelay": 10,
        "directoryDelay": 5,
        "voidDelay": 5,
    }
)
"""Seconds: an alliance to try things out on, such as the reference alliance."""


PARAMETERS_TYPE = "(uint64,uint32,uint32,uint16,uint32,uint32,uint32,uint64,uint64,uint64)"
"""The ABI type of IChainParameters.Parameters, in the order of ChainParameters."""


@dataclass(frozen=True, slots=True)
class ChainParameters:
    """The chain's limits at genesis, in the contract's order; ChainParameters.sol holds the bounds."""

    gas_limit: int = 30_000_000
    max_block_bytes: int = 4_194_304
    max_transaction_bytes: int = 262_144
    heartbeat_seconds: int = 30
    evidence_max_bytes: int = 1_048_576
    evidence_max_age_seconds: int = 365 * 86400
    """As long as a light client trusts a checkpoint by default."""
    evidence_max_age_blocks: int = 1_100_000
    """A year of heartbeats."""
    transaction_gas: int = 30_000_000
    unnamed_gas: int = 1_000_000
    """Per block, for calls of code that the Directory does not name (docs/adr/0025)."""
    creation_gas: int = 6_000_000
    """Per block, for creations."""


@dataclass(frozen=True, slots=True)
class Founder:
    """A founding institution's accounts, 20 bytes each. Numbers follow the order of founders, from 1."""

    govern: tuple[bytes, ...]
    """At least two."""
    admin: tuple[bytes, ...]
    """At least one."""
    recovery: bytes
    issue: tuple[bytes, ...] = ()
    status: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundingValidator:
    """A validator of block 1."""

    key: bytes
    """Raw Ed25519 public key, 32 bytes."""
    institution: int
    power: int = 100


@dataclass(frozen=True, slots=True)
class Founding:
    """All that the constructors and the calls after them need to know."""

    founders: tuple[Founder, ...]
    validators: tuple[FoundingValidator, ...]
    members: tuple[int, ...] = ()
    """Institution numbers; empty: every founder."""
    threshold: tuple[int, int] = (2, 3)
    """The fraction of members that a proposal needs: numerator, denominator."""
    periods: Mapping[str, int] = field(default_factory=dict)
    """Seconds, over DEFAULT_PERIODS."""
    parameters: ChainParameters = ChainParameters()
    peers: tuple[bytes, ...] = ()
    """Node ids that may connect, 20 bytes each."""
    deployers: tuple[bytes, ...] = ()
    """Accounts that may create contracts, 20 bytes each."""
    origin: bytes = bytes(32)
    """The hash of block 0 where no node writes BlockHistory, on a chain that is not ours; else zero."""
    first_list: int = 1
    """The first status list's number; a successor continues its predecessor's."""
    predecessor: bytes = bytes(20)
    """The IssuerRegistry that a successor falls back on; zero at the founding."""


@dataclass(frozen=True, slots=True)
class Construction:
    """One contract to construct."""

    name: str
    address: bytes
    """Where it will stand, 20 bytes."""
    init_code: bytes
    """Creation code with the constructor's ABI-encoded arguments."""


def constructions(founding: Founding, addresses: Mapping[str, bytes] = GENESIS_ADDRESSES) -> Iterator[Construction]:
    """Each contract in CONSTRUCTION_ORDER; `addresses` says where each one will stand."""
    from eth_abi.abi import encode

    for name in CONSTRUCTION_ORDER:
        types, values = _arguments(name, founding, addresses)
        yield Construction(name, addresses[name], artifact(name).bytecode + encode(types, values))


def directory_name(name: str) -> bytes:
    """A name as the Directory and the Alliance's parameters hold it: ASCII, padded right to 32 bytes."""
    return name.encode("ascii").ljust(32, b"\0")


def _periods(founding: Founding) -> dict[str, int]:
    periods = {**DEFAULT_PERIODS, **founding.periods}
    if "executionDelay" not in founding.periods:
        periods["executionDelay"] = min(periods["executionDelay"], periods["controllerDelay"])
    return periods


def _arguments(name: str, founding: Founding, at: Mapping[str, bytes]) -> tuple[list[str], list[object]]:
    """The constructor's types and arguments."""
    alliance, operators, directory = at["Alliance"], at["Operators"], at["Directory"]
    match name:
        case "Permissions":
            limits = astuple(founding.parameters)
            return (
                ["address", "address", PARAMETERS_TYPE, "bytes20[]", "address[]"],
                [alliance, operators, limits, list(founding.peers), list(founding.deployers)],
            )
        case "Operators":
            return (
                ["address", "address", "address", "bytes32"],
                [alliance, at["Permissions"], at["BlockHistory"], founding.origin],
            )
        case "Alliance":
            periods = _periods(founding)
            return (
                [*["uint16"] * 2, *["address"] * 3, "bytes32", "bytes32[]", "uint64[]"],
                [
                    *(*founding.threshold, operators, directory, at["BlockHistory"], founding.origin),
                    *([directory_name(n) for n in periods], [*periods.values()]),
                ],
            )
        case "BlockHistory":
            return [], []
        case "IssuerRegistry":
            return ["address", "address", "address", "address"], [alliance, operators, directory, founding.predecessor]
        case "Keys" | "QualificationFrameworks":
            return ["address", "address"], [alliance, operators]
        case "StatusRegistry":
            return ["address", "address", "address", "uint32"], [alliance, operators, directory, founding.first_list]
        case "CredentialBatches":
            return ["address", "address"], [operators, directory]
        case "Directory":
            named = [other for other in CONSTRUCTION_ORDER if other != "Directory"]
            return (
                ["address", "bytes32[]", "address[]", "uint16[]"],
                [alliance, [directory_name(n) for n in named], [at[n] for n in named], [LAYOUT] * len(named)],
            )
    raise KeyError(f"no contract is called {name!r}")
