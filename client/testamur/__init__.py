"""Testamur: credentials that an alliance of institutions issues on its own chain, and that anyone verifies.

The public API, loaded when first used (PEP 562), so that a program pays only for what it asks:

    from testamur import Bundle, Chain, Policy, verify
    verdict = verify(Bundle.load("li-hua.json"), Chain.connect("http://127.0.0.1:8545"), Policy.load("policy.toml"))
    verdict.outcome, verdict.code, verdict.checks, verdict.as_of
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from testamur.batch.bundle import Bundle as Bundle
    from testamur.credential.template import Template as Template
    from testamur.errors import TestamurError as TestamurError
    from testamur.issuer import Issuer as Issuer
    from testamur.profile import Profile as Profile
    from testamur.verification.bulk import verify_many as verify_many
    from testamur.verification.connection import Chain as Chain
    from testamur.verification.policy import Policy as Policy
    from testamur.verification.verdict import Verdict as Verdict
    from testamur.verification.verify import verify as verify

__all__ = [
    "Bundle",
    "Chain",
    "Issuer",
    "Policy",
    "Profile",
    "Template",
    "TestamurError",
    "Verdict",
    "verify",
    "verify_many",
]

_HOMES = {
    "Bundle": "testamur.batch.bundle",
    "Chain": "testamur.verification.connection",
    "Issuer": "testamur.issuer",
    "Policy": "testamur.verification.policy",
    "Profile": "testamur.profile",
    "Template": "testamur.credential.template",
    "TestamurError": "testamur.errors",
    "Verdict": "testamur.verification.verdict",
    "verify": "testamur.verification.verify",
    "verify_many": "testamur.verification.bulk",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'testamur' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
