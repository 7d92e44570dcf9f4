"""The suite's logs from a node, page by page; every version of every contract.

A page is a range of blocks; one that the node finds too large is halved. Contracts that the Directory named earlier are
read too: history does not end with a successor.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from testamur.chain.abi import LogEntry
from testamur.chain.contracts import Suite, directory_name, interface
from testamur.chain.errors import RpcError
from testamur.chain.rpc import to_hex, to_quantity

__all__ = ["CONTRACTS", "entries", "homes", "pages"]

CONTRACTS = (
    "Alliance",
    "Operators",
    "Permissions",
    "Keys",
    "IssuerRegistry",
    "QualificationFrameworks",
    "StatusRegistry",
    "CredentialBatches",
)
"""Whose events there are, besides the Directory's own."""
_PAGE_BLOCKS = 5_000


def homes(suite: Suite) -> dict[bytes, str]:
    """Each address that is or was a contract of the suite, with its name."""
    found = {suite.directory.address: "Directory"}
    for name in CONTRACTS:
        key = directory_name(name)
        count = suite.directory.read("count", key)
        for entry in suite.directory.read_many("entry", [(key, version) for version in range(1, count + 1)]):
            found[entry["target"]] = name
    return found


def pages(
    suite: Suite, at: Iterable[bytes], start: int, last: int, topics: list[str] | None = None
) -> Iterator[list[dict[str, Any]]]:
    """The suite's logs of blocks `start` to `last`, in pieces that the node can give."""
    size = _PAGE_BLOCKS
    while start <= last:
        end = min(start + size - 1, last)
        request: dict[str, Any] = {
            "address": [to_hex(address) for address in at],
            "fromBlock": to_quantity(start),
            "toBlock": to_quantity(end),
        }
        if topics is not None:
            request["topics"] = [topics]
        try:
            logs = suite.rpc.find_logs(request)
        except RpcError:
            if start == end:
                raise
            size = max(1, (end - start + 1) // 2)
            continue
        yield logs
        start, size = end + 1, min(size * 2, _PAGE_BLOCKS)


def entries(suite: Suite, named: Mapping[bytes, str], logs: Iterable[dict[str, Any]]) -> Iterator[tuple[str, LogEntry]]:
    """Each log that is an event of the suite, decoded, with the name of its contract."""
    for log in logs:
        contract = named.get(bytes.fromhex(log["address"][2:]))
        if contract is None:
            raise suite.rpc.nonsense("eth_getLogs", log)
        try:
            entry = interface(contract).decode_log(log)
        except ValueError as error:
            raise suite.rpc.nonsense("eth_getLogs", log) from error
        if entry is not None:
            yield contract, entry
