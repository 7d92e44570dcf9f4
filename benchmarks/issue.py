"""Rows issued a second, from CSV to bundles that were read back and verified, against bare Ed25519 sign plus verify.

./run bench issue [ROWS]
"""

from time import perf_counter

from _ground import Clock, Peer, issuer_folder, report, row_count, write_roster
from testamur.issuer import Issuer
from testamur.profile import Profile


def main() -> None:
    rows = row_count(10_000)
    with issuer_folder() as (folder, _):
        template = folder / "cdou" / "template.json"
        roster = write_roster(folder, template, rows)
        peer = Peer()
        stages: dict[str, float] = {}
        with Issuer.open(Profile.load(folder / "testamur.toml"), "cdou") as issuer:
            issuer.issue(write_roster(folder, template, 100), template, folder / "warm")
            roster = write_roster(folder, template, rows)
            peer.measure()
            clock = Clock()
            begun = perf_counter()

            def note(stage: str, done: int, total: int) -> None:
                stages[stage] = perf_counter() - begun

            result = issuer.issue(roster, template, folder / "out", progress=note)
            work = clock.read()
            peer.measure()
        assert result.issued == rows, result
        print("stage ends at:", ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in stages.items()))
        report("issued and read back", rows, work, peer.sign_seconds + peer.verify_seconds)


if __name__ == "__main__":
    main()
