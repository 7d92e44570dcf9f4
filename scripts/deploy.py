"""The contract suite on a chain that does not have it: two founding institutions, a profile, a policy.

    python scripts/deploy.py FOLDER                          with TESTAMUR_RPC, default http://127.0.0.1:8545
    brownie run deploy main FOLDER --network development     the chain that brownie is connected to

A chain of ours has the suite from genesis: use the profile that `testamur-node init` wrote. On another chain the
founders' accounts need its currency; a development chain's unlocked account gives it to them, elsewhere do so first.
"""

import secrets
import sys
from dataclasses import replace
from pathlib import Path

from testamur.artifacts import GENESIS_ADDRESSES
from testamur.artifacts.genesis import TRIAL_PERIODS
from testamur.chain.brownie import connected_rpc, run_script
from testamur.chain.connection import Connection
from testamur.chain.deploy import deploy_suite, is_governed
from testamur.chain.deployment import Step
from testamur.chain.founding import founding_from_profile
from testamur.chain.institution import create_accounts
from testamur.chain.rpc import Rpc, to_hex, to_quantity
from testamur.chain.signer import keystore_address, write_secret
from testamur.profile import Institution, Profile
from testamur.verification.creation import create_policy

FOUNDERS = (("成都开放大学", "cdou"), ("电子科技大学", "uestc"))
REGION = 5101
ALLOWANCE = 10**18
"""What each account gets of a development chain's currency."""


def main(folder: str = "deployment") -> None:
    """Deploy and write FOLDER/testamur.toml and FOLDER/policy.toml."""
    rpc = Rpc(connected_rpc() or "http://127.0.0.1:8545")
    if is_governed(rpc, GENESIS_ADDRESSES["Directory"]):
        raise SystemExit("this chain has the suite from genesis: use the profile beside its alliance.toml")
    profile = new_profile(Path(folder).absolute(), rpc)
    is_development = bool(rpc.call("eth_accounts"))
    if is_development:
        endow(rpc, profile)
    journal = profile.path.with_name("deployment.json")
    with Connection.open(profile) as connection:
        deployer = connection.sender_for(profile.institutions[0], "admin")
        founding = replace(founding_from_profile(profile), periods=TRIAL_PERIODS)
        deployment = deploy_suite(rpc, deployer, founding, journal, say)
    profile = replace(profile, directory=deployment.addresses["Directory"])
    profile.save()
    policy = create_policy(rpc, profile.directory, confirmations=0 if is_development else None)
    policy.write(profile.path.with_name("policy.toml"))
    journal.unlink()
    for name, address in deployment.addresses.items():
        print(f"{name:<24} {to_hex(address)}")
    print(f"{deployment.gas_used:,} gas in {len(deployment.blocks)} transactions")
    print(f"profile {profile.path}, policy fingerprint {policy.fingerprint}, trust {policy.trust}")


def new_profile(folder: Path, rpc: Rpc) -> Profile:
    """A profile of both founders with fresh keystores; an existing one is never replaced."""
    write_secret(folder / "keys" / "password", secrets.token_urlsafe(24).encode() + b"\n")
    profile = Profile(
        path=folder / "testamur.toml",
        rpc=rpc.url,
        chain_id=rpc.chain_id(),
        engine_chain_id=None,
        directory=bytes(20),
        password_file="keys/password",
        policy="policy.toml",
    )
    for number, (name, slug) in enumerate(FOUNDERS, 1):
        accounts = create_accounts(profile, f"keys/{slug}", is_light=True)
        did = f"did:web:{slug}.example"
        profile = profile.with_institution(Institution(number, name, slug, did, REGION, accounts))
    profile.save()
    return profile


def endow(rpc: Rpc, profile: Profile) -> None:
    """Give each account of the profile some of a development chain's currency; without fees none is needed."""
    if int(rpc.call("eth_gasPrice"), 16) == 0:
        return
    giver = rpc.call("eth_accounts")[0]
    for keystore in sorted(profile.path.parent.glob("keys/*/*.json")):
        address = keystore_address(keystore)
        assert address is not None
        gift = {"from": giver, "to": to_hex(address), "value": to_quantity(ALLOWANCE)}
        rpc.call("eth_sendTransaction", gift)


def say(step: Step, done: int, total: int) -> None:
    print(f"{step.contract} {step.action} ({done + 1}/{total})")


if __name__ == "__main__":
    run_script(main, sys.argv[1:])
