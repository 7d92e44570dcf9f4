"""What the refusals stand on: the table of cases, and contracts constructed a second time, sound but for one thing."""

from collections.abc import Callable
from typing import Any

from testamur.artifacts.genesis import PARAMETERS_TYPE, directory_name

from tests.contracts.suite import DAY, PERIODS, Suite

__all__ = [
    "CASES", "provokes", "DOCUMENT", "KEY", "NO_ONE", "LIMITS", "FULL",
    "new_alliance", "new_permissions", "new_directory", "new_status_registry", "succeed",
]  # fmt: skip

Case = Callable[[Suite], object]

CASES: dict[str, Case] = {}


def provokes(name: str) -> Callable[[Case], Case]:
    def enter(case: Case) -> Case:
        assert name not in CASES, f"{name} has a case"
        CASES[name] = case
        return case

    return enter


DOCUMENT = b"\x07" * 32
KEY = b"\x21" * 32
NO_ONE = b"\x0e" * 20
LIMITS = (30_000_000, 4_194_304, 262_144, 30, 1_048_576, 31_536_000, 1_100_000, 30_000_000, 1_000_000, 6_000_000)
FULL = 2**256 - 1


def new_alliance(suite: Suite, **changes: Any) -> bytes:
    """Construct a second Alliance, sound but for the changes."""
    names = tuple(PERIODS)
    arguments = {
        "numerator": 2,
        "denominator": 3,
        "operators": suite.address("Operators"),
        "directory": suite.address("Directory"),
        "history": suite.address("BlockHistory"),
        "origin": bytes(32),
        "names": [directory_name(name) for name in names],
        "values": list(PERIODS.values()),
    }
    types = [*["uint16"] * 2, *["address"] * 3, "bytes32", "bytes32[]", "uint64[]"]
    return suite.chain.deploy("Alliance", NO_ONE, types, list((arguments | changes).values()))


def new_permissions(suite: Suite, validators: list[tuple[bytes, int, int]]) -> bytes:
    """Found a second Permissions with that validator set, under an Alliance that says yes to whatever is asked."""
    types = ["address", "address", PARAMETERS_TYPE, "bytes20[]", "address[]"]
    made = suite.chain.deploy("Permissions", NO_ONE, types, [yes_sayer(suite), NO_ONE, LIMITS, [], []])
    suite.chain.send(NO_ONE, made, "foundValidators", validators)
    suite.chain.send(NO_ONE, made, "seal")
    return made


def yes_sayer(suite: Suite) -> bytes:
    """A contract that answers 1 to every call."""
    code = bytes.fromhex("60015f5260205ff3")
    return suite.chain.create("Alliance", NO_ONE, bytes.fromhex("67") + code + bytes.fromhex("5f5260086018f3"))


def new_directory(suite: Suite, names: list[bytes], addresses: list[bytes], layouts: list[int]) -> bytes:
    """Construct a second Directory."""
    types = ["address", "bytes32[]", "address[]", "uint16[]"]
    return suite.chain.deploy("Directory", NO_ONE, types, [NO_ONE, names, addresses, layouts])


def new_status_registry(suite: Suite, first_list: int) -> bytes:
    """Construct a second StatusRegistry."""
    parts = [suite.address(name) for name in ("Alliance", "Operators", "Directory")]
    types = ["address", "address", "address", "uint32"]
    return suite.chain.deploy("StatusRegistry", NO_ONE, types, [*parts, first_list])


def succeed(suite: Suite, name: str, successor: bytes) -> None:
    """The Alliance names a successor, and its delay passes."""
    suite.govern("Directory", "set", directory_name(name), successor, 1)
    suite.chain.mine(7 * DAY)
