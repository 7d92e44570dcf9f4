"""web3.py's asynchronous suite over `WebSocketProvider`."""

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from web3 import AsyncWeb3, WebSocketProvider
from web3._utils.module_testing import AsyncEthModuleTest, AsyncNetModuleTest


@pytest.fixture(scope="module")
async def async_w3() -> AsyncIterator[AsyncWeb3[Any]]:
    async with AsyncWeb3(WebSocketProvider(os.environ["WS"], request_timeout=30)) as connected:
        yield connected


class TestAsyncNet(AsyncNetModuleTest):
    pass


class TestAsyncEth(AsyncEthModuleTest):
    pass
