"""Exit codes of a verdict and of several (docs/protocol.md 6)."""

import pytest
from testamur.verification.verdict import exit_code


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ok", 0),
        ("malformed", 3),
        ("signature_invalid", 3),
        ("altered", 3),
        ("not_anchored", 3),
        ("revoked", 4),
        ("suspended", 4),
        ("source_revoked", 4),
        ("expired", 5),
        ("not_yet_valid", 5),
        ("issuer_unknown", 6),
        ("issuer_not_recognised", 6),
        ("out_of_scope", 6),
        ("type_not_in_force", 6),
        ("key_not_valid", 6),
        ("key_compromised", 6),
        ("chain_unreachable", 7),
        ("stale", 7),
        ("unproven", 7),
        ("wrong_chain", 7),
        ("imported", 7),
    ],
)
def test_each_code_has_its_exit_code(code: str, expected: int) -> None:
    assert exit_code([code]) == expected


def test_of_several_the_gravest_decides_in_the_order_of_the_protocol() -> None:
    order: list[str | int] = [2, 1, "altered", "issuer_unknown", "revoked", "expired", "stale", "ok"]
    expected = [2, 1, 3, 6, 4, 5, 7, 0]
    for place, gravest in enumerate(expected):
        assert exit_code(order[place:][::-1]) == gravest
    assert exit_code([]) == 0
