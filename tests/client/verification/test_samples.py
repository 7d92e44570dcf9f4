"""Evidence that was written once keeps its verdict, whatever becomes of the code (docs/protocol.md 5.3)."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from testamur.verification.connection import Chain
from testamur.verification.policy import Policy
from testamur.verification.verify import verify

from tests.vectors.judged import FILE, encoded

SAMPLES: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("sample", SAMPLES["judged"], ids=lambda sample: sample["name"])
def test_a_committed_bundle_keeps_its_verdict(sample: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(SAMPLES["policy"], encoding="utf-8")
    policy, now = Policy.load(tmp_path / "policy.toml"), datetime.fromisoformat(SAMPLES["now"])
    data = json.dumps(sample["bundle"], ensure_ascii=False).encode()
    assert verify(data, Chain.offline(), policy, now).to_json() == sample["verdict"]


def test_the_samples_are_three_and_come_to_three_outcomes() -> None:
    codes = {sample["name"]: sample["verdict"]["code"] for sample in SAMPLES["judged"]}
    assert codes == {"genuine": "ok", "revoked": "revoked", "incomplete": "unproven"}


def test_the_samples_are_what_their_script_writes() -> None:
    assert json.loads(encoded()) == SAMPLES
