"""Whether an institution may issue now, and in which scopes."""

from testamur.chain.connection import Connection
from testamur.chain.institution import IssuerState, Scope
from testamur.doctor.finding import Finding, ok
from testamur.profile import Institution

__all__ = ["check_issuer", "read_scopes"]

_DAY = 86_400


def check_issuer(connection: Connection, institution: Institution, now: float) -> list[Finding]:
    """`not_recognised`, `expired_scope`: whether the institution may issue now, and in which scopes."""
    registry = connection.contract("IssuerRegistry")
    number = institution.number
    record = registry.read("issuer", number)
    state = IssuerState(record["state"])
    facts = {"institution": number, "state": state.name.lower()}
    if state is not IssuerState.RECOGNISED:
        return [
            Finding(
                "not_recognised",
                "error",
                f"institution {number} is {state.name.lower()}, not recognised as an issuer",
                f"the Alliance admits it: `testamur issuer admit {number} --scope F:TYPE:LOW-HIGH:REGION`",
                facts,
                6,
            )
        ]
    scopes = read_scopes(connection, number)
    open_scopes = [scope for scope in scopes.values() if scope.is_open(now)]
    if not open_scopes:
        return [
            Finding(
                "expired_scope",
                "error",
                f"none of the {len(scopes)} scopes of institution {number} is in force",
                "ask the Alliance for a new scope",
                facts,
                6,
            )
        ]
    ending = [scope.to_time for scope in open_scopes if scope.to_time and scope.to_time < now + 30 * _DAY]
    if len(ending) == len(open_scopes):
        days = int((max(ending) - now) // _DAY)
        message = f"the last scope of institution {number} ends in {days} days"
        return [Finding("expired_scope", "warning", message, "ask the Alliance for a new scope in time", facts)]
    return [ok("issuer", institution, f"institution {number} is recognised with {len(open_scopes)} scopes in force")]


def read_scopes(connection: Connection, number: int) -> dict[int, Scope]:
    """The scopes of an institution's present admission by their index, from 1; those of an ended one are dead."""
    registry = connection.contract("IssuerRegistry")
    record = registry.read("issuer", number)
    records = registry.read_many("scope", [(number, index) for index in range(1, record["scopes"] + 1)])
    return {
        index: Scope.from_struct(scope)
        for index, scope in enumerate(records, start=1)
        if scope["admission"] == record["admission"]
    }
