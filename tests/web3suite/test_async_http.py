"""web3.py's suite over `AsyncHTTPProvider`."""

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from web3 import AsyncHTTPProvider, AsyncWeb3, HTTPProvider, Web3
from web3._utils.module_testing import AsyncEthModuleTest, AsyncNetModuleTest
from web3._utils.module_testing.web3_module import AsyncWeb3ModuleTest


@pytest.fixture(scope="module")
async def async_w3() -> AsyncIterator[AsyncWeb3[Any]]:
    provider = AsyncHTTPProvider(os.environ["RPC"], request_kwargs={"timeout": 30})
    yield AsyncWeb3(provider)
    await provider.disconnect()


@pytest.fixture(scope="module")
def w3() -> Web3:
    """`AsyncWeb3ModuleTest` has the synchronous tests too."""
    return Web3(HTTPProvider(os.environ["RPC"], request_kwargs={"timeout": 30}))


class TestAsyncWeb3(AsyncWeb3ModuleTest):
    def _check_web3_client_version(self, client_version: str) -> None:
        assert client_version.startswith("testamur-node/")


class TestAsyncNet(AsyncNetModuleTest):
    pass


class TestAsyncEth(AsyncEthModuleTest):
    pass
