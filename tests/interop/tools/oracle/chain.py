"""What the oracle's chain holds, so that requests can name things that exist: read once, from geth."""

from dataclasses import dataclass
from random import Random
from typing import Any

from tests.interop.comparing import Peer, Request

__all__ = ["Chain", "read_chain", "UNKNOWN", "NOBODY", "TAGS"]

UNKNOWN = "0x" + "ab" * 32
"""A hash that nothing has."""
NOBODY = "0x" + "cd" * 20
"""An address that nobody has."""
TAGS = ("latest", "safe", "finalized", "earliest")


@dataclass(frozen=True, slots=True)
class Chain:
    """Blocks with whole transactions, receipts per block, and who lives there."""

    blocks: tuple[dict[str, Any], ...]
    receipts: tuple[tuple[dict[str, Any], ...], ...]
    raws: tuple[str, ...]
    """The raw form of every transaction."""
    accounts: tuple[str, ...]
    """Without code, with money."""
    contracts: tuple[str, ...]

    @property
    def head(self) -> int:
        """Number of the newest block."""
        return len(self.blocks) - 1

    @property
    def transactions(self) -> list[dict[str, Any]]:
        """All of them, in order."""
        return [transaction for block in self.blocks for transaction in block["transactions"]]

    @property
    def logs(self) -> list[dict[str, Any]]:
        """All of them, in order."""
        return [log for receipts in self.receipts for receipt in receipts for log in receipt["logs"]]

    def some_block(self, chance: Random) -> Any:
        """A reference to a block, in one of its spellings."""
        number = chance.randrange(self.head + 1)
        spellings = (
            hex(number),
            self.blocks[number]["hash"],
            {"blockNumber": hex(number)},
            {"blockHash": self.blocks[number]["hash"], "requireCanonical": chance.random() < 0.5},
            "latest",
            chance.choice(TAGS[:3]),
        )
        return chance.choice(spellings)

    def somebody(self, chance: Random) -> str:
        """An account, a contract, or nobody."""
        return chance.choice((chance.choice(self.accounts), chance.choice(self.contracts), NOBODY, "0x" + "00" * 20))


def read_chain(peer: Peer, genesis: dict[str, Any], head: int) -> Chain:
    """Everything of blocks 0 to `head`."""
    numbers = [hex(number) for number in range(head + 1)]
    blocks = [answer["result"] for answer in peer.ask([Request("eth_getBlockByNumber", [at, True]) for at in numbers])]
    receipts = [answer["result"] for answer in peer.ask([Request("eth_getBlockReceipts", [at]) for at in numbers])]
    created = [
        receipt["contractAddress"] for of_block in receipts for receipt in of_block if receipt["contractAddress"]
    ]
    owners = ["0x" + address for address in genesis["alloc"]]
    candidates = [*owners, *created]
    codes = [
        answer["result"] for answer in peer.ask([Request("eth_getCode", [address, "latest"]) for address in candidates])
    ]
    contracts = tuple(address for address, code in zip(candidates, codes, strict=True) if code != "0x")
    accounts = tuple(address for address in owners if address not in contracts)
    hashes = [transaction["hash"] for block in blocks for transaction in block["transactions"]]
    raws = peer.ask([Request("eth_getRawTransactionByHash", [name]) for name in hashes])
    return Chain(
        blocks=tuple(blocks),
        receipts=tuple(tuple(of_block) for of_block in receipts),
        raws=tuple(answer["result"] for answer in raws),
        accounts=accounts,
        contracts=contracts,
    )
