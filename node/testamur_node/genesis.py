"""Block 0: what `init` builds out of alliance.toml, and what every node loads from genesis.json.

`found` runs the constructors and the founding at their fixed addresses in an explicit context (number 0, timestamp
genesis_time, coinbase 0) and records what they left; genesis.json carries the finished accounts, so that nodes load
data and run nothing. Two builds of the same file give the same bytes and the same hash. An imported chain's
genesis.json is the one geth takes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from testamur.artifacts.founding_calls import founding_calls
from testamur.artifacts.genesis import constructions
from testamur.proof.hashing import keccak256

from testamur_node.alliance_file import AllianceFile
from testamur_node.chain.block import EMPTY_OMMERS_HASH, EMPTY_TRIE_ROOT, Block, Header
from testamur_node.chain.development import DEVELOPMENT_BALANCE, development_accounts
from testamur_node.chain.receipt import EMPTY_BLOOM
from testamur_node.chain.rules import (
    ALLIANCE,
    DEVELOPMENT,
    DEVELOPMENT_WITH_FEES,
    MAINNET_DEPOSIT_CONTRACT,
    ChainSpec,
    Fork,
    ForkStart,
    imported,
)
from testamur_node.codec import from_hex, minimal, rlp_encode, to_hex, word
from testamur_node.documents import DocumentError, read_file, read_json
from testamur_node.errors import NodeError
from testamur_node.state.trie import build

__all__ = ["Allocation", "Genesis", "GenesisError", "found", "genesis_block"]

_COPY_IT = "copy it from another member, or from a backup"
_EMPTY_REQUESTS = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
"""SHA-256 of nothing: a block without requests (EIP-7685)."""


class GenesisError(NodeError):
    """genesis.json cannot be read, or a contract refused what alliance.toml says."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Allocation:
    """One account of block 0."""

    balance: int = 0
    nonce: int = 0
    code: bytes = b""
    storage: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Genesis:
    """Everything that determines block 0 and the rules after it."""

    spec: ChainSpec
    chain_id: int
    timestamp: int
    gas_limit: int
    allocations: Mapping[bytes, Allocation]
    extra_data: bytes = b""
    difficulty: int = 0
    nonce: bytes = bytes(8)
    mix_hash: bytes = bytes(32)
    coinbase: bytes = bytes(20)
    base_fee: int | None = None
    """None takes the fork's own: 0 on our chains, 1 gwei where an imported chain starts with London. Given on a
    development chain, gas costs something there."""

    @property
    def engine_chain_id(self) -> str:
        """The chain id that engine headers carry."""
        return f"testamur-{self.chain_id}"

    @cached_property
    def hash(self) -> bytes:
        """Hash of block 0."""
        return genesis_block(self)[0].hash

    def to_json(self) -> str:
        """genesis.json: sorted and indented, so that two builds are equal byte for byte."""
        if self.spec.name == "imported":
            raise GenesisError("an imported chain keeps the genesis.json it came with")
        alloc: dict[str, Any] = {}
        for address, account in sorted(self.allocations.items()):
            entry: dict[str, Any] = {"balance": hex(account.balance)}
            if account.nonce:
                entry["nonce"] = hex(account.nonce)
            if account.code:
                entry["code"] = to_hex(account.code)
            if account.storage:
                entry["storage"] = {
                    to_hex(word(slot)): to_hex(word(value)) for slot, value in sorted(account.storage.items())
                }
            alloc[to_hex(address)] = entry
        body: dict[str, Any] = {
            "spec": self.spec.name,
            "config": {"chainId": self.chain_id},
            "timestamp": hex(self.timestamp),
            "gasLimit": hex(self.gas_limit),
            "alloc": alloc,
        }
        if self.base_fee is not None:
            body["baseFeePerGas"] = hex(self.base_fee)
        return json.dumps(body, indent=1)

    @classmethod
    def load(cls, path: Path) -> "Genesis":
        """Read a genesis.json file. Raises `GenesisError`."""
        try:
            return cls.from_json(read_file(path))
        except FileNotFoundError as error:
            raise GenesisError(f"there is no {path}", "run testamur-node init first") from error
        except (OSError, DocumentError) as error:
            raise GenesisError(f"cannot read {path}: {error}", _COPY_IT) from error

    @classmethod
    def from_json(cls, text: str) -> "Genesis":
        """Read genesis.json, ours or geth's. Raises `GenesisError`."""
        try:
            data = read_json(text)
            name = data.get("spec", "imported")
            base_fee = data.get("baseFeePerGas")
            specs = {"alliance": ALLIANCE, "development": DEVELOPMENT if base_fee is None else DEVELOPMENT_WITH_FEES}
            spec = _imported_spec(data["config"]) if name == "imported" else specs[name]
            return cls(
                spec=spec,
                chain_id=int(data["config"]["chainId"]),
                timestamp=_integer(data.get("timestamp", 0)),
                gas_limit=_integer(data["gasLimit"]),
                allocations={from_hex(address): _allocation(entry) for address, entry in data["alloc"].items()},
                extra_data=from_hex(data.get("extraData") or "0x"),
                difficulty=_integer(data.get("difficulty") or 0),
                nonce=_integer(data.get("nonce") or 0).to_bytes(8, "big"),
                mix_hash=from_hex(data.get("mixHash") or "0x" + 64 * "0"),
                coinbase=from_hex(data.get("coinbase") or "0x" + 40 * "0"),
                base_fee=None if base_fee is None else _integer(base_fee),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise GenesisError(f"genesis.json cannot be read: {type(error).__name__}: {error}", _COPY_IT) from error


def found(alliance: AllianceFile, spec: ChainSpec, base_fee: int | None = None) -> Genesis:
    """The genesis of an alliance or development chain, the latter with fees where its first base fee is given.

    Raises `GenesisError` where a contract refuses.
    """
    from testamur_node.execution.founding import construct

    allocations = {
        from_hex(address): Allocation(nonce=1, code=from_hex(entry["code"]))
        for address, entry in _system_contracts().items()
    }
    if spec.is_development:
        founders = alliance.founding.founders
        named = {a for f in founders for a in (*f.govern, *f.admin, *f.issue, *f.status, f.recovery)}
        for address in sorted({*development_accounts(), *named}):
            allocations[address] = Allocation(balance=DEVELOPMENT_BALANCE)
    gas_limit = alliance.founding.parameters.gas_limit
    allocations |= construct(
        tuple(constructions(alliance.founding)),
        tuple(founding_calls(alliance.founding)),
        chain_id=alliance.chain_id,
        timestamp=alliance.genesis_time,
    )
    return Genesis(spec, alliance.chain_id, alliance.genesis_time, gas_limit, allocations, base_fee=base_fee)


def genesis_block(genesis: Genesis) -> tuple[Block, dict[bytes, bytes]]:
    """Block 0 and the trie nodes and codes under it."""
    nodes: dict[bytes, bytes] = {}
    accounts: list[tuple[bytes, bytes]] = []
    for address, account in sorted(genesis.allocations.items()):
        storage_root = build(
            [(keccak256(word(slot)), rlp_encode(minimal(value))) for slot, value in account.storage.items() if value],
            nodes,
        )
        code_hash = keccak256(account.code)
        if account.code:
            nodes[code_hash] = account.code
        record = rlp_encode([minimal(account.nonce), minimal(account.balance), storage_root, code_hash])
        accounts.append((keccak256(address), record))
    fork = genesis.spec.fork_at(0, genesis.timestamp)
    default_base_fee = 0 if genesis.spec.is_free else 1_000_000_000
    header = Header(
        parent_hash=bytes(32),
        ommers_hash=EMPTY_OMMERS_HASH,
        coinbase=genesis.coinbase,
        state_root=build(accounts, nodes),
        transactions_root=EMPTY_TRIE_ROOT,
        receipts_root=EMPTY_TRIE_ROOT,
        logs_bloom=EMPTY_BLOOM,
        difficulty=genesis.difficulty,
        number=0,
        gas_limit=genesis.gas_limit,
        gas_used=0,
        timestamp=genesis.timestamp,
        extra_data=genesis.extra_data,
        mix_hash=genesis.mix_hash,
        nonce=genesis.nonce,
        base_fee=(default_base_fee if genesis.base_fee is None else genesis.base_fee) if fork >= Fork.LONDON else None,
        withdrawals_root=EMPTY_TRIE_ROOT if fork >= Fork.SHANGHAI else None,
        blob_gas_used=0 if fork >= Fork.CANCUN else None,
        excess_blob_gas=0 if fork >= Fork.CANCUN else None,
        parent_beacon_root=bytes(32) if fork >= Fork.CANCUN else None,
        requests_hash=_EMPTY_REQUESTS if fork >= Fork.PRAGUE else None,
    )
    return Block(header, header.hash, (), (), () if fork >= Fork.SHANGHAI else None), nodes


def _system_contracts() -> dict[str, dict[str, str]]:
    path = resources.files("testamur_node.chain").joinpath("system_contracts.json")
    contracts: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return contracts


def _imported_spec(config: Mapping[str, Any]) -> ChainSpec:
    """The spec of a chain that comes with a geth genesis configuration."""
    delays = ("muirGlacierBlock", "arrowGlacierBlock", "grayGlacierBlock")
    bombs = tuple(int(config[name]) for name in delays if config.get(name) is not None)
    contract = config.get("depositContractAddress")
    return imported(_fork_schedule(config), bombs, MAINNET_DEPOSIT_CONTRACT if contract is None else from_hex(contract))


def _fork_schedule(config: Mapping[str, Any]) -> tuple[ForkStart, ...]:
    """The forks of a geth genesis configuration."""
    blocks = {
        Fork.HOMESTEAD: "homesteadBlock", Fork.TANGERINE_WHISTLE: "eip150Block", Fork.SPURIOUS_DRAGON: "eip158Block",
        Fork.BYZANTIUM: "byzantiumBlock", Fork.CONSTANTINOPLE: "constantinopleBlock",
        Fork.PETERSBURG: "petersburgBlock", Fork.ISTANBUL: "istanbulBlock", Fork.BERLIN: "berlinBlock",
        Fork.LONDON: "londonBlock", Fork.PARIS: "mergeNetsplitBlock",
    }  # fmt: skip
    times = {Fork.SHANGHAI: "shanghaiTime", Fork.CANCUN: "cancunTime", Fork.PRAGUE: "pragueTime"}
    if config.get("osakaTime") is not None:
        raise GenesisError("this chain goes beyond Prague, the newest fork this node executes")
    starts = [ForkStart(fork, block=int(config[name])) for fork, name in blocks.items() if config.get(name) is not None]
    if config.get("terminalTotalDifficulty") == 0 and config.get("mergeNetsplitBlock") is None:
        starts.append(ForkStart(Fork.PARIS, block=0))
    starts += [
        ForkStart(fork, timestamp=int(config[name])) for fork, name in times.items() if config.get(name) is not None
    ]
    return tuple(starts)


def _allocation(entry: Mapping[str, Any]) -> Allocation:
    return Allocation(
        balance=_integer(entry.get("balance", 0)),
        nonce=_integer(entry.get("nonce", 0)),
        code=from_hex(entry.get("code") or "0x"),
        storage={_integer(slot): _integer(value) for slot, value in (entry.get("storage") or {}).items()},
    )


def _integer(value: object) -> int:
    return int(value, 16 if value.startswith("0x") else 10) if isinstance(value, str) else int(str(value))
