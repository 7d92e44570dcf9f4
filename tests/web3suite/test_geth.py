"""web3.py's suite for what geth has beside `eth`: tracing and the pool."""

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from web3 import AsyncHTTPProvider, AsyncWeb3, HTTPProvider, Web3
from web3._utils.module_testing import (
    GoEthereumAsyncDebugModuleTest,
    GoEthereumAsyncTxPoolModuleTest,
    GoEthereumDebugModuleTest,
    GoEthereumTxPoolModuleTest,
)


@pytest.fixture(scope="module")
def w3() -> Web3:
    return Web3(HTTPProvider(os.environ["RPC"], request_kwargs={"timeout": 30}))


@pytest.fixture(scope="module")
async def async_w3() -> AsyncIterator[AsyncWeb3[Any]]:
    provider = AsyncHTTPProvider(os.environ["RPC"], request_kwargs={"timeout": 30})
    yield AsyncWeb3(provider)
    await provider.disconnect()


class TestDebug(GoEthereumDebugModuleTest):
    pass


class TestAsyncDebug(GoEthereumAsyncDebugModuleTest):
    pass


class TestTxPool(GoEthereumTxPoolModuleTest):
    pass


class TestAsyncTxPool(GoEthereumAsyncTxPoolModuleTest):
    pass
