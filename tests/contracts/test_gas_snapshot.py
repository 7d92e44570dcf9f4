"""A change of gas is a change that somebody read: the snapshot is compared exactly."""

import json

from tests.contracts.gas_snapshot import FILE, measured


def test_gas_is_what_the_snapshot_says() -> None:
    snapshot: dict[str, int] = json.loads(FILE.read_text(encoding="utf-8"))
    now = measured()
    changes = [
        f"{name}: {snapshot.get(name, 0):,} -> {now.get(name, 0):,}"
        for name in sorted(snapshot | now)
        if snapshot.get(name) != now.get(name)
    ]
    assert changes == [], "if meant: python -m tests.contracts.gas_snapshot, and commit gas.json with the reason"
