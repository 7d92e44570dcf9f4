"""Real homes, keys and transactions for the node's tests: founders are the well-known development accounts."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from eth_account import Account
from testamur_node.abci import Decided, Finalized
from testamur_node.alliance_file import parse_alliance
from testamur_node.application import Application
from testamur_node.chain.development import development_accounts
from testamur_node.chain.rules import ALLIANCE, ChainSpec
from testamur_node.chain.transaction import Transaction, decode_transaction
from testamur_node.engine.key import ValidatorKey
from testamur_node.execution.pyevm import PyEvm
from testamur_node.genesis import Genesis, found
from testamur_node.node import DATA_FOLDER, GENESIS_FILE, VALIDATOR_KEY
from testamur_node.store.store import Store

CHAIN_ID = 20260
GENESIS_TIME = 1_795_413_600
"""2026-11-23T06:00:00Z, as in the file below."""
ADDRESSES = tuple(development_accounts())
KEYS = tuple(development_accounts().values())
DEPLOYER, GOVERN, ADMIN, ISSUE, STATUS = range(5)
"""Accounts of member 1; member 2 has the next five. Account 0 governs too and may deploy."""
STRANGER_KEY = bytes([7]) * 32
"""An account that nobody gave any right."""

STORING_CODE = bytes.fromhex("6020356000355560003560006000a100")
"""Runtime: storage[word 0 of the input] = word 1, then a log with word 0 as its topic."""


def creating(runtime: bytes) -> bytes:
    """Init code that deploys `runtime` (at most 255 bytes)."""
    size = f"{len(runtime):02x}"
    return bytes.fromhex(f"60{size}600c60003960{size}6000f3") + runtime


def word(*numbers: int) -> bytes:
    """Numbers as 32-byte words."""
    return b"".join(number.to_bytes(32, "big") for number in numbers)


def alliance_text(validator_key: bytes, **changes: str) -> str:
    """alliance.toml of two members; `changes` replaces whole lines by their first word."""

    def member(first: int, recovery: int) -> str:
        accounts = [f'"0x{address.hex()}"' for address in ADDRESSES[first : first + 5]]
        return (
            f"[[member]]\ngovern = [{accounts[0]}, {accounts[1]}]\nadmin = [{accounts[2]}]\n"
            f'issue = [{accounts[3]}]\nstatus = [{accounts[4]}]\nrecovery = "0x{recovery:040x}"\n'
        )

    lines = {
        "version": "1",
        "chain_id": str(CHAIN_ID),
        "genesis_time": "2026-11-23T06:00:00Z",
        "threshold": "[2, 3]",
        "deployers": f'["0x{ADDRESSES[DEPLOYER].hex()}"]',
        **changes,
    }
    text = "".join(f"{name} = {value}\n" for name, value in lines.items())
    validator = f'[[validator]]\ninstitution = 1\nkey = "{validator_key.hex()}"\n'
    return text + member(0, 1) + member(5, 2) + validator


def genesis_of(spec: ChainSpec = ALLIANCE, key: ValidatorKey | None = None, base_fee: int | None = None) -> Genesis:
    """A genesis of that alliance."""
    public = (key or ValidatorKey.generate()).public
    return found(parse_alliance(alliance_text(public)), spec, base_fee)


def make_home(folder: Path, spec: ChainSpec = ALLIANCE, base_fee: int | None = None) -> Path:
    """A home as `init` lays it out."""
    key = ValidatorKey.generate()
    key.save(folder / VALIDATOR_KEY)
    (folder / GENESIS_FILE).write_text(genesis_of(spec, key, base_fee).to_json(), encoding="utf-8")
    return folder


def open_application(folder: Path, genesis: Genesis) -> Application:
    """An application over a store in `folder`, without an engine."""
    store = Store.open(folder / DATA_FOLDER)
    return Application(genesis, store, PyEvm(genesis.spec, store.read_node))


def raw(account: int | bytes, nonce: int, **fields: Any) -> bytes:
    """A signed transaction of a development account (by number) or of a key; type 2 with web3's fees by default."""
    key = KEYS[account] if isinstance(account, int) else account
    values: dict[str, Any] = {
        "chainId": CHAIN_ID, "nonce": nonce, "gas": 200_000, "to": bytes(19) + b"\xff", "value": 0, "data": b"",
    } | fields  # fmt: skip
    if "gasPrice" not in values:
        values = {"maxFeePerGas": 2 * 10**9, "maxPriorityFeePerGas": 10**9} | values
    if values["to"] is None:
        del values["to"]
    signed: bytes = bytes(Account.sign_transaction(values, key).raw_transaction)
    return signed


def transaction(account: int | bytes, nonce: int, **fields: Any) -> Transaction:
    """The same, decoded."""
    return decode_transaction(raw(account, nonce, **fields))


def run_block(application: Application, transactions: Iterable[bytes], seconds: int | None = None) -> Finalized:
    """Validate, finalize and commit a block as an engine would, `seconds` after the one before."""
    height = application.info().engine_height + 1
    time = application.head.timestamp + (1 if seconds is None else seconds)
    decided = Decided(height, time * 10**9, tuple(transactions))
    assert application.validate(decided.time_ns, decided.transactions) is None
    finalized = application.finalize(decided)
    application.commit()
    return finalized
