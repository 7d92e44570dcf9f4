"""The one-time holder: its commitment is what the learner credit bank will recompute."""

from eth_account import Account
from testamur.batch.holder import create_holder
from testamur.proof.hashing import keccak256


def test_the_commitment_hides_the_address_of_the_key_behind_the_blind() -> None:
    holder = create_holder()
    address = bytes.fromhex(Account.from_key(holder.key).address[2:])
    assert holder.commitment == keccak256(address + holder.blind)
    assert len(holder.blind) == 32


def test_every_holder_is_new() -> None:
    holders = [create_holder() for _ in range(50)]
    assert len({holder.key for holder in holders} | {holder.blind for holder in holders}) == 100
