"""The fixtures that web3.py's suite asks for, on a running node. The suite ships in web3.py's wheel, its fixtures do
not; their names are the suite's.

Reads RPC, WS and IPC, the node's addresses, and KEY, the private key of its first unlocked account, from the
environment.
"""

import os
from collections.abc import Callable
from typing import Any

import pytest
from eth_typing import ChecksumAddress
from eth_utils import to_bytes
from expected import EXPECTED_FAILURES
from ground import CONTRACTS, Ground, lay
from hexbytes import HexBytes
from web3 import AsyncWeb3, HTTPProvider, Web3
from web3._utils.module_testing.utils import RequestMocker
from web3.contract import AsyncContract, Contract
from web3.providers.eth_tester import EthereumTesterProvider
from web3.types import BlockData, RPCEndpoint

Converts = Callable[[str], Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What cannot pass must fail."""
    for item in items:
        reason = EXPECTED_FAILURES.get(item.nodeid.partition("::")[2])
        if reason is not None:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.fixture(scope="session")
def ground() -> Ground:
    return lay(Web3(HTTPProvider(os.environ["RPC"])))


@pytest.fixture(autouse=True)
def fresh_block(ground: Ground) -> None:
    """Every test begins on a new block with nothing waiting, and has a whole block time until the next."""
    Web3(HTTPProvider(os.environ["RPC"])).provider.make_request(RPCEndpoint("evm_mine"), [])


@pytest.fixture(scope="module", params=[to_bytes, str], ids=["bytes", "text"])
def address_conversion_func(request: pytest.FixtureRequest) -> Converts:
    """An address is given in either form that web3.py takes."""
    if request.param is to_bytes:
        return lambda address: to_bytes(hexstr=address)
    return str


@pytest.fixture(scope="module")
def request_mocker() -> type[RequestMocker]:
    return RequestMocker


@pytest.fixture(scope="session")
def keyfile_account_pkey() -> str:
    return os.environ["KEY"]


@pytest.fixture(scope="session")
def keyfile_account_address(keyfile_account_pkey: str) -> ChecksumAddress:
    """An account that the node signs for and whose key the suite has."""
    return Web3().eth.account.from_key(keyfile_account_pkey).address


@pytest.fixture(scope="session")
def async_keyfile_account_address(keyfile_account_address: ChecksumAddress) -> ChecksumAddress:
    return keyfile_account_address


@pytest.fixture(scope="module")
def keyfile_account_address_dual_type(keyfile_account_address: str, address_conversion_func: Converts) -> Any:
    return address_conversion_func(keyfile_account_address)


@pytest.fixture(scope="module")
def async_keyfile_account_address_dual_type(keyfile_account_address: str, address_conversion_func: Converts) -> Any:
    return address_conversion_func(keyfile_account_address)


@pytest.fixture(scope="session")
def skip_if_testrpc() -> Callable[[Any], None]:
    """The suite leaves some tests out where no node answers; here one does."""

    def refuse(w3: Any) -> None:
        assert not isinstance(w3.provider, EthereumTesterProvider)

    return refuse


@pytest.fixture(scope="session")
def async_skip_if_testrpc(skip_if_testrpc: Callable[[Any], None]) -> Callable[[Any], None]:
    return skip_if_testrpc


# what is on the chain


@pytest.fixture(scope="session")
def math_contract_deploy_txn_hash(ground: Ground) -> HexBytes:
    return ground.deployment


@pytest.fixture(scope="session")
def mined_txn_hash(ground: Ground) -> str:
    return ground.transfer["transactionHash"].to_0x_hex()


@pytest.fixture(scope="session")
def txn_hash_with_log(ground: Ground) -> str:
    return ground.log["transactionHash"].to_0x_hex()


@pytest.fixture(scope="module")
def empty_block(w3: Web3, ground: Ground) -> BlockData:
    return w3.eth.get_block(ground.empty_block)


@pytest.fixture(scope="module")
def block_with_txn(w3: Web3, ground: Ground) -> BlockData:
    return w3.eth.get_block(ground.transfer["blockHash"])


@pytest.fixture(scope="module")
def block_with_txn_with_log(w3: Web3, ground: Ground) -> BlockData:
    return w3.eth.get_block(ground.log["blockHash"])


@pytest.fixture(scope="module")
async def async_empty_block(async_w3: AsyncWeb3[Any], ground: Ground) -> BlockData:
    return await async_w3.eth.get_block(ground.empty_block)


@pytest.fixture(scope="module")
async def async_block_with_txn(async_w3: AsyncWeb3[Any], ground: Ground) -> BlockData:
    return await async_w3.eth.get_block(ground.transfer["blockHash"])


@pytest.fixture(scope="module")
async def async_block_with_txn_with_log(async_w3: AsyncWeb3[Any], ground: Ground) -> BlockData:
    return await async_w3.eth.get_block(ground.log["blockHash"])


def _contract(name: str) -> Any:
    @pytest.fixture(scope="module", name=f"{name}_contract")
    def contract(w3: Web3, ground: Ground) -> Contract:
        return w3.eth.contract(address=ground.addresses[name], abi=CONTRACTS[name]["abi"])

    return contract


def _async_contract(name: str) -> Any:
    @pytest.fixture(scope="module", name=f"async_{name}_contract")
    def contract(async_w3: AsyncWeb3[Any], ground: Ground) -> AsyncContract:
        return async_w3.eth.contract(address=ground.addresses[name], abi=CONTRACTS[name]["abi"])

    return contract


def _address(fixture: str, name: str) -> Any:
    @pytest.fixture(scope="module", name=fixture)
    def address(ground: Ground, address_conversion_func: Converts) -> Any:
        return address_conversion_func(ground.addresses[name])

    return address


for _name in CONTRACTS:
    globals()[f"{_name}_contract"] = _contract(_name)
    globals()[f"async_{_name}_contract"] = _async_contract(_name)
for _name in ("math", "emitter"):
    globals()[f"{_name}_contract_address"] = _address(f"{_name}_contract_address", _name)
    globals()[f"async_{_name}_contract_address"] = _address(f"async_{_name}_contract_address", _name)
