"""An alliance's chain for tests of the verifier: real tries, real signatures, real credentials, no node.

Storage words are laid out by the compiled contracts' own layout (`testamur.artifacts.slots`), not by the table that
the verifier reads with; the state trie is the `trie` package's; engine headers are signed with Ed25519. `Node` serves
that chain through the client's real JSON-RPC code, only the socket is left out.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import orjson
import rlp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from testamur.artifacts import GENESIS_ADDRESSES
from testamur.artifacts.slots import members, nested_slot
from testamur.batch.anchor import batch_id
from testamur.batch.bundle import Anchor, Bundle, Inclusion
from testamur.batch.claims import level_urn
from testamur.chain.rpc import Rpc
from testamur.credential.contexts import CONTEXT_URLS
from testamur.credential.document import from_tree
from testamur.credential.proof import sign, verification_method
from testamur.proof.cometbft import (
    ABSENT,
    COMMIT,
    BlockId,
    Commit,
    CommitSignature,
    EngineHeader,
    SignedHeader,
    Validator,
    validators_hash,
    vote_sign_bytes,
)
from testamur.proof.finality import FinalityProof
from testamur.proof.hashing import keccak256
from testamur.proof.header import EvmHeader
from testamur.proof.merkle import Tree, leaf_hash
from testamur.proof.mpt import EMPTY_ROOT
from testamur.verification.connection import Chain
from testamur.verification.evidence import Evidence
from testamur.verification.policy import Policy
from trie import HexaryTrie

CHAIN_ID = 20260
ENGINE_CHAIN_ID = "testamur-20260"
SOLO_KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
ISSUER_KEY = Ed25519PrivateKey.from_private_bytes(b"\x11" * 32)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"\x12" * 32)
DID = "did:web:cdou.example"
NAME = "成都开放大学"
FRAMEWORK, TYPE, RANK, REGION = 1, 3, 6, 5101
LABELS = ("国家资历框架（示例）", "6", "开放教育本科")
FOUNDED = 1_780_000_000
ANCHORED = FOUNDED + 1_000
SEALED = ANCHORED + 500
"""Engine time of the header that carries the newest block."""
NOW = datetime.fromtimestamp(SEALED + 20, UTC)


def raw(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def credential(
    number: int = 0,
    *,
    key: Ed25519PrivateKey = ISSUER_KEY,
    did: str = DID,
    list_number: int = 1,
    status_index: int = 70_000,
    valid_until: str | None = "2036-06-30T15:59:59Z",
    **changes: Any,
) -> dict[str, Any]:
    """A signed credential's tree."""
    entry = {
        "type": "BitstringStatusListEntry",
        "statusListIndex": str(status_index),
        "statusListCredential": f"https://cdou.example/v1/status-lists/{list_number}",
    }
    tree: dict[str, Any] = {
        "@context": list(CONTEXT_URLS),
        "id": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "本科毕业证书",
        "issuer": {"id": did, "type": ["Profile"], "name": NAME},
        "validFrom": "2026-05-01T00:00:00Z",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [{"type": "IdentityObject", "identityHash": "李华", "identityType": "name", "hashed": False}],
            "creditsEarned": 140.5,
            "achievement": {
                "id": "urn:uuid:00000000-0000-4000-8000-aaaaaaaaaaaa",
                "type": ["Achievement"],
                "name": "行政管理（本科）",
                "description": "行政管理专业本科学习成果",
                "criteria": {"narrative": "修满规定学分并通过毕业设计"},
                "alignment": [
                    {
                        "type": ["Alignment"],
                        "targetUrl": level_urn(FRAMEWORK, TYPE, RANK, REGION),
                        "targetFramework": LABELS[0],
                        "targetCode": LABELS[1],
                        "targetName": LABELS[2],
                    }
                ],
            },
        },
        "credentialStatus": [
            {"id": f"urn:status:{number}:r", **entry, "statusPurpose": "revocation"},
            {"id": f"urn:status:{number}:s", **entry, "statusPurpose": "suspension"},
        ],
    }
    if valid_until is not None:
        tree["validUntil"] = valid_until
    for path, value in changes.items():
        *way, last = path.split("__")
        part: Any = tree
        for step in way:
            part = part[int(step) if step.isdigit() else step]
        part[last] = value
    signed: dict[str, Any] = sign(
        tree, key, verification_method(did, raw(key)), datetime.fromtimestamp(FOUNDED + 900, UTC)
    )
    return signed


@dataclass
class World:
    """Storage of the suite's contracts, and the headers that make it final."""

    words: dict[bytes, dict[int, int]] = field(default_factory=dict)
    codes: dict[bytes, bytes] = field(default_factory=dict)
    block: int = 4
    timestamp: int = ANCHORED
    engine_height: int = 40
    engine_time_ns: int = SEALED * 10**9 + 5
    chain_id: int = CHAIN_ID
    engine_chain_id: str = ENGINE_CHAIN_ID
    signer: Ed25519PrivateKey = SOLO_KEY
    parent_hash: bytes = b"\x44" * 32

    # records ----------------------------------------------------------------------------------------------------

    def put(self, name: str, variable: str, *keys: int | bytes, address: bytes | None = None, **fields: int) -> None:
        """Write a struct's fields, by the compiled layout; fields not named keep what they hold."""
        words = self.words.setdefault(address or GENESIS_ADDRESSES[name], {})
        first = nested_slot(name, variable, *keys)
        known = dict(members(name, variable))
        for label, value in fields.items():
            where = known[label]
            at, shift = first + where.word, 8 * where.offset
            mask = ((1 << 8 * where.size) - 1) << shift
            words[at] = words.get(at, 0) & ~mask | value << shift

    def set(self, name: str, variable: str, *keys: int | bytes, value: int, address: bytes | None = None) -> None:
        """Write one word of a mapping."""
        self.words.setdefault(address or GENESIS_ADDRESSES[name], {})[nested_slot(name, variable, *keys)] = value

    def deploy(self, name: str, address: bytes, since: int, layout: int = 1, version: int = 1) -> None:
        """Give a contract an address and code, and name it in the Directory."""
        self.codes[address] = f"code of {name} {version}".encode()
        self.words.setdefault(address, {})
        key = name.encode().ljust(32, b"\0")
        code_hash = int.from_bytes(keccak256(self.codes[address]), "big")
        target = int.from_bytes(address, "big")
        self.put(
            "Directory", "_entries", key, version, target=target, layout=layout, codeHash=code_hash, **{"from": since}
        )
        self.set("Directory", "_counts", key, value=version)

    def revoke(self, index: int, variable: str = "_revoked", list_number: int = 1) -> None:
        words = self.words[GENESIS_ADDRESSES["StatusRegistry"]]
        at = nested_slot("StatusRegistry", variable, list_number, index >> 8)
        words[at] = words.get(at, 0) | 1 << (index & 255)

    def void(self, bundle: Bundle, since: int = ANCHORED + 5, revoked_from: int = SEALED + 100, **fields: int) -> None:
        """Void the whole batch of a bundle, or say otherwise about it."""
        facts = {"since": since, "revokedFrom": revoked_from, "institution": 1, "list": 1, "reason": 1, **fields}
        self.put("StatusRegistry", "_voids", 1, bundle.anchor.batch_id, **facts)

    def go_on(self, *, parent: bytes | None = None) -> None:
        """One more block, after the newest one or after another of its number; what is changed next stands in it."""
        before = parent or self.header().hash()
        self.set("BlockHistory", "_hashes", self.block, value=int.from_bytes(before, "big"))
        self.block, self.parent_hash, self.timestamp = self.block + 1, before, self.timestamp + 1
        self.engine_height += 1

    # issuing ----------------------------------------------------------------------------------------------------

    def issue(
        self,
        trees: Iterable[dict[str, Any]],
        *,
        institution: int = 1,
        is_anchored: bool = True,
        kind: int = 1,
        contract: bytes = GENESIS_ADDRESSES["CredentialBatches"],
        **record: int,
    ) -> list[Bundle]:
        """A batch of credentials with its record on the chain."""
        documents = [from_tree(tree) for tree in trees]
        blank = Anchor(self.chain_id, contract, b"\0" * 32, b"\0" * 32, record.get("blockNumber", 3))
        drafts = [
            Bundle(
                document,
                None,
                Inclusion(
                    kind=kind,
                    issuer=institution,
                    leaf_index=index,
                    size=len(documents),
                    path=(),
                    salt=keccak256(b"salt %d" % index),
                    outcome_tag=keccak256(b"outcome %d" % index),
                    holder=b"\0" * 32,
                    list=document.list,
                    status_index=document.status_index,
                ),
                blank,
            )
            for index, document in enumerate(documents)
        ]
        tree = Tree([leaf_hash(draft.leaf.encode()) for draft in drafts])
        list_number = documents[0].list
        identifier = batch_id(self.chain_id, contract, kind, institution, list_number, len(documents), tree.root)
        if is_anchored:
            fields = {
                "issuer": institution,
                "operatorIndex": 3,
                "scopeIndex": 1,
                "list": list_number,
                "size": len(documents),
                "first": 0,
                "time": ANCHORED,
                "blockNumber": 3,
                "kind": kind,
                "statusVersion": 1,
                **record,
            }
            self.put("CredentialBatches", "_batches", identifier, address=contract, **fields)
        anchor = replace(blank, batch_id=identifier, root=tree.root)
        return [
            replace(draft, inclusion=replace(draft.inclusion, path=tree.path(index)), anchor=anchor)
            for index, draft in enumerate(drafts)
        ]

    # proving ----------------------------------------------------------------------------------------------------

    def tries(self) -> tuple[HexaryTrie, dict[bytes, HexaryTrie]]:
        """The state trie, and each account's storage trie, over one database."""
        database: dict[bytes, bytes] = {}
        state, storages = HexaryTrie(database), {}
        for address, code in self.codes.items():
            storage = HexaryTrie(database)
            for at, word in self.words.get(address, {}).items():
                if word:
                    storage[keccak256(at.to_bytes(32, "big"))] = rlp.encode(word)
            storages[address] = storage
            state[keccak256(address)] = rlp.encode([1, 0, storage.root_hash, keccak256(code)])
        return state, storages

    def header(self) -> EvmHeader:
        state, _ = self.tries()
        return EvmHeader(
            parent_hash=self.parent_hash,
            ommers_hash=keccak256(b"\xc0"),
            coinbase=b"\0" * 20,
            state_root=state.root_hash,
            transactions_root=EMPTY_ROOT,
            receipts_root=EMPTY_ROOT,
            logs_bloom=b"\0" * 256,
            difficulty=0,
            number=self.block,
            gas_limit=30_000_000,
            gas_used=0,
            timestamp=self.timestamp,
            extra_data=b"",
            prev_randao=b"\x01" * 32,
            nonce=b"\0" * 8,
            base_fee_per_gas=0,
            withdrawals_root=EMPTY_ROOT,
            blob_gas_used=0,
            excess_blob_gas=0,
            parent_beacon_block_root=b"\0" * 32,
            requests_hash=b"\xe3" * 32,
        )

    def finality(self) -> FinalityProof:
        """The newest engine header, which carries the EVM header, signed by the solo key."""
        evm = self.header()
        signed = engine_header(
            self.engine_height, self.engine_time_ns, evm.hash(), (self.signer,), chain_id=self.engine_chain_id
        )
        return FinalityProof(evm, signed, (Validator(raw(self.signer), 100),))

    def evidence(self, *further: FinalityProof) -> dict[str, Any]:
        """Evidence with every node there is."""
        state, _ = self.tries()
        return Evidence((self.finality(), *further), dict(state.db), (NAME,)).to_json()

    def policy(self, **changes: Any) -> Policy:
        directory = GENESIS_ADDRESSES["Directory"]
        pins = {
            "trust": "single-signer",
            "chain_id": CHAIN_ID,
            "genesis_hash": GENESIS_HASH,
            "directory": directory,
            "directory_code_hash": keccak256(b"code of Directory 1"),
            "accepted_issuers": None,
            "engine_chain_id": ENGINE_CHAIN_ID,
            "solo_key": raw(SOLO_KEY),
        }
        if changes.get("trust") == "rpc":
            pins |= {"engine_chain_id": None, "solo_key": None}
        return Policy(**{**pins, **changes})


def validators_of(keys: Sequence[Ed25519PrivateKey]) -> tuple[Validator, ...]:
    """The validator set of these keys, of equal power, in its own order."""
    return tuple(sorted((Validator(raw(key), 100) for key in keys), key=lambda validator: validator.address))


def engine_header(
    height: int,
    time_ns: int,
    app_hash: bytes,
    keys: Sequence[Ed25519PrivateKey],
    next_keys: Sequence[Ed25519PrivateKey] | None = None,
    *,
    chain_id: str = ENGINE_CHAIN_ID,
    absent: Sequence[Ed25519PrivateKey] = (),
) -> SignedHeader:
    """An engine header signed by all of its validators but the absent ones."""
    validators = validators_of(keys)
    header = EngineHeader(
        chain_id=chain_id,
        height=height,
        time_ns=time_ns,
        last_block_id=BlockId(b"\x01" * 32, 1, b"\x02" * 32),
        last_commit_hash=b"\x03" * 32,
        data_hash=b"\x04" * 32,
        validators_hash=validators_hash(validators),
        next_validators_hash=validators_hash(validators_of(next_keys or keys)),
        consensus_hash=b"\x05" * 32,
        app_hash=app_hash,
        last_results_hash=b"\x07" * 32,
        evidence_hash=b"\x08" * 32,
        proposer_address=validators[0].address,
    )
    block_id = BlockId(header.hash(), 1, b"\x09" * 32)
    by_address = {Validator(raw(key), 100).address: key for key in keys if key not in absent}
    message = vote_sign_bytes(chain_id, height, 0, block_id, time_ns + 1)
    places = tuple(
        CommitSignature(COMMIT, validator.address, time_ns + 1, by_address[validator.address].sign(message))
        if validator.address in by_address
        else CommitSignature(ABSENT, b"", 0, b"")
        for validator in validators
    )
    return SignedHeader(header, Commit(height, 0, block_id, places))


GENESIS_HASH = keccak256(b"genesis")


def world() -> World:
    """An alliance of one recognised institution with a list, a scope, a key and an operator."""
    made = World()
    made.codes[GENESIS_ADDRESSES["Directory"]] = b"code of Directory 1"
    for name, address in GENESIS_ADDRESSES.items():
        if name != "Directory":
            made.deploy(name, address, FOUNDED)
    made.set("BlockHistory", "_hashes", 0, value=int.from_bytes(GENESIS_HASH, "big"))
    made.put(
        "IssuerRegistry",
        "_issuers",
        1,
        state=2,
        since=FOUNDED,
        firstRecognised=FOUNDED,
        changes=2,
        scopes=1,
        names=1,
        admission=1,
        nameHash=int.from_bytes(keccak256(NAME.encode()), "big"),
    )
    made.put("Keys", "_dids", keccak256(DID.encode()), institution=1, since=FOUNDED)
    scope = {"framework": FRAMEWORK, "qualificationType": 0, "lowestRank": 5, "highestRank": 7, "region": 0}
    made.put("IssuerRegistry", "_scopes", 1, 1, **scope, admission=1, depth=1, **{"from": FOUNDED})
    made.put("IssuerRegistry", "_origins", 1, 1, createdAt=FOUNDED)
    key = {"institution": 1, "usage": 1, "operatorIndex": 2, "since": FOUNDED}
    made.put("Keys", "_keys", 1, keccak256(raw(ISSUER_KEY)), **key)
    made.put("Operators", "_operators", 1, 2, account=0xAD, roles=8)
    made.put("Operators", "_operators", 1, 3, account=0xABCDEF, roles=2)
    made.put("Permissions", "_parameters", heartbeatSeconds=30, gasLimit=30_000_000)
    made.put("QualificationFrameworks", "_frameworks", FRAMEWORK, levels=9, types=4, addedAt=FOUNDED, nameHash=named(0))
    made.put("QualificationFrameworks", "_levels", FRAMEWORK, RANK, ladder=1, addedAt=FOUNDED, codeHash=named(1))
    window = {"lowestRank": 6, "highestRank": 6, "from": FOUNDED, "addedAt": FOUNDED}
    made.put("QualificationFrameworks", "_types", FRAMEWORK, TYPE, nameHash=named(2), **window)
    made.put("StatusRegistry", "_lists", 1, issuer=1, log2size=17, openedAt=FOUNDED, next=100)
    return made


def named(label: int) -> int:
    return int.from_bytes(keccak256(LABELS[label].encode()), "big")


class Node(Rpc):
    """The client's JSON-RPC connection with the world at its other end instead of a socket."""

    def __init__(self, chain: World) -> None:
        super().__init__("http://127.0.0.1:1", attempts=1)
        self.world = chain
        self.asked: list[tuple[str, list[Any]]] = []
        self.logs: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {}
        """Method → what it answers instead."""

    def _exchange(self, body: bytes) -> Any:
        requests = orjson.loads(body)
        replies = [self._reply(request) for request in (requests if isinstance(requests, list) else [requests])]
        return json.loads(json.dumps(replies if isinstance(requests, list) else replies[0]))

    def _reply(self, request: dict[str, Any]) -> dict[str, Any]:
        method, params = request["method"], request["params"]
        self.asked.append((method, params))
        answer = self.answers[method] if method in self.answers else getattr(self, f"_{method}")(*params)
        return {"jsonrpc": "2.0", "id": request["id"], "result": answer}

    def _eth_chainId(self) -> str:
        return hex(self.world.chain_id)

    def _eth_blockNumber(self) -> str:
        return hex(self.world.block)

    def _eth_getBlockByNumber(self, block: str, _: bool) -> dict[str, Any]:
        if block == "0x0":
            return {"number": "0x0", "hash": "0x" + GENESIS_HASH.hex(), "timestamp": hex(FOUNDED)}
        if block.startswith("0x") and int(block, 16) < self.world.block:
            at = nested_slot("BlockHistory", "_hashes", int(block, 16))
            past = self.world.words[GENESIS_ADDRESSES["BlockHistory"]].get(at, 0)
            return {"number": block, "hash": f"0x{past:064x}", "timestamp": hex(FOUNDED)}
        header = self.world.header()
        return {"number": hex(header.number), "hash": "0x" + header.hash().hex(), "timestamp": hex(header.timestamp)}

    def _testamur_finalityProof(self, _: str) -> dict[str, Any]:
        return self.world.finality().to_json()

    def _eth_getProof(self, address: str, keys: list[str], _: str) -> dict[str, Any]:
        state, storages = self.world.tries()
        raw_address = bytes.fromhex(address[2:])
        storage = storages.get(raw_address, HexaryTrie({}))
        return {
            "accountProof": _proof(state, keccak256(raw_address)),
            "storageProof": [{"key": key, "proof": _proof(storage, keccak256(bytes.fromhex(key[2:])))} for key in keys],
        }

    def _eth_getStorageAt(self, address: str, key: str, _: str) -> str:
        word = self.world.words.get(bytes.fromhex(address[2:]), {}).get(int(key, 16), 0)
        return f"0x{word:064x}"

    def _eth_getCode(self, address: str, _: str) -> str:
        return "0x" + self.world.codes.get(bytes.fromhex(address[2:]), b"").hex()

    def _eth_getLogs(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        wanted = [topic if isinstance(topic, list) else [topic] for topic in query["topics"]]
        return [
            log
            for log in self.logs
            if log["address"] == query["address"]
            and all(found in choices for found, choices in zip(log["topics"], wanted, strict=False))
        ]

    def chain(self) -> Chain:
        return Chain(self)


def _proof(trie: HexaryTrie, key: bytes) -> list[str]:
    if trie.root_hash == EMPTY_ROOT:
        return []
    return ["0x" + rlp.encode(node).hex() for node in trie.get_proof(key)]
