"""Writes `judged.json`: proved bundles, their policy and their verdicts. `python -m tests.vectors.judged`.

Evidence must verify for decades: whatever becomes of the code, these files keep their verdicts.
"""

import json
from pathlib import Path
from typing import Any

from testamur.batch.bundle import Bundle
from testamur.batch.evidence import prove
from testamur.verification.connection import Chain
from testamur.verification.policy import Policy
from testamur.verification.verdict import iso
from testamur.verification.verify import verify

from tests.client.verification.world import NOW, Node, World, credential, world

FILE = Path(__file__).with_name("judged.json")


def samples() -> dict[str, Any]:
    """A genuine credential, one revoked, and the genuine one with a node of its evidence gone."""
    chain = world()
    genuine, revoked = chain.issue([credential(n, status_index=70_000 + 300 * n) for n in range(2)])
    chain.revoke(70_300)
    policy = chain.policy()
    proved = _proved(genuine, chain, policy)
    evidence = dict(proved.evidence or {})
    poorer = proved.with_evidence({**evidence, "nodes": evidence["nodes"][1:]})
    bundles = {"genuine": proved, "revoked": _proved(revoked, chain, policy), "incomplete": poorer}
    return {
        "policy": policy.to_toml(),
        "now": iso(NOW),
        "judged": [
            {
                "name": name,
                "bundle": json.loads(bundle.dump()),
                "verdict": verify(bundle.dump(), Chain.offline(), policy, NOW).to_json(),
            }
            for name, bundle in bundles.items()
        ],
    }


def _proved(bundle: Bundle, chain: World, policy: Policy) -> Bundle:
    return prove(bundle, Node(chain).chain(), policy, NOW)


def encoded() -> str:
    """The file's content."""
    return json.dumps(samples(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(encoded(), encoding="utf-8")
