"""A wide eth_getLogs costs by its results: what it reads is counted, on a short chain and on one four times as long."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from testamur_node.application import Application
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.reading import ChainReader

from tests.node.founding import (
    DEPLOYER,
    GOVERN,
    ISSUE,
    STORING_CODE,
    creating,
    genesis_of,
    open_application,
    raw,
    run_block,
    word,
)

COMMON = bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")
RARE = bytes.fromhex("e7f1725e7734ce288f8367e1bb143e90bb3f0512")
"""Contracts that the deployer makes first and second; every block has logs of the first, four blocks of the second."""


class Reads:
    """Counts what is looked up through an environment."""

    def __init__(self, application: Application) -> None:
        self.count = 0
        self._environment = application.store.environment
        self._read, self._get = self._environment.read, self._environment.get

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Count from now on."""
        monkeypatch.setattr(self._environment, "read", self.read)
        monkeypatch.setattr(self._environment, "get", self.get)

    def get(self, table: str, key: bytes) -> bytes | None:
        """In the environment's place."""
        self.count += 1
        return self._get(table, key)

    @contextmanager
    def read(self) -> Iterator[Any]:
        """In the environment's place."""
        with self._read() as view:
            yield _Counted(view, self)


class _Counted:
    def __init__(self, inner: Any, reads: Reads) -> None:
        self._inner, self._reads = inner, reads

    def cursor(self, *arguments: Any) -> Any:
        return _Counted(self._inner.cursor(*arguments), self._reads)

    def __iter__(self) -> Iterator[Any]:
        for item in self._inner:
            self._reads.count += 1
            yield item

    def __getattr__(self, name: str) -> Any:
        if name in ("set_range", "next", "get"):
            self._reads.count += 1
        return getattr(self._inner, name)


def chain(folder: Path, blocks: int) -> tuple[ChainReader, Application]:
    """`blocks` blocks of four logs of COMMON, or of one transaction without logs; RARE logs in four of them."""
    folder.mkdir()
    application = open_application(folder, genesis_of(DEVELOPMENT))
    run_block(application, [raw(DEPLOYER, nonce, to=None, data=creating(STORING_CODE)) for nonce in (0, 1)])
    nonces = {GOVERN: 0, ISSUE: 0}

    def send(account: int, **fields: Any) -> bytes:
        nonces[account] += 1
        return raw(account, nonces[account] - 1, **fields)

    for number in range(blocks):
        transactions = [send(GOVERN, to=COMMON, data=word(number, index)) for index in range(4 if number % 2 else 0)]
        if number % (blocks // 4) == 0:
            transactions.append(send(ISSUE, to=RARE, data=word(7, number)))
        run_block(application, transactions or [send(GOVERN, value=1)])
    return ChainReader(application, application.store), application


@pytest.fixture(scope="module")
def chains(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[ChainReader, Application]]]:
    """A chain, and one four times as long."""
    made = [chain(tmp_path_factory.mktemp("chains") / str(blocks), blocks) for blocks in (24, 96)]
    yield made
    for _, application in made:
        application.store.close()


@pytest.mark.parametrize(
    ("addresses", "topics", "results"),
    [
        ((RARE,), (), 4),
        ((), ((word(7),),), 6),
        ((RARE,), ((word(7),),), 4),
        ((RARE,), ((word(8),),), 0),
        ((bytes(20),), (), 0),
    ],
    ids=["an address", "a topic", "both", "an address with a topic it never had", "an unknown address"],
)
def test_what_a_wide_query_reads_depends_on_its_results_not_on_the_chain(
    chains: list[tuple[ChainReader, Application]],
    monkeypatch: pytest.MonkeyPatch,
    addresses: tuple[bytes, ...],
    topics: Any,
    results: int,
) -> None:
    costs = []
    for reader, application in chains:
        wanted = [
            located
            for number in range(application.head.number + 1)
            for located in reader.logs(number, number)
            if (not addresses or located.log.address in addresses)
            and (not topics or located.log.topics[0] in topics[0])
        ]
        reads = Reads(application)
        reads.install(monkeypatch)
        found = reader.logs(0, 10**6, addresses, topics)
        assert found == wanted
        costs.append((len(found), reads.count))
        monkeypatch.undo()
    assert abs(costs[0][0] - results) <= 2
    [(few, short), (many, long)] = costs
    assert long <= short + 8 * (many - few)
    assert short <= 10 * (few + 1)


def test_a_query_without_conditions_passes_over_what_has_no_logs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, application = chain(tmp_path / "chain", 12)
    quiet = [raw(ISSUE, nonce, value=1) for nonce in range(4, 64)]
    run_block(application, quiet)
    reads = Reads(application)
    reads.install(monkeypatch)
    found = reader.logs(0, 10**6)
    assert len(found) == 6 * 4 + 4
    assert reads.count <= 10 * len(found)
    reads.count = 0
    assert reader.logs(application.head.number, application.head.number) == []
    assert reads.count <= 2
