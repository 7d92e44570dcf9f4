"""web3.py's suite for providers that keep their connection, over `AsyncIPCProvider`."""

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from web3 import AsyncIPCProvider, AsyncWeb3
from web3._utils.module_testing.persistent_connection_provider import PersistentConnectionProviderTest


@pytest.fixture(scope="module")
async def async_w3() -> AsyncIterator[AsyncWeb3[Any]]:
    async with AsyncWeb3(AsyncIPCProvider(os.environ["IPC"], request_timeout=30)) as connected:
        yield connected


class TestPersistentConnection(PersistentConnectionProviderTest):
    pass
