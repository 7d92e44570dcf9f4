"""Evidence that was written once keeps its verdict, whatever becomes of the code (docs/protocol.md 5.3)."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
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


def test_judging_offline_loads_nothing_that_only_a_network_or_a_sender_needs() -> None:
    program = (
        "import json, sys\n"
        "from testamur import Bundle, Chain, Policy, verify\n"
        "from datetime import datetime\n"
        "samples = json.load(open(sys.argv[1], encoding='utf-8'))\n"
        "open(sys.argv[2], 'w', encoding='utf-8').write(samples['policy'])\n"
        "bundle = Bundle.parse(json.dumps(samples['judged'][0]['bundle']).encode())\n"
        "now = datetime.fromisoformat(samples['now'])\n"
        "print(verify(bundle, Chain.offline(), Policy.load(sys.argv[2]), now).code, *sys.modules)\n"
    )
    with TemporaryDirectory() as folder:
        arguments = [sys.executable, "-c", program, str(FILE), str(Path(folder) / "policy.toml")]
        code, *loaded = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.split()
    assert code == "ok"
    assert {"httpx", "eth_abi", "eth_account", "eth_utils", "rlp", "web3", "pydantic", "typer"} & set(loaded) == set()
