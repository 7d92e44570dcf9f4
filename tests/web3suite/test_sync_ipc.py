"""web3.py's suite over `IPCProvider`."""

import os

import pytest
from web3 import IPCProvider, Web3
from web3._utils.module_testing import EthModuleTest, NetModuleTest


@pytest.fixture(scope="module")
def w3() -> Web3:
    return Web3(IPCProvider(os.environ["IPC"], timeout=30))


class TestNet(NetModuleTest):
    pass


class TestEth(EthModuleTest):
    pass
