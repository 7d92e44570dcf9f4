"""The world, and a verification server over it on a real socket."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import httpx
import pytest
from testamur.api.server import make_server
from testamur.api.service import Limits, Service
from testamur.verification.connection import Chain
from testamur.verification.policy import Policy

from tests.world import World, world

__all__ = ["Server", "running", "server", "world"]


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    url: str
    client: httpx.Client


def running(service: Service) -> Iterator[Server]:
    """Serve in a thread of this process until the generator is closed."""
    server, listener, url = make_server(service, "127.0.0.1", 0)
    with listener:
        listener.listen(64)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
            yield Server(url, client)
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def server(world: World) -> Iterator[Server]:
    """A server with the world's policy and small limits."""
    limits = replace(Limits(), body_bytes=300_000, held_bytes=900_000, body_seconds=1.5, batch_size=10)
    policy = Policy.load(world.result.policy)
    with Chain.connect(world.result.rpc) as chain:
        yield from running(Service(policy, chain, limits))
