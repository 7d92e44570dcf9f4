"""Bundles judged a second, all nine checks, against bare Ed25519 verify.

./run bench verify [ROWS]
"""

from _ground import Clock, Peer, issuer_folder, report, row_count, write_roster
from testamur.issuer import Issuer
from testamur.profile import Profile
from testamur.verification.bulk import verify_many
from testamur.verification.connection import Chain
from testamur.verification.policy import Policy


def main() -> None:
    rows = row_count(10_000)
    with issuer_folder() as (folder, url):
        template = folder / "cdou" / "template.json"
        with Issuer.open(Profile.load(folder / "testamur.toml"), "cdou") as issuer:
            issuer.issue(write_roster(folder, template, rows), template, folder / "out")
        lines = (folder / "out" / "bundles.jsonl").read_bytes().splitlines()
        policy = Policy.load(folder / "policy.toml")
        peer = Peer()
        with Chain.connect(url) as chain:
            assert all(verdict.code in ("ok", "not_yet_valid") for verdict in verify_many(lines[:100], chain, policy))
            peer.measure()
            clock = Clock()
            judged = sum(verdict.code in ("ok", "not_yet_valid") for verdict in verify_many(lines, chain, policy))
            work = clock.read()
            peer.measure()
        assert judged == rows, judged
        report("verified", rows, work, peer.verify_seconds)


if __name__ == "__main__":
    main()
