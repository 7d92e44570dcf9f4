"""What the doctor says an institution lacks to decide and to be recovered; each beside what is in order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from testamur.chain.connection import Connection
from testamur.doctor import check_controllers, check_membership
from testamur.profile import Accounts, Institution, Profile

GOVERN, DEPUTY, ADMIN, RECOVERY = (bytes([number]) * 20 for number in (1, 2, 3, 4))
KEYS = [bytes([number]) * 32 for number in range(1, 5)]
NONE = {"newKey": bytes(32), "state": 0}
SOUND: dict[str, Any] = {
    "controllers": lambda _n: {"govern": [GOVERN, DEPUTY], "admin": [ADMIN], "recovery": RECOVERY},
    "account": lambda _account: {"transact": 1},
    "isMember": lambda _n: True,
    "agreementCount": lambda: 2,
    "signed": lambda _version, _n: True,
    "validators": lambda: [{"key": key, "institution": number} for number, key in enumerate(KEYS, 1)],
    "exchange": lambda _key: NONE,
}
INSTITUTION = Institution(
    number=1,
    name="CDOU",
    slug="cdou",
    did="did:web:cdou.example",
    accounts=Accounts(("g.json", "d.json"), admin="a.json", recovery="r.json"),
)


@dataclass(frozen=True)
class Chain:
    """Answers by function, whichever contract is asked."""

    answers: Mapping[str, Callable[..., Any]]
    is_account_given: bool = False

    @property
    def profile(self) -> Profile:
        return Profile(Path("testamur.toml"), "", 1, None, bytes(20))

    def contract(self, _name: str) -> "Chain":
        return self

    def read(self, function: str, *arguments: object) -> Any:
        return self.answers[function](*arguments)


def codes(institution: Institution = INSTITUTION, /, **answers: Any) -> dict[str, str]:
    """Code -> severity of what both checks find."""
    connection = cast(Connection, Chain({**SOUND, **answers}))
    found = [*check_controllers(connection, institution), *check_membership(connection, institution)]
    assert all(finding.advice for finding in found if finding.severity != "ok")
    assert all(finding.facts["institution"] == 1 for finding in found)
    return {finding.code: finding.severity for finding in found}


def test_an_institution_in_order_lacks_nothing() -> None:
    assert codes() == {"controllers": "ok", "membership": "ok"}


@pytest.mark.parametrize(
    ("accounts", "code"),
    [
        (replace(INSTITUTION.accounts, govern=("g.json",)), "lone_govern"),
        (replace(INSTITUTION.accounts, admin=None), "no_admin"),
        (replace(INSTITUTION.accounts, recovery=None), "recovery_elsewhere"),
    ],
)
def test_a_key_that_the_profile_lacks_is_named(accounts: Accounts, code: str) -> None:
    assert codes(replace(INSTITUTION, accounts=accounts)) == {code: "warning", "membership": "ok"}


def test_a_controller_that_may_not_transact_is_told() -> None:
    found = codes(account=lambda account: {"transact": account != RECOVERY})
    assert found == {"may_not_transact": "warning", "membership": "ok"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"signed": lambda version, _n: version < 2}, "unsigned_agreement"),
        ({"validators": lambda: [{"key": KEYS[n], "institution": n + 2} for n in range(3)]}, "no_validator"),
        ({"exchange": lambda key: {"newKey": KEYS[3], "state": 1} if key == KEYS[0] else NONE}, "key_exchange"),
    ],
)
def test_what_waits_for_a_member_is_told(answer: dict[str, Callable[..., Any]], code: str) -> None:
    assert codes(**answer) == {"controllers": "ok", code: "warning"}


def test_one_validator_for_all_and_no_membership_are_in_order() -> None:
    alone = [{"key": KEYS[1], "institution": 2}]
    assert codes(validators=lambda: alone) == {"controllers": "ok", "membership": "ok"}
    assert codes(isMember=lambda _n: False, signed=lambda _v, _n: False) == {"controllers": "ok", "membership": "ok"}
