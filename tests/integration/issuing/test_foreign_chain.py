"""The same line on an EVM chain that is not ours, with prices, and blocks when they please: anvil.

Here the transaction queue meets what our own chain does not have: transactions that are dropped, that stay under the
price, that another program overtakes, and blocks that count only when others stand on them.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from testamur.artifacts.genesis import TRIAL_PERIODS
from testamur.batch.acceptance import acceptance
from testamur.batch.issuing import issue
from testamur.chain.connection import Connection
from testamur.chain.contracts import Call
from testamur.chain.deploy import deploy_suite, is_governed
from testamur.chain.errors import ChainUnreachableError, RpcError, TransactionPendingError, TransactionRevertedError
from testamur.chain.founding import founding_from_profile
from testamur.chain.governance import document_hash, propose_and_pass
from testamur.chain.institution import Scope, admit_call, create_accounts, register_calls
from testamur.chain.keys import add_signing_keys
from testamur.chain.nonces import NonceQueue
from testamur.chain.rpc import Rpc, to_hex
from testamur.chain.signer import Account, keystore_address
from testamur.chain.transactions import Sender
from testamur.profile import Institution, Profile
from testamur.proof.hashing import keccak256
from testamur.status import revoke
from testamur.status_targets import targets_from_rows
from testamur.verification.connection import Chain
from testamur.verification.policy import Policy

from tests import tooling
from tests.integration.issuing.alliance import ASSOCIATE, FRAMEWORK, Roster

pytestmark = pytest.mark.tool

RICH = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
"""anvil's first account; everybody knows its key."""
SINK = bytes(19) + b"\x99"


@pytest.fixture
def anvil() -> Iterator[Rpc]:
    """A chain that makes a block for each transaction."""
    yield from _running()


@pytest.fixture
def manual() -> Iterator[Rpc]:
    """A chain that makes a block only when it is told to."""
    yield from _running("--no-mining")


def _running(*options: str) -> Iterator[Rpc]:
    with tooling.anvil("--hardfork", "prague", *options) as (url, _process), Rpc(url) as rpc:
        yield rpc


def sender(rpc: Rpc, folder: Path, **options: object) -> Sender:
    queue = NonceQueue(folder / "queue.db", rpc.block_hash(0))
    return Sender(rpc, Account.from_secret(RICH), queue, chain_id=rpc.chain_id(), **options)  # type: ignore[arg-type]


def note(number: int) -> Call:
    """A call that is told from others by its data."""
    return Call(SINK, number.to_bytes(4, "big"), f"note {number}")


def mined_notes(rpc: Rpc) -> list[int]:
    """The numbers of all notes in blocks, in order."""
    found = []
    for height in range(rpc.block_number() + 1):
        for transaction in rpc.call("eth_getBlockByNumber", hex(height), True)["transactions"]:
            if transaction["to"] == to_hex(SINK):
                found.append(int(transaction["input"], 16))
    return found


def mining(rpc: Rpc, after_rounds: int = 1) -> "MiningPause":
    return MiningPause(rpc, after_rounds)


class MiningPause:
    """Stands in for sleeping: passes time on the sender's clock, and makes a block after some rounds of waiting."""

    def __init__(self, rpc: Rpc, after_rounds: int) -> None:
        self.rpc = rpc
        self.rounds = 0
        self.after_rounds = after_rounds
        self.now = 0.0

    def __call__(self, seconds: float) -> None:
        self.rounds += 1
        self.now += 10.0
        if self.rounds >= self.after_rounds:
            self.rpc.call("evm_mine")

    def clock(self) -> float:
        return self.now


def test_calls_sent_together_take_nonces_that_follow_each_other(manual: Rpc, tmp_path: Path) -> None:
    pause = mining(manual)
    receipts = sender(manual, tmp_path, pause=pause).send_all([note(i) for i in range(40)])
    assert mined_notes(manual) == list(range(40))
    assert len({receipt.transaction for receipt in receipts}) == 40
    assert manual.nonce(Account.from_secret(RICH).address) == 40


def test_a_transaction_that_the_pool_forgot_is_sent_again(manual: Rpc, tmp_path: Path) -> None:
    first = sender(manual, tmp_path)
    queued = first.prepare(note(1))
    first.broadcast(queued)
    manual.call("anvil_dropTransaction", to_hex(queued.hash))
    pause = mining(manual, after_rounds=2)
    again = sender(manual, tmp_path, pause=pause, clock=pause.clock)
    again.send(note(2))
    assert mined_notes(manual) == [1, 2]


def test_a_queued_transaction_of_a_killed_run_leaves_no_gap(manual: Rpc, tmp_path: Path) -> None:
    sender(manual, tmp_path).prepare(note(1))  # signed and written down, never sent
    sender(manual, tmp_path, pause=mining(manual)).send(note(2))
    assert mined_notes(manual) == [1, 2]


def test_a_nonce_that_another_program_took_is_replaced_by_the_next(manual: Rpc, tmp_path: Path) -> None:
    mine = sender(manual, tmp_path, pause=mining(manual))
    queued = mine.prepare(note(1))
    (tmp_path / "other").mkdir()
    sender(manual, tmp_path / "other", pause=mining(manual)).send(note(7))
    receipt = mine.wait(queued, note(1))
    assert mined_notes(manual) == [7, 1]
    assert receipt.transaction != queued.hash


def test_two_processes_share_one_account(anvil: Rpc, tmp_path: Path) -> None:
    children = []
    for number in range(3):
        child = os.fork()
        if child == 0:
            try:
                with Rpc(anvil.url) as rpc:
                    sender(rpc, tmp_path).send_all([note(10 * number + i) for i in range(5)])
                os._exit(0)
            except BaseException:
                os._exit(1)
        children.append(child)
    assert [os.WEXITSTATUS(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]
    assert sorted(mined_notes(anvil)) == sorted(10 * n + i for n in range(3) for i in range(5))


def test_a_transaction_under_the_price_is_replaced_by_a_dearer_one_and_runs_once(manual: Rpc, tmp_path: Path) -> None:
    mine = sender(manual, tmp_path)
    queued = mine.prepare(note(1))
    mine.broadcast(queued)
    base = int(manual.block()["baseFeePerGas"], 16)  # type: ignore[index]
    manual.call("anvil_setNextBlockBaseFeePerGas", hex(50 * base))
    manual.call("evm_mine")
    assert manual.receipt(queued.hash) is None, "it stays under the price"
    pause = mining(manual, after_rounds=8)
    receipt = sender(manual, tmp_path, pause=pause, clock=pause.clock, timeout_seconds=10_000.0).wait(queued, note(1))
    assert mined_notes(manual) == [1]
    assert receipt.transaction != queued.hash


def test_a_chain_that_makes_no_block_is_told_and_the_transaction_stays_queued(manual: Rpc, tmp_path: Path) -> None:
    pause = mining(manual, after_rounds=10**9)
    patient = sender(manual, tmp_path, pause=pause, clock=pause.clock, timeout_seconds=60.0)
    with pytest.raises(TransactionPendingError, match="no receipt after 60 s") as caught:
        patient.send(note(1))
    assert caught.value.exit_code == 7
    manual.call("evm_mine")
    sender(manual, tmp_path, pause=mining(manual)).send(note(2))
    assert mined_notes(manual) == [1, 2]


def test_a_receipt_counts_when_enough_blocks_stand_on_it(manual: Rpc, tmp_path: Path) -> None:
    receipt = sender(manual, tmp_path, pause=mining(manual), confirmations=5).send(note(1))
    assert manual.block_number() >= receipt.block_number + 5


def test_an_account_without_money_is_refused_with_the_nodes_reason(anvil: Rpc, tmp_path: Path) -> None:
    poor = Account.from_secret(keccak256(b"poor"))
    queue = NonceQueue(tmp_path / "queue.db", anvil.block_hash(0))
    with pytest.raises((RpcError, TransactionRevertedError), match=r"(?i)insufficient funds"):
        Sender(anvil, poor, queue, chain_id=anvil.chain_id()).send(note(1))
    assert queue.open(poor.address) == []


def test_a_node_that_dies_while_waiting_is_told(tmp_path: Path) -> None:
    with tooling.anvil("--no-mining") as (url, process), Rpc(url) as rpc:
        waiting = sender(rpc, tmp_path)
        queued = waiting.prepare(note(1))
        waiting.broadcast(queued)
        process.kill()
        process.wait()
        with pytest.raises(ChainUnreachableError):
            waiting.wait(queued, note(1))


class LateReceipts(Rpc):
    """A node whose receipts come to be seen a little after the nonces, as a busy anvil's do."""

    hidden = 3
    """Looks for which there is none."""

    def batch(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        answers = super().batch(requests)
        if requests[0][0] == "eth_getTransactionReceipt" and answers[0] is not None and self.hidden:
            self.hidden -= 1
            return [None] * len(answers)
        return answers


def test_a_receipt_that_is_seen_after_the_nonce_is_waited_for(anvil: Rpc, tmp_path: Path) -> None:
    with LateReceipts(anvil.url) as rpc:
        sender(rpc, tmp_path).send(note(1))
        assert rpc.hidden == 0
    assert mined_notes(anvil) == [1]


def test_the_whole_line_runs_on_another_chain(anvil: Rpc, tmp_path: Path) -> None:
    """Deploy, admit, issue, verify, revoke: where gas costs money and no engine signs headers."""
    (tmp_path / "password").write_text("pass\n")
    profile = Profile(tmp_path / "testamur.toml", anvil.url, anvil.chain_id(), None, bytes(20), "password")
    institutions = tuple(
        Institution(
            number, name, slug, f"did:web:{slug}.example", 5101, create_accounts(profile, f"keys/{slug}", is_light=True)
        )
        for number, (slug, name) in enumerate((("cdou", "成都开放大学"), ("uestc", "电子科技大学")), start=1)
    )
    profile = replace(profile, institutions=institutions)
    for institution in institutions:
        accounts = institution.accounts
        for path in (*accounts.govern, accounts.admin, accounts.issue, accounts.status):
            address = keystore_address(profile.resolve(str(path)))
            assert address is not None
            anvil.call("anvil_setBalance", to_hex(address), hex(10**19))
    deployed = deploy_suite(
        anvil,
        sender(anvil, tmp_path),
        replace(founding_from_profile(profile), periods=TRIAL_PERIODS),
        tmp_path / "deployment.json",
    )
    profile = replace(profile, directory=deployed.addresses["Directory"])
    profile.save()
    assert is_governed(anvil, profile.directory)
    assert not is_governed(anvil, SINK)
    policy = Policy(
        trust="rpc",
        chain_id=profile.chain_id,
        genesis_hash=anvil.block_hash(0),
        directory=profile.directory,
        directory_code_hash=deployed.directory_code_hash,
        accepted_issuers=None,
        urls=(anvil.url,),
        confirmations=0,
    )
    roster = Roster.write(tmp_path, 12)
    out = tmp_path / "out"
    with Connection.open(profile, environment={}) as connection, Chain.connect(anvil.url) as chain:
        frameworks = connection.contract("QualificationFrameworks")
        ranks = [{"rank": n, "ladder": 1, "blank": False, "code": str(n), "label": str(n)} for n in range(1, 9)]
        issuer = profile.institution("cdou")
        proposal, receipt = propose_and_pass(
            connection,
            [
                frameworks.call("addFramework", 1, FRAMEWORK, 1, ""),
                frameworks.call("addLevels", 1, ranks),
                frameworks.call("addType", 1, 1, ASSOCIATE.labels.name, 5, 5, 0, 0),
                *register_calls(connection, 1, issuer.name, issuer.did),
                admit_call(connection, 1, [Scope(1, 0, 1, 8, 0)]),
            ],
            document_hash(b"founding"),
        )
        assert receipt is not None, proposal
        issuer = add_signing_keys(connection, issuer, "keys/cdou")
        check = acceptance(chain, policy)
        assert issue(connection, issuer, roster.csv, roster.template, out, check).issued == 12
        assert list(check((out / "bundles.jsonl").read_bytes().splitlines())) == [None] * 12
        row = roster.csv.read_text(encoding="utf-8").splitlines()[1].split(",")[0]
        assert revoke(connection, issuer, targets_from_rows(out, [row]), 1).exit_code == 0
        assert list(check((out / "bundles.jsonl").read_bytes().splitlines())) == ["revoked", *[None] * 11]
