"""Founding an alliance of many by transactions, where a block holds a part of it: chunks, plan, interruptions."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from testamur.artifacts.founding_calls import SEALED
from testamur.artifacts.genesis import CONSTRUCTION_ORDER, Founding
from testamur.artifacts.soundness import demand_sound
from testamur.chain.contracts import Call, Contract
from testamur.chain.deploy import Deployment, deploy_suite, is_governed
from testamur.chain.deployment import Begun, Step, remaining_steps
from testamur.chain.errors import TransactionRevertedError
from testamur.chain.founding import FoundingError, founding_from_file
from testamur.chain.institution import create_accounts
from testamur.chain.nonces import NonceQueue, QueuedTransaction
from testamur.chain.rpc import Rpc, to_hex
from testamur.chain.signer import Account, keystore_address
from testamur.chain.transactions import Receipt, Sender
from testamur.profile import Institution, Profile
from testamur.verification.creation import create_policy
from testamur.verification.errors import PolicyError

from tests import tooling
from tests.contracts.suite import founder, validator
from tests.world import command

pytestmark = pytest.mark.tool

KEY = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
OTHER = bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d")
"""anvil's first two accounts; everybody knows their keys."""
SMALL_BLOCK = 9_000_000
LARGE_BLOCK = 30_000_000


class Killed(BaseException):
    """Stands in for a kill: nothing catches it."""


class Mortal(Sender):
    """Dies at one of its transactions: before it is handed over, or before its receipt is seen."""

    dies_at: int = -1
    is_handed_over: bool = False
    _count: int = 0

    def broadcast(self, transaction: QueuedTransaction) -> None:
        if self._count == self.dies_at and not self.is_handed_over:
            raise Killed
        super().broadcast(transaction)

    def wait(self, transaction: QueuedTransaction, call: Call) -> Receipt:
        if self._count == self.dies_at:
            raise Killed
        self._count += 1
        return super().wait(transaction, call)


@pytest.fixture(scope="module")
def small() -> Iterator[Rpc]:
    """A chain of small blocks."""
    yield from _running(SMALL_BLOCK)


@pytest.fixture(scope="module")
def large() -> Iterator[Rpc]:
    """A chain of blocks as most have them."""
    yield from _running(LARGE_BLOCK)


def _running(gas_limit: int) -> Iterator[Rpc]:
    options = ("--hardfork", "prague", "--gas-limit", str(gas_limit))
    with tooling.anvil(*options) as (url, _process), Rpc(url) as rpc:
        yield rpc


@pytest.fixture
def chain(small: Rpc) -> Iterator[Rpc]:
    """The chain of small blocks as it was at its beginning."""
    snapshot = small.call("evm_snapshot")
    yield small
    small.call("evm_revert", snapshot)


def founding(institutions: int) -> Founding:
    numbers = range(1, institutions + 1)
    what = Founding(tuple(founder(number) for number in numbers), tuple(validator(number) for number in numbers))
    demand_sound(what)
    return what


def sender(rpc: Rpc, folder: Path, key: bytes = KEY) -> Mortal:
    queue = NonceQueue(folder / "queue.db", rpc.block_hash(0))
    return Mortal(rpc, Account.from_secret(key), queue, chain_id=rpc.chain_id())


def demand_founded(rpc: Rpc, deployed: Deployment, what: Founding) -> None:
    """Everybody is there once, in order, and everything is sealed."""
    contracts = {name: Contract(name, deployed.addresses[name], rpc) for name in CONSTRUCTION_ORDER}
    count = len(what.founders)
    assert contracts["Operators"].read("institutionCount") == count
    assert contracts["Operators"].read("origin") == rpc.block_hash(0)
    assert contracts["Alliance"].read("members") == list(range(1, count + 1))
    assert [entry["key"] for entry in contracts["Permissions"].read("validators")] == [v.key for v in what.validators]
    assert [contracts[name].read("isSealed") for name in SEALED] == [True] * 3
    for number, each in enumerate(what.founders, 1):
        held = contracts["Operators"].read("controllers", number)
        assert (tuple(held["govern"]), tuple(held["admin"]), held["recovery"]) == (
            each.govern,
            each.admin,
            each.recovery,
        )


def test_an_alliance_of_forty_comes_in_chunks_that_fit(small: Rpc, tmp_path: Path) -> None:
    """The plan names as many transactions as are sent, and no less gas than each takes."""
    what, journal = founding(40), tmp_path / "deployment.json"
    planned = remaining_steps(small, what, Begun.new(small, sender(small, tmp_path).account.address, what))
    told: list[tuple[Step, int, int]] = []
    deployed = deploy_suite(small, sender(small, tmp_path), what, journal, lambda *step: told.append(step))
    demand_founded(small, deployed, what)
    assert [(step.contract, step.action, step.entries) for step, _, _ in told] == [
        (step.contract, step.action, step.entries) for step in planned
    ]
    assert [(done, total) for _, done, total in told] == [(i, len(planned)) for i in range(len(planned))]
    assert sum(step.action == "foundInstitutions" for step in planned) > 5
    used = [
        int(receipt["gasUsed"], 16)
        for block in deployed.blocks
        for receipt in small.call("eth_getBlockReceipts", hex(block))
    ]
    assert [step.call.label for step, gas in zip(planned, used, strict=True) if gas > step.gas] == []
    assert (max(used), sum(used)) == (deployed.most_gas, deployed.gas_used)
    assert deployed.most_gas < SMALL_BLOCK * 3 // 4
    assert remaining_steps(small, what, Begun.read(journal) or pytest.fail("no journal")) == []


@pytest.mark.slow
def test_an_alliance_of_211_is_founded_on_a_chain_of_30_million(large: Rpc, tmp_path: Path) -> None:
    what = founding(211)
    deployed = deploy_suite(large, sender(large, tmp_path), what, tmp_path / "deployment.json")
    demand_founded(large, deployed, what)
    assert deployed.most_gas < LARGE_BLOCK // 2


@pytest.mark.parametrize("is_handed_over", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", [0, 4, 11, 13, -1])
def test_whenever_it_is_killed_the_same_command_completes_it(
    at: int, is_handed_over: bool, chain: Rpc, tmp_path: Path
) -> None:
    what, journal = founding(8), tmp_path / "deployment.json"
    mortal = sender(chain, tmp_path)
    total = len(remaining_steps(chain, what, Begun.new(chain, mortal.account.address, what)))
    before = chain.nonce(mortal.account.address)
    mortal.dies_at, mortal.is_handed_over = at % total, is_handed_over
    with pytest.raises(Killed):
        deploy_suite(chain, mortal, what, journal)
    begun = Begun.read(journal)
    deployed = deploy_suite(chain, sender(chain, tmp_path), what, journal)
    demand_founded(chain, deployed, what)
    assert begun is not None
    assert deployed.addresses == begun.addresses
    assert chain.nonce(mortal.account.address) == before + total
    assert deploy_suite(chain, sender(chain, tmp_path), what, journal).blocks == ()


def test_no_policy_is_made_before_the_sealing(chain: Rpc, tmp_path: Path) -> None:
    what, journal = founding(2), tmp_path / "deployment.json"
    mortal = sender(chain, tmp_path)
    mortal.dies_at = len(remaining_steps(chain, what, Begun.new(chain, mortal.account.address, what))) - 1
    with pytest.raises(Killed):
        deploy_suite(chain, mortal, what, journal)
    begun = Begun.read(journal)
    assert begun is not None
    with pytest.raises(PolicyError, match="still being founded"):
        create_policy(chain, begun.addresses["Directory"])
    deployed = deploy_suite(chain, sender(chain, tmp_path), what, journal)
    assert create_policy(chain, deployed.addresses["Directory"]).directory_code_hash == deployed.directory_code_hash


def test_the_command_plans_and_then_does_what_it_planned(chain: Rpc, tmp_path: Path) -> None:
    path = tmp_path / "alliance.toml"
    path.write_text(FILE.format(a=1, b=2, c=3, d=4, threshold="[2, 3]", periods=""), encoding="utf-8")
    (tmp_path / "password").write_text("pass\n")
    profile = Profile(tmp_path / "testamur.toml", chain.url, chain.chain_id(), None, bytes(20), "password")
    accounts = create_accounts(profile, "keys/cdou", is_light=True)
    profile = profile.with_institution(Institution(1, "成都开放大学", "cdou", "did:web:cdou.example", 5101, accounts))
    profile.save()
    address = keystore_address(profile.resolve(str(accounts.issue)))
    assert address is not None
    chain.call("anvil_setBalance", to_hex(address), hex(10**19))
    arguments = ("deploy", "--alliance", path, "--profile", profile.path, "--json")
    planned = command(*arguments, "--plan").json
    assert planned["founders"] == 1
    assert planned["create"] == [*CONSTRUCTION_ORDER]
    assert planned["mostGas"] == sum(step["mostGas"] for step in planned["transactions"])
    assert not is_governed(chain, Profile.load(profile.path).directory)
    done = command(*arguments).json
    assert done["transactions"] == len(planned["transactions"])
    assert done["gasUsed"] < planned["mostGas"]
    assert is_governed(chain, Profile.load(profile.path).directory)
    assert not (tmp_path / "deployment.json").exists()


def test_a_journal_goes_on_with_the_same_founders_and_account_alone(chain: Rpc, tmp_path: Path) -> None:
    what, journal = founding(2), tmp_path / "deployment.json"
    mortal = sender(chain, tmp_path)
    mortal.dies_at = 3
    with pytest.raises(Killed):
        deploy_suite(chain, mortal, what, journal)
    with pytest.raises(FoundingError, match="other founders"):
        deploy_suite(chain, sender(chain, tmp_path), founding(3), journal)
    with pytest.raises(FoundingError, match="began this deployment"):
        deploy_suite(chain, sender(chain, tmp_path, OTHER), what, journal)
    begun = Begun.read(journal)
    assert begun is not None
    journal.write_text("{}", encoding="utf-8")
    with pytest.raises(FoundingError, match="cannot be read"):
        deploy_suite(chain, sender(chain, tmp_path), what, journal)
    replace(begun, chain=bytes(32)).write(journal)
    with pytest.raises(FoundingError, match="another chain"):
        deploy_suite(chain, sender(chain, tmp_path), what, journal)


def test_an_account_that_another_program_used_meanwhile_ends_it(chain: Rpc, tmp_path: Path) -> None:
    what, journal = founding(2), tmp_path / "deployment.json"
    mortal = sender(chain, tmp_path)
    mortal.dies_at = 3
    with pytest.raises(Killed):
        deploy_suite(chain, mortal, what, journal)
    elsewhere = tmp_path / "elsewhere"
    sender(chain, elsewhere).send(Call(bytes(19) + b"\x99", b"", "note"))
    with pytest.raises(TransactionRevertedError, match="used by another program"):
        deploy_suite(chain, sender(chain, tmp_path), what, journal)


def test_a_chain_of_blocks_too_small_is_refused_before_anything_is_sent(chain: Rpc, tmp_path: Path) -> None:
    many = tuple(number.to_bytes(20, "big") for number in range(1000, 1055))
    what = founding(2)
    what = replace(what, founders=(replace(what.founders[0], issue=many), what.founders[1]))
    demand_sound(what)
    before = chain.nonce(Account.from_secret(KEY).address)
    with pytest.raises(FoundingError, match=r"may take .* gas, the chain allows"):
        deploy_suite(chain, sender(chain, tmp_path), what, tmp_path / "deployment.json")
    assert chain.nonce(Account.from_secret(KEY).address) == before


FILE = """
threshold = {threshold}
[periods]
unit = "seconds"
{periods}
[[member]]
govern = ["0x{a:040x}", "0x{b:040x}"]
admin = ["0x{c:040x}"]
recovery = "0x{d:040x}"
"""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"b": 1}, "twice"),
        ({"d": 1}, "recovery account of institution 1"),
        ({"threshold": "[1, 2]"}, "threshold 1/2"),
        ({"periods": "votingPeriod = 59"}, "votingPeriod is 59 s"),
        ({"periods": "teaBreak = 59"}, "no period teaBreak"),
    ],
)
def test_deploy_refuses_what_init_refuses(changes: dict[str, object], words: str, tmp_path: Path) -> None:
    sound = {"a": 1, "b": 2, "c": 3, "d": 4, "threshold": "[2, 3]", "periods": ""}
    path = tmp_path / "alliance.toml"
    path.write_text(FILE.format(**sound), encoding="utf-8")
    assert len(founding_from_file(path).founders) == 1
    path.write_text(FILE.format(**(sound | changes)), encoding="utf-8")
    with pytest.raises(FoundingError, match=words):
        founding_from_file(path)
