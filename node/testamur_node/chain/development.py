"""What development chains alone have: unlocked accounts, and blocks as a tool wished them.

The accounts are the ten that every Ethereum tool derives from the well-known test mnemonic,
`test test test test test test test test test test test junk`, paths m/44'/60'/0'/0/0 to 9. Their keys are public: they
exist on development chains only.
"""

from dataclasses import dataclass
from functools import cache

import coincurve
from testamur.proof.hashing import keccak256

__all__ = ["DEVELOPMENT_BALANCE", "Wishes", "address_of", "development_accounts", "impersonation_key"]

DEVELOPMENT_BALANCE = 10_000 * 10**18
"""wei"""

_KEYS = (
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
)


@cache
def development_accounts() -> dict[bytes, bytes]:
    """Address -> private key, in the order of the derivation paths."""
    accounts: dict[bytes, bytes] = {}
    for text in _KEYS:
        key = bytes.fromhex(text)
        accounts[address_of(key)] = key
    return accounts


def address_of(key: bytes) -> bytes:
    """The account of a private key."""
    return keccak256(coincurve.PrivateKey(key).public_key.format(compressed=False)[1:])[12:]


def impersonation_key(address: bytes) -> bytes:
    """The key that signs for an account whose key nobody here has (hardhat_impersonateAccount).

    The signature names another sender; a development chain records the impersonated one beside it. Each account has its
    own such key, so that equal transactions of two have different hashes.
    """
    return keccak256(b"impersonated" + address)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a tool asked of the blocks to come; None leaves it to the chain's rules. A restart forgets them."""

    coinbase: bytes | None = None
    gas_limit: int | None = None
    spacing: int | None = None
    """Seconds from each timestamp to the next."""
    timestamp: int | None = None
    """Of the next block alone, in seconds."""
    prev_randao: bytes | None = None
    """Of the next block alone."""
    base_fee: int | None = None
    """Of the next block alone, in wei."""

    def lasting(self) -> "Wishes":
        """Those that hold beyond the next block."""
        return Wishes(self.coinbase, self.gas_limit, self.spacing)
