"""The alliance's registry at one state, read by storage slot: which contracts are in force, and their records.

The Directory is read first, from the address and code hash that the policy pins; then the contracts it names at the
same state, each with the code hash of its entry (docs/protocol.md 4.2). An absent account or a contract with other
code raises UndecidedError, so that its zeros never pass for "not revoked". Records are kept once read: a state does
not change.
"""

from collections.abc import Callable, Hashable, Iterable
from functools import lru_cache, partial
from typing import Any, TypeVar

from testamur.batch.claims import Claims
from testamur.proof.hashing import keccak256
from testamur.verification.changes import Changes, StatusEvent, no_changes
from testamur.verification.errors import UndecidedError
from testamur.verification.layout import BASE_SLOTS, LAYOUT, element, inner, unpack
from testamur.verification.records import (
    Batch,
    Contract,
    Did,
    Framework,
    Issuer,
    Key,
    Level,
    Operator,
    Origin,
    QualificationType,
    Scope,
    StatusList,
    Void,
)
from testamur.verification.view import StateView

__all__ = ["CONTRACTS_READ", "Registry"]

_T = TypeVar("_T")
CONTRACTS_READ = (
    "BlockHistory",
    "CredentialBatches",
    "IssuerRegistry",
    "Keys",
    "QualificationFrameworks",
    "Operators",
    "StatusRegistry",
)
"""What a verdict reads, besides Permissions where a key was cut off or validators are counted."""
_MOST_VERSIONS = 64
"""More versions of one contract than any alliance makes; a longer history is not walked."""
_BLOCK_WORDS = 512
"""Words of a status list that are read together, so that the node learns a block and not a learner (ADR 0006)."""


class Registry:
    """Reads typed records through a `StateView`, each once."""

    def __init__(
        self,
        view: StateView,
        directory: bytes,
        directory_code_hash: bytes,
        time: int,
        announced: Callable[[bytes, int], Iterable[str]] = lambda registry, institution: (),
        changes: Callable[[bytes, int, str], Changes | None] = no_changes,
    ) -> None:
        """`time` is the second at which the state is current: the Directory's entries are judged by it.

        `announced` gives names from the events of IssuerRegistry at an address; they are checked by their hash.
        `changes` reads the events of StatusRegistry at an address about a list: a node's word.
        """
        self._changes = changes
        self._announced = announced
        self._view = view
        self._directory = directory
        self._time = time
        self._records: dict[Hashable, Any] = {}
        if view.is_remote:
            view.prefetch(directory, [slot for name in CONTRACTS_READ for slot in _entry_slots(name)])
        self._require_code("the Directory", directory, directory_code_hash)

    def versions(self, name: str) -> tuple[Contract, ...]:
        """Every version of a contract that is or was current, oldest first, not yet checked; none: unknown name."""
        return self._once(("versions", name), lambda: self._read_versions(name))

    def contract(self, name: str, version: int | None = None) -> Contract:
        """One version of a contract, the current one by default, its code and layout checked.

        Raises UndecidedError where it is not there, has other code or an unknown layout.
        """

        def read() -> Contract:
            contract = self._named(name, version)
            what = f"{name} {contract.version}"
            if contract.layout != LAYOUT:
                layout = contract.layout
                raise UndecidedError(
                    "unproven",
                    f"{what} keeps its records in layout {layout}",
                    f"update testamur to a version that reads layout {layout} of {name}",
                )
            self._require_code(what, contract.address, contract.code_hash)
            return contract

        return self._once(("contract", name, version), read)

    def version_at(self, name: str, time: int) -> int:
        """The version of a contract that was current at a second: what an anchoring then was judged by (4.2)."""
        for contract in reversed(self.versions(name)):
            if contract.since <= time:
                return contract.version
        raise UndecidedError("unproven", f"the Directory named no {name} at {time}")

    def batch_contracts(self) -> tuple[Contract, ...]:
        """Every version of CredentialBatches so far: a batch may stand in any. Raises UndecidedError for none."""
        if not (versions := self.versions("CredentialBatches")):
            raise UndecidedError("unproven", "the Directory names no CredentialBatches")
        return versions

    def batch(self, contract: Contract, batch_id: bytes) -> Batch | None:
        """The record of a batch in one version of CredentialBatches, its code and layout checked."""

        def read() -> Batch | None:
            slot = element("CredentialBatches", "_batches", batch_id)
            (word,) = self._words("CredentialBatches", slot, version=contract.version)
            return Batch(*unpack("Batch", word), id=batch_id, version=contract.version) if word else None

        return self._once((contract.address, batch_id), read)

    def did(self, did: str) -> Did | None:
        """The record of a DID."""

        def read() -> Did | None:
            (word,) = self._words("Keys", element("Keys", "_dids", keccak256(did.encode())))
            return Did(*unpack("Did", word)) if word else None

        return self._once(("did", did), read)

    def issuer(self, institution: int) -> Issuer:
        """An institution's standing, by the newest registry that has it; state 0 where none does."""

        def read() -> Issuer:
            slot = element("IssuerRegistry", "_issuers", institution)
            word, name_hash = self._newest("IssuerRegistry", slot, slot + 1)
            state, since, first_recognised, *_ = unpack("Issuer", word)
            return Issuer(state, since, first_recognised, name_hash.to_bytes(32, "big"))

        return self._once(("issuer", institution), read)

    def name(self, institution: int, texts: Iterable[str]) -> str | None:
        """The institution's registered name: one of `texts`, or an announced one, by its hash; None for neither."""
        name_hash = self.issuer(institution).name_hash

        def read() -> str | None:
            for version in reversed(self.versions("IssuerRegistry")):
                if (name := _named_by(name_hash, self._announced(version.address, institution))) is not None:
                    return name
            return None

        return _named_by(name_hash, texts) or self._once(("name", institution), read)

    def scope(self, version: int, institution: int, index: int) -> Scope | None:
        """One of an issuer's scopes, by its number from 1, as that version of the registry has it or falls back on."""

        def read() -> Scope | None:
            slot = element("IssuerRegistry", "_scopes", institution, index)
            (word,) = self._newest("IssuerRegistry", slot, version=version)
            return Scope(*unpack("Scope", word)) if word else None

        return self._once(("scope", version, institution, index), read)

    def scope_origin(self, version: int, institution: int, index: int) -> Origin | None:
        """How that scope came about."""

        def read() -> Origin | None:
            slot = element("IssuerRegistry", "_origins", institution, index)
            (word,) = self._newest("IssuerRegistry", slot, version=version)
            return Origin(*unpack("Origin", word)) if word else None

        return self._once(("origin", version, institution, index), read)

    def key(self, institution: int, public_key: bytes) -> Key | None:
        """The record of one of an institution's raw Ed25519 keys."""

        def read() -> Key | None:
            (word,) = self._words("Keys", element("Keys", "_keys", institution, keccak256(public_key)))
            return Key(*unpack("Key", word)) if word else None

        return self._once(("key", institution, public_key), read)

    def operator(self, institution: int, index: int) -> Operator | None:
        """One of an institution's operators, by its number from 1."""

        def read() -> Operator | None:
            slots = (element("Operators", variable, institution, index) for variable in ("_operators", "_restorations"))
            word, restored = self._words("Operators", *slots)
            account, roles, until, compromised_since = unpack("Operator", word)
            clearings, cleared_at, _ = unpack("Restoration", restored)
            found = Operator(account.to_bytes(20, "big"), roles, until, compromised_since, clearings, cleared_at)
            return found if word else None

        return self._once(("operator", institution, index), read)

    def framework(self, version: int, number: int) -> Framework | None:
        """A qualification framework."""

        def read() -> Framework | None:
            slot = element("QualificationFrameworks", "_frameworks", number)
            word, name_hash = self._words("QualificationFrameworks", slot, slot + 1, version=version)
            return Framework(name_hash.to_bytes(32, "big")) if word else None

        return self._once(("framework", version, number), read)

    def level(self, version: int, framework: int, rank: int) -> Level | None:
        """A level of a framework."""

        def read() -> Level | None:
            slot = element("QualificationFrameworks", "_levels", framework, rank)
            word, code_hash = self._words("QualificationFrameworks", slot, slot + 1, version=version)
            ladder, _, blank = unpack("Level", word)
            return Level(ladder, bool(blank), code_hash.to_bytes(32, "big")) if word else None

        return self._once(("level", version, framework, rank), read)

    def qualification_type(self, version: int, framework: int, number: int) -> QualificationType | None:
        """A type of qualification."""

        def read() -> QualificationType | None:
            slot = element("QualificationFrameworks", "_types", framework, number)
            word, name_hash = self._words("QualificationFrameworks", slot, slot + 1, version=version)
            lowest, highest, since, until, _ = unpack("QualificationType", word)
            return QualificationType(lowest, highest, since, until, name_hash.to_bytes(32, "big")) if word else None

        return self._once(("type", version, framework, number), read)

    def status_list(self, version: int, number: int) -> StatusList | None:
        """The record of a status list in one version of StatusRegistry."""

        def read() -> StatusList | None:
            (word,) = self._words("StatusRegistry", element("StatusRegistry", "_lists", number), version=version)
            issuer, log2size, opened_at, *_ = unpack("List", word)
            return StatusList(issuer, log2size, opened_at) if opened_at else None

        return self._once(("list", version, number), read)

    def status(self, version: int, number: int, index: int) -> tuple[bool, bool]:
        """Whether an entry is revoked, and whether it is suspended. Read the list's record first (4.3)."""
        word = index >> 8

        def read() -> tuple[int, int]:
            slots = [element("StatusRegistry", variable, number, word) for variable in ("_revoked", "_suspended")]
            if self._view.is_remote:
                self._once(
                    ("block", version, number, word // _BLOCK_WORDS), partial(self._read_block, version, number, word)
                )
            revoked, suspended = self._words("StatusRegistry", *slots, version=version)
            return revoked, suspended

        revoked, suspended = self._once(("status", version, number, word), read)
        bit = index & 255
        return bool(revoked >> bit & 1), bool(suspended >> bit & 1)

    def void(self, batch: Batch) -> Void | None:
        """What took a whole batch out of force; None where it was never voided, or was put into force again."""

        def read() -> Void | None:
            slot = element("StatusRegistry", "_voids", batch.version, batch.id)
            list_slot = element("StatusRegistry", "_lists", batch.list)  # asked for next
            word, _ = self._words("StatusRegistry", slot, list_slot, version=batch.status_version)
            since, revoked_from, lifted, cleared, _, _, _, reason = unpack("Void", word)
            return Void(since, revoked_from, reason) if since and not lifted and not cleared else None

        return self._once(("void", batch.status_version, batch.version, batch.id), read)

    @property
    def time(self) -> int:
        """The second at which the state is current."""
        return self._time

    def left_force(self, version: int, number: int, index: int, change: str) -> StatusEvent | None:
        """When and why an entry was `Revoked` or `Suspended`: a node's word; None where there is none to be had."""
        address = self.contract("StatusRegistry", version).address
        found = self._once(("changes", address, number, change), lambda: self._changes(address, number, change))
        try:
            return None if found is None else found.of(index)
        except Exception:  # a node's word is a courtesy, and no check rests on it
            return None

    def _read_block(self, version: int, number: int, word: int) -> None:
        """Fetch the aligned block of words round one, of both bitmaps."""
        address, first = self.contract("StatusRegistry", version).address, word - word % _BLOCK_WORDS
        for variable in ("_revoked", "_suspended"):
            self._view.prefetch(address, _block_slots(variable, number, first))

    def read_ahead(self, did: str, key: bytes, claims: Claims, batch: Batch) -> None:
        """Fetch together what the issuer and key checks will ask, where every question costs a round trip."""
        if not self._view.is_remote:
            return
        name = "IssuerRegistry"
        issuer = element(name, "_issuers", batch.issuer)
        slots = [issuer, issuer + 1]
        if self.version_at(name, batch.time) == self._named(name).version:
            slots += [element(name, variable, batch.issuer, batch.scope_index) for variable in ("_scopes", "_origins")]
        self._view.prefetch(self._named(name).address, slots)
        name = "Keys"
        slots = [element(name, "_dids", keccak256(did.encode())), element(name, "_keys", batch.issuer, keccak256(key))]
        self._view.prefetch(self._named(name).address, slots)
        name = "QualificationFrameworks"
        framework = element(name, "_frameworks", claims.framework)
        level = element(name, "_levels", claims.framework, claims.rank)
        qualification_type = element(name, "_types", claims.framework, claims.type)
        slots = [slot + i for slot in (framework, level, qualification_type) for i in (0, 1)]
        self._view.prefetch(self._named(name, self.version_at(name, batch.time)).address, slots)

    def heartbeat_seconds(self) -> int:
        """How far a block's time may lie behind the moment it was made (docs/protocol.md 6.8)."""

        def read() -> int:
            (word,) = self._words("Permissions", BASE_SLOTS["Permissions"]["_parameters"])
            return unpack("Parameters", word)[3]

        return self._once("heartbeat", read)

    def block_hash(self, number: int) -> bytes:
        """The hash of a past EVM block, from the history that every block adds to; zeros where there is none."""
        (word,) = self._words("BlockHistory", element("BlockHistory", "_hashes", number))
        return word.to_bytes(32, "big")

    def validator_institution(self, public_key: bytes) -> int:
        """The institution that a validator's key belongs to; 0 where it is no validator."""
        (word,) = self._words("Permissions", element("Permissions", "_validators", public_key))
        return unpack("Validator", word)[1]

    def _read_versions(self, name: str) -> tuple[Contract, ...]:
        key = _directory_key(name)
        self._view.prefetch(self._directory, _entry_slots(name))
        count = self._view.storage(self._directory, element("Directory", "_counts", key))
        if count > _MOST_VERSIONS:
            raise UndecidedError("unproven", f"the Directory holds {count} versions of {name}")
        found = []
        for version in range(1, count + 1):
            slot = element("Directory", "_entries", key, version)
            target, since, layout = unpack("Entry", self._view.storage(self._directory, slot))
            if since <= self._time:
                code_hash = self._view.storage(self._directory, slot + 1).to_bytes(32, "big")
                found.append(Contract(name, version, target.to_bytes(20, "big"), since, layout, code_hash))
        return tuple(found)

    def _named(self, name: str, version: int | None = None) -> Contract:
        """What `contract` returns, before its code and layout are looked at: good for nothing but fetching."""
        for contract in reversed(self.versions(name)):
            if version in (None, contract.version):
                return contract
        raise UndecidedError("unproven", f"the Directory names no {name}" + (f" {version}" if version else ""))

    def _require_code(self, what: str, address: bytes, code_hash: bytes) -> None:
        found = self._view.code_hash(address)
        if found != code_hash:
            state = "is not on this chain" if found is None else f"has code {found.hex()}"
            raise UndecidedError("unproven", f"{what} at 0x{address.hex()} {state}, not {code_hash.hex()}")

    def _words(self, name: str, *slots: int, version: int | None = None) -> tuple[int, ...]:
        """Words of a contract whose code and layout were checked, fetched together."""
        self._view.prefetch(self._named(name, version).address, slots)
        address = self.contract(name, version).address
        return tuple(self._view.storage(address, slot) for slot in slots)

    def _newest(self, name: str, *slots: int, version: int | None = None) -> tuple[int, ...]:
        """Words of the newest version whose first one is not empty, from `version` back; zeros where none has any.

        A successor's empty record is its predecessor's until somebody carries it over (docs/protocol.md 9.2): each
        empty word on the way is read, so that evidence proves it empty.
        """
        newest = self._named(name, version).version
        for number in range(newest, 0, -1):
            words = self._words(name, *slots, version=number)
            if words[0]:
                return words
        return (0,) * len(slots)

    def _once(self, key: Hashable, read: Callable[[], _T]) -> _T:
        try:
            found: _T = self._records[key]
        except KeyError:
            found = self._records[key] = read()
        return found


@lru_cache(maxsize=64)
def _block_slots(variable: str, number: int, first: int) -> tuple[int, ...]:
    """Where the words of an aligned block of one bitmap of a status list stand."""
    bitmap = element("StatusRegistry", variable, number)
    return tuple(inner(bitmap, first + i) for i in range(_BLOCK_WORDS))


def _directory_key(name: str) -> bytes:
    return name.encode().ljust(32, b"\0")


def _entry_slots(name: str) -> tuple[int, ...]:
    """The Directory's count of a name's versions, and the first version, which mostly is the only one."""
    key = _directory_key(name)
    first = element("Directory", "_entries", key, 1)
    return element("Directory", "_counts", key), first, first + 1


def _named_by(text_hash: bytes, texts: Iterable[str]) -> str | None:
    return next((text for text in texts if keccak256(text.encode()) == text_hash), None)
