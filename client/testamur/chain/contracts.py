"""Typed calls to the suite's contracts, over the committed ABIs and through the Directory.

A refusal of a contract becomes a sentence with its remedy (`testamur.chain.refusals`), whichever contract of the suite
raised it: an error of StatusRegistry may well come back from a call to CredentialBatches.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from testamur.artifacts import artifact
from testamur.artifacts.genesis import directory_name
from testamur.chain.abi import Interface, LogEntry
from testamur.chain.errors import RpcError, WrongChainError
from testamur.chain.refusals import refusal_error, revert_data
from testamur.chain.rpc import Block, Rpc, to_hex, to_quantity

__all__ = ["Call", "Contract", "Suite", "directory_name", "interface"]


@cache
def interface(contract: str) -> Interface:
    """The interface of a contract of the suite, by name."""
    return Interface(artifact(contract).abi)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that a transaction or a proposal can carry."""

    target: bytes | None
    """20 bytes; None creates a contract."""
    data: bytes
    label: str
    """What it does, for progress and journals: `CredentialBatches.anchor`."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract of the suite at one address."""

    name: str
    address: bytes
    rpc: Rpc

    def read(self, function: str, *arguments: object, sender: bytes | None = None, block: Block = "latest") -> Any:
        """What `function` returns at `block`: one value, or a dict by name."""
        data = interface(self.name).encode(function, arguments)
        try:
            result = self.rpc.eth_call(self.address, data, sender, block)
        except RpcError as error:
            reverted = revert_data(error)
            if reverted is None:
                raise
            raise refusal_error(f"{self.name}.{function}", reverted) from error
        return self._decode(function, result, block)

    def read_many(
        self, function: str, argument_lists: Sequence[Sequence[object]], block: Block = "latest"
    ) -> list[Any]:
        """`read` of one function for many arguments, in one request; a refusal among them raises."""
        known = interface(self.name)
        results = self.rpc.eth_calls(
            self.address, [known.encode(function, arguments) for arguments in argument_lists], block
        )
        return [self._decode(function, result, block) for result in results]

    def _decode(self, function: str, result: bytes, block: Block) -> Any:
        try:
            return interface(self.name).decode_result(function, result)
        except ValueError as error:
            code = self.rpc.code(self.address, block)
            found = "another contract stands" if code else "no contract stands"
            raise WrongChainError(
                f"{found} where {self.name} should, at {to_hex(self.address)} on the chain behind {self.rpc.url}",
                "check rpc and directory in the profile",
            ) from error

    def call(self, function: str, *arguments: object) -> Call:
        """The call that a transaction or a proposal carries."""
        return Call(self.address, interface(self.name).encode(function, arguments), f"{self.name}.{function}")

    def logs(
        self, event: str, *indexed: bytes | None, from_block: Block = 0, to_block: Block = "latest"
    ) -> list[LogEntry]:
        """The events of that name, filtered by the 32-byte values of its indexed parameters, None for any."""
        topics = [to_hex(interface(self.name).topic(event)), *(to_hex(v) if v is not None else None for v in indexed)]
        request = {
            "address": to_hex(self.address),
            "topics": topics,
            "fromBlock": to_quantity(from_block),
            "toBlock": to_quantity(to_block),
        }
        return self.decode_logs(self.rpc.find_logs(request))

    def decode_logs(self, logs: Sequence[dict[str, Any]]) -> list[LogEntry]:
        """This contract's events among `logs`, in order."""
        own = [log for log in logs if bytes.fromhex(log["address"][2:]) == self.address]
        try:
            entries = [interface(self.name).decode_log(log) for log in own]
        except ValueError as error:
            raise self.rpc.nonsense("eth_getLogs", own) from error
        return [entry for entry in entries if entry is not None]


class Suite:
    """The contracts that a Directory names, read once each until `refresh`."""

    def __init__(self, rpc: Rpc, directory: bytes) -> None:
        self.rpc = rpc
        self.directory = Contract("Directory", directory, rpc)
        self._found: dict[str, Contract] = {}

    def refresh(self) -> None:
        """Ask the Directory again from now on."""
        self._found.clear()

    def versions(self, name: str) -> list[Contract]:
        """Every version of a contract, oldest first; one that still waits is there too, and has recorded nothing."""
        key = directory_name(name)
        count = self.directory.read("count", key)
        entries = self.directory.read_many("entry", [(key, number) for number in range(1, count + 1)])
        return [Contract(name, entry["target"], self.rpc) for entry in entries]

    def logs(self, name: str, event: str, *indexed: bytes | None, to_block: Block = "latest") -> list[LogEntry]:
        """The events of every version of a contract, filtered as by `Contract.logs`, oldest version first."""
        found = (contract.logs(event, *indexed, to_block=to_block) for contract in self.versions(name))
        return [entry for entries in found for entry in entries]

    def contract(self, name: str) -> Contract:
        """The contract that is current under `name`."""
        if name == "Directory":
            return self.directory
        if name not in self._found:
            address = self.directory.read("current", directory_name(name))
            if not any(address):
                raise WrongChainError(
                    f"the Directory at {to_hex(self.directory.address)} names no {name}",
                    "check directory in the profile, or deploy the contract",
                )
            self._found[name] = Contract(name, address, self.rpc)
        return self._found[name]
