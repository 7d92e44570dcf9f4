"""The addresses that an account's next creations will have."""

import pytest
from eth_utils.address import to_canonical_address
from rlp import encode
from testamur.chain.deployment import contract_address
from testamur.proof.hashing import keccak256

SENDER = to_canonical_address("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")


def test_the_known_addresses_of_a_known_account() -> None:
    """The example that every explanation of CREATE uses."""
    assert contract_address(SENDER, 0).hex() == "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"
    assert contract_address(SENDER, 1).hex() == "343c43a37d37dff08ae8c4a11544c718abb4fcf8"


@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2**40])
def test_any_nonce_is_encoded_as_rlp_does(nonce: int) -> None:
    assert contract_address(SENDER, nonce) == keccak256(encode([SENDER, nonce]))[12:]
