"""alliance.toml: who founds the chain. Read by `init`; the chain itself knows only the genesis built from it.

```toml
version = 1
chain_id = 20260
genesis_time = 2026-11-23T06:00:00Z
threshold = [2, 3]                       # of the members
deployers = ["0x…"]                      # accounts that may create contracts; none by default

[periods]                                # days; with unit = "seconds", seconds
votingPeriod = 14

[parameters]                             # all optional: gas_limit, max_block_bytes, max_transaction_bytes,
heartbeat_seconds = 30                   # heartbeat_seconds, evidence_max_bytes, evidence_max_age_seconds,
                                         # evidence_max_age_blocks, transaction_gas, unnamed_gas, creation_gas

[[member]]                               # numbered in this order, from 1
number = 1
name = "成都开放大学"
govern = ["0x…", "0x…"]
admin = ["0x…"]
issue = ["0x…"]
status = ["0x…"]
recovery = "0x…"

[[validator]]
institution = 1
key = "…"                                # raw Ed25519 public key, 64 hex digits
power = 100
```
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from testamur.artifacts.genesis import DEFAULT_PERIODS, ChainParameters, Founder, Founding, FoundingValidator
from testamur.artifacts.soundness import UnsoundFoundingError, demand_sound

from testamur_node.documents import DocumentError, read_toml
from testamur_node.errors import NodeError

__all__ = ["AllianceFile", "AllianceFileError", "parse_alliance"]


class AllianceFileError(NodeError):
    """alliance.toml lacks something, or says something impossible."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class AllianceFile:
    """What alliance.toml says."""

    chain_id: int
    genesis_time: int
    """Seconds since 1970; the timestamp of block 0."""
    founding: Founding
    names: tuple[str, ...]
    """Of the members, in order."""


def parse_alliance(text: str, chain_id: int | None = None) -> AllianceFile:
    """Read alliance.toml; `chain_id`, where given, wins over the file's. Raises `AllianceFileError`."""
    try:
        data = read_toml(text)
    except DocumentError as error:
        raise AllianceFileError(f"alliance.toml is not TOML: {error}") from error
    if data.get("version", 1) != 1:
        raise AllianceFileError(f"alliance.toml has version {data['version']!r}, this node reads 1")
    members = _tables(data, "member")
    for position, member in enumerate(members, 1):
        if member.get("number", position) != position:
            raise AllianceFileError(f"member {position} has number {member['number']}: members are numbered in order")
    time = data.get("genesis_time")
    if isinstance(time, datetime) and time.tzinfo is not None:
        time = int(time.timestamp())
    if not isinstance(time, int) or time <= 0:
        raise AllianceFileError("genesis_time must be a date-time with an offset, as 2026-11-23T06:00:00Z")
    chosen = chain_id if chain_id is not None else data.get("chain_id")
    if not isinstance(chosen, int) or not 0 < chosen < 2**53:
        raise AllianceFileError("chain_id must be a positive number below 2^53")
    founding = Founding(
        founders=tuple(_founder(member) for member in members),
        validators=tuple(_validator(entry) for entry in _tables(data, "validator")),
        threshold=_threshold(data.get("threshold", [2, 3])),
        periods=_periods(data.get("periods", {})),
        parameters=_parameters(data.get("parameters", {})),
        deployers=tuple(_address(item, "deployers") for item in data.get("deployers", [])),
    )
    try:
        demand_sound(founding)
    except UnsoundFoundingError as error:
        raise AllianceFileError(error.message, error.advice) from error
    return AllianceFile(chosen, time, founding, tuple(str(member.get("name", "")) for member in members))


def _founder(member: dict[str, Any]) -> Founder:
    def accounts(role: str) -> tuple[bytes, ...]:
        value = member.get(role, [])
        return tuple(_address(item, role) for item in (value if isinstance(value, list) else [value]))

    recovery = accounts("recovery")
    if len(recovery) != 1:
        raise AllianceFileError(f"member {member.get('name')!r} needs one recovery account")
    return Founder(accounts("govern"), accounts("admin"), recovery[0], accounts("issue"), accounts("status"))


def _validator(entry: dict[str, Any]) -> FoundingValidator:
    institution, power = entry.get("institution"), entry.get("power", 100)
    try:
        key = bytes.fromhex(str(entry.get("key", "")).removeprefix("0x"))
    except ValueError as error:
        raise AllianceFileError(f"validator key {entry.get('key')!r} is not hexadecimal") from error
    if len(key) != 32 or not isinstance(institution, int):
        raise AllianceFileError("a validator needs a 32-byte key and the number of a member as institution")
    if not isinstance(power, int):
        raise AllianceFileError(f"a validator's power is a number, not {power!r}")
    return FoundingValidator(key, institution, power)


def _threshold(value: object) -> tuple[int, int]:
    if isinstance(value, list) and len(value) == 2 and all(isinstance(part, int) for part in value):
        return value[0], value[1]
    raise AllianceFileError(f"threshold must be [numerator, denominator], not {value!r}")


def _periods(table: dict[str, Any]) -> dict[str, int]:
    unit = {"days": 86_400, "seconds": 1}.get(str(table.get("unit", "days")))
    if unit is None:
        raise AllianceFileError(f"[periods] unit is days or seconds, not {table['unit']!r}")
    periods: dict[str, int] = {}
    for name, value in table.items():
        if name == "unit":
            continue
        if name not in DEFAULT_PERIODS or not isinstance(value, int):
            raise AllianceFileError(f"[periods] {name} = {value!r}: known are {', '.join(DEFAULT_PERIODS)}, as numbers")
        periods[name] = value * unit
    return periods


def _parameters(table: dict[str, Any]) -> ChainParameters:
    known = {item.name for item in fields(ChainParameters)}
    for name, value in table.items():
        if name not in known or not isinstance(value, int):
            raise AllianceFileError(
                f"[parameters] {name} = {value!r}: known are {', '.join(sorted(known))}, as numbers"
            )
    return ChainParameters(**table)


def _tables(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    tables = data.get(name)
    if not isinstance(tables, list) or not tables or not all(isinstance(item, dict) for item in tables):
        raise AllianceFileError(f"alliance.toml has no [[{name}]]")
    return tables


def _address(value: object, where: str) -> bytes:
    try:
        address = bytes.fromhex(str(value).removeprefix("0x"))
    except ValueError:
        address = b""
    if len(address) != 20:
        raise AllianceFileError(f"{where}: {value!r} is not an address")
    return address
