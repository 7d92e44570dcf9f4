"""A real node and an alliance on it that can issue: what every test here starts from.

The node is the installed `testamur-node`, a process of its own on a free port; the alliance is its reference one,
with a framework, one recognised issuer and a policy that pins the node's signing key.
"""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
from testamur.batch.acceptance import acceptance
from testamur.batch.bundle import Bundle
from testamur.batch.example import example_roster, example_template
from testamur.batch.issuing import Check, IssueReport, issue
from testamur.chain.connection import Connection
from testamur.chain.contracts import Contract
from testamur.chain.errors import ChainUnreachableError
from testamur.chain.governance import document_hash, propose_and_pass
from testamur.chain.institution import Scope, admit_call, register_calls
from testamur.chain.keys import add_signing_keys
from testamur.credential.document import Labels
from testamur.credential.template import Level, Template
from testamur.profile import Institution, Profile
from testamur.proof.hashing import keccak256
from testamur.verification.connection import Chain
from testamur.verification.policy import Policy

FRAMEWORK = "中国国家资历框架（试行）"
ASSOCIATE = Level("专科", 1, 1, 5, 5101, Labels(FRAMEWORK, "5", "专科"))
BACHELOR = Level("本科", 1, 2, 6, 5101, Labels(FRAMEWORK, "6", "本科"))
DOCTOR = Level("博士", 1, 3, 8, 5101, Labels(FRAMEWORK, "8", "博士"))
"""No scope covers it."""

COMMAND = Path(sys.executable).parent / "testamur-node"
ENVIRONMENT = {**os.environ, "ETH_HASH_BACKEND": "pysha3"}


@dataclass
class Alliance:
    """A running node with its founders' profile."""

    home: Path
    process: "subprocess.Popen[str]"
    profile: Profile

    @classmethod
    def found(cls, home: Path) -> "Alliance":
        """Start a node and bring the alliance as far as its first issuer."""
        subprocess.run(
            [COMMAND, "init", "--home", home], check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL, timeout=120
        )
        process, url = _start(home, "127.0.0.1:0")
        profile = replace(Profile.load(home), rpc=url)
        profile.save()
        alliance = cls(home, process, profile)
        try:
            alliance._begin()
        except BaseException:
            alliance.kill()
            raise
        return alliance

    def _begin(self) -> None:
        """Framework, registration, scopes, keys and policy."""
        with self.connect() as connection:
            frameworks = connection.contract("QualificationFrameworks")
            ranks = [{"rank": n, "ladder": 1, "blank": False, "code": str(n), "label": f"{n}级"} for n in range(1, 9)]
            first = connection.profile.institution("cdou")
            scopes = [Scope(1, 1, 5, 5, 5101), Scope(1, 2, 6, 6, 5101)]
            second = connection.profile.institution("uestc")
            calls = [
                frameworks.call("addFramework", 1, FRAMEWORK, 1, "试行"),
                frameworks.call("addLevels", 1, ranks),
                *(
                    frameworks.call("addType", 1, level.type, level.labels.name, level.rank, level.rank, 0, 0)
                    for level in (ASSOCIATE, BACHELOR, DOCTOR)
                ),
                *register_calls(connection, first.number, first.name, first.did),
                admit_call(connection, first.number, scopes),
                *register_calls(connection, second.number, second.name, second.did),
            ]
            propose_and_pass(connection, calls, document_hash(b"founding"))
            add_signing_keys(connection, first, "keys/cdou")
            self.profile = connection.profile
            self._write_policy(connection)

    def connect(self) -> Connection:
        """A connection with the profile as it is on disk."""
        return Connection.open(Profile.load(self.home), environment={}, timeout_seconds=60.0)

    @property
    def issuer(self) -> Institution:
        """The recognised issuer, with the lists it has opened."""
        return Profile.load(self.home).institution("cdou")

    @property
    def policy(self) -> Policy:
        """The policy of a verifier who trusts this node's key."""
        return Policy.load(self.home / "policy.toml")

    def check(self) -> Check:
        """The read-back of a run."""

        def judge(lines: Iterable[bytes]) -> Iterator[str | None]:
            with Chain.connect(self.profile.rpc) as chain:
                yield from acceptance(chain, self.policy)(lines)

        return judge

    def issue(self, roster: "Roster", folder: Path, **options: object) -> IssueReport:
        """Issue as the recognised issuer; again, unless a test says otherwise: they share their learners."""
        options.setdefault("is_again", True)
        with self.connect() as connection:
            check = options.pop("check", None) or self.check()
            return issue(
                connection,
                self.issuer,
                roster.csv,
                roster.template,
                folder,
                check,
                **options,  # type: ignore[arg-type]
            )

    def anchored(self, since: int = 0) -> list[bytes]:
        """The ids of all batches anchored from block `since` on, one per event."""
        with self.connect() as connection:
            events = connection.contract("CredentialBatches").logs("BatchAnchored")
        return [event.arguments["batchId"] for event in events if event.block_number >= since]

    def height(self) -> int:
        """The newest block."""
        with self.connect() as connection:
            return connection.rpc.block_number()

    def kill(self) -> None:
        """End the node as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self._ended()

    def restart(self) -> None:
        """Start the node again at its address."""
        self.process, _ = _start(self.home, self.profile.rpc.removeprefix("http://"))

    def stop(self) -> None:
        """End the node."""
        self.process.terminate()
        self._ended()

    def _ended(self) -> None:
        self.process.wait(60)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _write_policy(self, connection: Connection) -> None:
        rpc, profile = connection.rpc, connection.profile
        for _ in range(100):
            try:
                proof = rpc.call("testamur_finalityProof", "latest")
                break
            except ChainUnreachableError:
                time.sleep(0.1)
        Policy(
            trust="single-signer",
            chain_id=profile.chain_id,
            genesis_hash=rpc.block_hash(0),
            directory=profile.directory,
            directory_code_hash=keccak256(rpc.code(profile.directory)),
            accepted_issuers=None,
            engine_chain_id=profile.engine_chain_id,
            solo_key=base64.b64decode(proof["validators"][0]["pub_key"]["value"]),
        ).write(self.home / "policy.toml")


@dataclass(frozen=True)
class Roster:
    """A roster and its template on disk."""

    csv: Path
    template: Path
    rows: int

    @classmethod
    def write(cls, folder: Path, rows: int, levels: Iterable[Level] = (ASSOCIATE,), seed: int = 1) -> "Roster":
        """An example roster of `rows` learners."""
        folder.mkdir(parents=True, exist_ok=True)
        template = example_template(tuple(levels), "成都开放大学", "https://cdou.example")
        roster = cls(folder / f"roster-{seed}.csv", folder / "template.json", rows)
        roster.template.write_bytes(template)
        roster.csv.write_bytes(example_roster(Template.parse(template), rows, seed=seed))
        return roster


class Interrupted(Exception):
    """Stands for whatever ends a run between signing and anchoring."""


def stop_before_anchoring(stage: str, done: int, total: int) -> None:
    if stage == "anchoring":
        raise Interrupted


def require_whole(alliance: Alliance, folder: Path, rows: int, since: int) -> list[Bundle]:
    """All that a finished run promises; its bundles.

    One anchor per batch of the report and no other since block `since`; as many bundles as rows, no credential, status
    index or leaf twice; every one verifies; no half-written file is left.
    """
    report = json.loads((folder / "batch.json").read_bytes())
    names = [bytes.fromhex(batch["batchId"][2:]) for batch in report["batches"]]
    assert sorted(alliance.anchored(since)) == sorted(names)
    lines = (folder / "bundles.jsonl").read_bytes().splitlines()
    bundles = [Bundle.parse(line) for line in lines]
    assert len(bundles) == rows == report["issued"]
    documents = [bundle.document for bundle in bundles if bundle.document is not None]
    assert len({document.id for document in documents}) == rows
    assert len({(bundle.inclusion.list, bundle.inclusion.status_index) for bundle in bundles}) == rows
    assert len({(bundle.anchor.batch_id, bundle.inclusion.leaf_index) for bundle in bundles}) == rows
    assert {bundle.anchor.batch_id for bundle in bundles} == set(names)
    assert list(alliance.check()(lines)) == [None] * rows
    assert not [path for path in folder.iterdir() if "partial" in path.name]
    return bundles


def next_counter(alliance: Alliance, number: int) -> int:
    """The counter at which a status list stands."""
    with alliance.connect() as connection:
        registry: Contract = connection.contract("StatusRegistry")
        return int(registry.read("listOf", number)["next"])


def _start(home: Path, address: str) -> "tuple[subprocess.Popen[str], str]":
    with (home / "node.log").open("a") as log:
        process = subprocess.Popen(
            [COMMAND, "start", "--home", home, "--http", address, "--json"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=ENVIRONMENT,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, (home / "node.log").read_text()
    return process, str(orjson.loads(line)["rpc"])
