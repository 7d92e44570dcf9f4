"""What of web3.py's suite cannot pass, whatever a node answers: each must fail, and says why."""

__all__ = ["EXPECTED_FAILURES"]

_TYPED = "AsyncWeb3 fails before it asks: it unpacks the members of a nested object as pairs (async_map_if_collection)"
_REFUSED = "asks for web3.py's own Web3ValueError, where a node's refusal arrives as Web3RPCError"

EXPECTED_FAILURES = {
    "TestEth::test_invalid_eth_sign_typed_data[bytes]": _REFUSED,
    "TestEth::test_invalid_eth_sign_typed_data[text]": _REFUSED,
    "TestAsyncEth::test_eth_sign_typed_data[bytes]": _TYPED,
    "TestAsyncEth::test_eth_sign_typed_data[text]": _TYPED,
    "TestAsyncEth::test_invalid_eth_sign_typed_data[bytes]": _TYPED,
    "TestAsyncEth::test_invalid_eth_sign_typed_data[text]": _TYPED,
    "TestAsyncEth::test_async_eth_sign_transaction[bytes]": "compares the address as bytes with the same as text",
}
"""Class and test -> reason."""
