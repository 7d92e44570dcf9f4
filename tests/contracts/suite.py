"""The whole suite as a genesis makes it, with named people who act for numbered institutions."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from testamur.artifacts import GENESIS_ADDRESSES
from testamur.artifacts.founding_calls import founding_calls
from testamur.artifacts.genesis import Founder, Founding, FoundingValidator, constructions
from testamur.proof.hashing import keccak256

from tests.contracts.evm import CHAIN_ID, SYSTEM, Chain, Receipt

__all__ = [
    "ADMIN",
    "DAY",
    "GENESIS_TIME",
    "GOVERN",
    "ISSUE",
    "ORIGIN",
    "PERIODS",
    "SCOPE",
    "STATUS",
    "Suite",
    "account",
    "founded",
    "founded_in_block_0",
    "founder",
    "key_of",
    "text_hash",
    "validator",
]

GOVERN, ISSUE, STATUS, ADMIN = 1, 2, 4, 8
DAY = 86_400
GENESIS_TIME = 1_790_000_000
ORIGIN = keccak256(b"block 0")
"""The hash of block 0, as the node writes it in block 1."""
PERIODS = {
    "votingPeriod": 14 * DAY,
    "executionDelay": 600,
    "executionWindow": 10 * DAY,
    "controllerDelay": 7 * DAY,
    "recoveryDelay": 30 * DAY,
    "directoryDelay": 7 * DAY,
    "voidDelay": 3 * DAY,
}
SCOPE = (1, 0, 1, 10, 0, 0, 0)
"""Framework 1, any type, ranks 1 to 10, any region, open."""


def key_of(name: str) -> bytes:
    """A person's private key."""
    return keccak256(f"testamur test {name}".encode())


@cache
def account(name: str) -> bytes:
    """A person's address: `account("admin 1")` is institution 1's ADMIN."""
    return bytes.fromhex(Account.from_key(key_of(name)).address[2:])


def text_hash(text: str) -> bytes:
    """keccak256 of the text in UTF-8, as the registries keep it."""
    return keccak256(text.encode())


def founder(number: int) -> Founder:
    """Institution `number` with one account for each role, two for GOVERN."""
    return Founder(
        govern=(account(f"govern {number}"), account(f"deputy {number}")),
        admin=(account(f"admin {number}"),),
        recovery=account(f"recovery {number}"),
        issue=(account(f"issue {number}"),),
        status=(account(f"status {number}"),),
    )


def validator(number: int, power: int = 100) -> FoundingValidator:
    """Institution `number`'s validator."""
    return FoundingValidator(keccak256(f"validator {number}".encode()), number, power)


@dataclass(frozen=True, slots=True)
class Suite:
    """A founded alliance on a chain of its own."""

    chain: Chain
    members: tuple[int, ...]

    def address(self, name: str) -> bytes:
        """The genesis address of a contract."""
        return GENESIS_ADDRESSES[name]

    def fork(self) -> "Suite":
        return Suite(self.chain.fork(), self.members)

    def send(self, person: str, contract: str, function: str, *args: Any) -> Receipt:
        """One transaction by a named person."""
        return self.chain.send(account(person), self.address(contract), function, *args)

    def call(self, contract: str, function: str, *args: Any) -> Any:
        """What a view of a contract returns."""
        return self.chain.call(self.address(contract), function, *args)

    def govern(self, contract: str, function: str, *args: Any) -> Receipt:
        """What a passed proposal's call does, without the votes."""
        return self.chain.send(self.address("Alliance"), self.address(contract), function, *args)

    def propose(self, *calls: tuple[Any, ...], by: int = 1, document: bytes = b"\x01" * 32) -> int:
        """A proposal of calls (contract, function, arguments…), a contract by name or address; its id. `by` votes yes
        with it."""
        encoded = []
        for target, function, *args in calls:
            address = self.address(target) if isinstance(target, str) else target
            encoded.append((address, self.chain.data(address, function, *args)))
        proposal: int = self.send(f"govern {by}", "Alliance", "propose", encoded, document).output
        return proposal

    def vote(self, proposal: int, voters: Sequence[int] | None = None, *, support: bool = True) -> None:
        """Each of the institutions votes; all members by default."""
        for number in self.members if voters is None else voters:
            self.send(f"govern {number}", "Alliance", "vote", proposal, support)

    def execute(self, proposal: int) -> Receipt:
        return self.send("anyone", "Alliance", "execute", proposal)

    def adopt(self, *calls: tuple[Any, ...]) -> int:
        """A proposal for which every member has voted and whose delay, if it has one, is over; its id."""
        proposal = self.propose(*calls)
        self.vote(proposal, self.members[1:])
        if not self.call("Alliance", "isRestricting", proposal):
            self.wait()
        return proposal

    def wait(self) -> None:
        """The delay of what was adopted passes."""
        self.chain.mine(PERIODS["executionDelay"])

    def decide(self, *calls: tuple[Any, ...]) -> Receipt:
        """Every member votes for the calls, which are executed after the delay."""
        return self.execute(self.adopt(*calls))

    def register(self, number: int) -> Receipt:
        """Enter institution `number` as an issuer with a DID; the first receipt."""
        name, did = f"大学 {number}", f"did:web:university-{number}.example"
        registered = self.govern("IssuerRegistry", "register", number, name, text_hash(f"folded {name}"))
        self.govern("Keys", "addDid", number, did)
        return registered

    def admit(self, number: int, *scopes: tuple[int, ...]) -> None:
        """Register and recognise institution `number`, with SCOPE or the scopes given."""
        self.register(number)
        self.govern("IssuerRegistry", "admit", number, list(scopes or (SCOPE,)), b"\0" * 32)

    def open_list(self, number: int, log2size: int = 17) -> int:
        """A status list of institution `number`."""
        opened: int = self.send(f"issue {number}", "StatusRegistry", "openList", log2size).output
        return opened

    def anchor(
        self,
        number: int,
        root: bytes = b"\x11" * 32,
        *,
        size: int = 100,
        list_: int = 1,
        first: int = 0,
        scope: int = 1,
        kind: int = 1,
        by: str = "issue",
    ) -> Receipt:
        """Anchor a batch for institution `number`."""
        return self.send(f"{by} {number}", "CredentialBatches", "anchor", root, size, list_, first, scope, kind)

    def accept(self, person: str, institution: int, roles: int, deadline: int, nonce: int | None = None) -> bytes:
        """The person's EIP-712 acceptance, with the nonce that is its next."""
        if nonce is None:
            nonce = self.call("Operators", "referenceOf", account(person))["nonce"]
        return self.sign(
            person,
            "Operators",
            "Acceptance",
            {
                "account": "address",
                "institution": "uint32",
                "roles": "uint16",
                "nonce": "uint256",
                "deadline": "uint256",
            },
            {
                "account": account(person),
                "institution": institution,
                "roles": roles,
                "nonce": nonce,
                "deadline": deadline,
            },
        )

    def sign(
        self, person: str, contract: str, kind: str, fields: dict[str, str], values: dict[str, Any], **domain: Any
    ) -> bytes:
        """A person's EIP-712 signature for a contract, as any wallet makes it; `domain` changes its fields."""
        message = encode_typed_data(
            domain_data={
                "name": f"Testamur {contract}",
                "version": "1",
                "chainId": CHAIN_ID,
                "verifyingContract": "0x" + self.address(contract).hex(),
                "salt": ORIGIN,
                **domain,
            },
            message_types={kind: [{"name": name, "type": type_} for name, type_ in fields.items()]},
            message_data=values,
        )
        return bytes(Account.sign_message(message, key_of(person)).signature)

    def hire(self, person: str, institution: int, roles: int) -> Receipt:
        """The institution's ADMIN adds a person, who accepts."""
        deadline = self.chain.timestamp + DAY
        acceptance = self.accept(person, institution, roles, deadline)
        return self.send(
            f"admin {institution}", "Operators", "addOperator", account(person), roles, deadline, acceptance
        )

    def acceptances(self, institution: int, *people: tuple[str, int]) -> list[tuple[int, bytes]]:
        """Each (person, role)'s acceptance, as `replaceControllers` takes them."""
        deadline = self.chain.timestamp + DAY
        return [(deadline, self.accept(person, institution, role, deadline)) for person, role in people]


def founded_in_block_0(members: int = 2, origin: bytes = bytes(32)) -> Suite:
    """An alliance whose block 0 is under way; `origin` is what its deployer says that block is."""
    chain = Chain(GENESIS_TIME)
    numbers = range(1, members + 1)
    founding = Founding(
        founders=tuple(founder(number) for number in numbers),
        validators=tuple(validator(number) for number in numbers),
        periods=PERIODS,
        origin=origin,
    )
    for each in constructions(founding):
        chain.construct(each.name, each.address, each.init_code)
    for call in founding_calls(founding, gas=25_000_000):
        chain.send_raw(SYSTEM, call.address, call.data)
    return Suite(chain, tuple(numbers))


@cache
def _genesis(members: int) -> Suite:
    suite = founded_in_block_0(members)
    suite.chain.mine()
    suite.chain.send_raw(SYSTEM, GENESIS_ADDRESSES["BlockHistory"], ORIGIN)
    return suite


def founded(members: int = 2) -> Suite:
    """A fresh alliance of that many founders, in block 1."""
    return _genesis(members).fork()
