"""web3.py's suite over `LegacyWebSocketProvider`."""

import os

import pytest
from web3 import LegacyWebSocketProvider, Web3
from web3._utils.module_testing import EthModuleTest, NetModuleTest


@pytest.fixture(scope="module")
def w3() -> Web3:
    return Web3(LegacyWebSocketProvider(os.environ["WS"], websocket_timeout=30))


class TestNet(NetModuleTest):
    pass


class TestEth(EthModuleTest):
    pass
