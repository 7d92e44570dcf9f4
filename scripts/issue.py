"""A roster issued: signed, anchored, written as bundles, and the first one judged as any verifier would.

    python scripts/issue.py FOLDER OUT [INSTITUTION] [ROSTER TEMPLATE]
    brownie run issue main FOLDER OUT --network NAME

FOLDER holds the profile. Without ROSTER and TEMPLATE an example of twenty invented learners is written to OUT first.
"""

import secrets
import sys
from pathlib import Path

from testamur import Bundle, Chain, Issuer, verify
from testamur.batch.example import example_roster, example_template
from testamur.chain.brownie import open_profile, run_script
from testamur.credential.template import Template
from testamur.registry import homepage, levels_in_scope

ROWS = 20


def main(
    folder: str | None = None,
    out: str = "issued",
    institution: str = "1",
    roster: str | None = None,
    template: str | None = None,
) -> None:
    """Issue the roster into OUT, a file per learner below OUT/bundles."""
    with Issuer.open(open_profile(folder), institution) as issuer:
        if roster is None or template is None:
            roster, template = write_example(issuer, Path(out))
        report = issuer.issue(roster, template, out, per_file=True)
        if report.exit_code:
            raise SystemExit("\n".join(f"line {row.line}: {row.reason}" for row in report.rejected))
        for batch in report.batches:
            print(f"batch 0x{batch.batch_id.hex()}: {batch.size} credentials in list {batch.list}")
        first = min((Path(out) / "bundles").glob("*.json"))
        rpc = issuer.connection.rpc
        with Chain.connect(rpc.url, access=rpc.access) as chain:
            verdict = verify(Bundle.load(first), chain, issuer.policy)
        print(f"{first.name}: {verdict.outcome} {verdict.code}, trust {verdict.as_of.trust if verdict.as_of else None}")


def write_example(issuer: Issuer, out: Path) -> tuple[str, str]:
    """Template and roster for the issuer's scope; their paths."""
    institution = issuer.institution
    levels = levels_in_scope(issuer.connection.suite, institution.number, institution.region)
    template = example_template(levels, institution.name, homepage(institution.did))
    out.mkdir(parents=True, exist_ok=True)
    (out / "template.json").write_bytes(template)
    (out / "roster.csv").write_bytes(example_roster(Template.parse(template), ROWS, seed=secrets.randbelow(10**6)))
    return str(out / "roster.csv"), str(out / "template.json")


if __name__ == "__main__":
    run_script(main, sys.argv[1:])
