"""web3.py's suite over `HTTPProvider`."""

import os

import pytest
from web3 import HTTPProvider, Web3
from web3._utils.module_testing import EthModuleTest, NetModuleTest
from web3._utils.module_testing.web3_module import Web3ModuleTest


@pytest.fixture(scope="module")
def w3() -> Web3:
    return Web3(HTTPProvider(os.environ["RPC"], request_kwargs={"timeout": 30}))


class TestWeb3(Web3ModuleTest):
    def _check_web3_client_version(self, client_version: str) -> None:
        assert client_version.startswith("testamur-node/")


class TestNet(NetModuleTest):
    pass


class TestEth(EthModuleTest):
    pass
