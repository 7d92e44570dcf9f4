"""Credentials taken out of force for good, and judged again.

python scripts/revoke.py FOLDER REASON BUNDLE…            reason 0 to 3
brownie run revoke main FOLDER REASON BUNDLE --network NAME
"""

import sys

from testamur import Bundle, Chain, Issuer, verify
from testamur.chain.brownie import open_profile, run_script


def main(folder: str, reason: str, *bundles: str) -> None:
    """Revoke the credentials of bundle files, all of one issuer."""
    if not bundles or not reason.isdecimal():
        raise SystemExit("name a reason from 0 to 3 and at least one bundle file")
    issuer_number = Bundle.load(bundles[0]).inclusion.issuer
    with Issuer.open(open_profile(folder), issuer_number) as issuer:
        report = issuer.revoke(bundles, reason=int(reason))
        if report.exit_code:
            raise SystemExit(f"not all were revoked: {report.to_json()}")
        rpc = issuer.connection.rpc
        with Chain.connect(rpc.url, access=rpc.access) as chain:
            for path in bundles:
                verdict = verify(Bundle.load(path), chain, issuer.policy)
                print(
                    f"{path}: {verdict.outcome} {verdict.code}, trust {verdict.as_of.trust if verdict.as_of else None}"
                )


if __name__ == "__main__":
    run_script(main, sys.argv[1:])
