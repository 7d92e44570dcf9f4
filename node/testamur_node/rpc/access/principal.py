"""Who asks, and the one decision on every request: may this principal ask this method on this listener, now?"""

from dataclasses import dataclass
from enum import Enum

from testamur_node.rpc.access.permissions import Permissions, namespace_of

__all__ = [
    "DEFAULT_API", "LOCAL_API", "OPERATOR_API", "OPERATOR_NAMESPACES", "Judgement", "Listener", "Principal",
    "judge",
]  # fmt: skip

DEFAULT_API = ("eth", "net", "web3", "rpc", "testamur")
"""On HTTP and WebSocket unless others are named."""
LOCAL_API = (*DEFAULT_API, "debug", "txpool")
"""On `node.ipc`."""
OPERATOR_NAMESPACES = ("admin",)
"""What tells about and changes the node itself: on `admin.ipc` alone, whatever is configured."""
OPERATOR_API = (*OPERATOR_NAMESPACES, "rpc")
"""On `admin.ipc`."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One way into the node."""

    name: str
    """http, ws, ipc or admin."""
    permissions: Permissions
    """What it opens, whoever asks."""
    is_operators: bool = False
    """Whether the operator alone reaches it: `admin.ipc`, and a program that holds the node itself."""

    def opens(self, method: str) -> bool:
        """Whether the method can be asked here at all."""
        if namespace_of(method) in OPERATOR_NAMESPACES and not self.is_operators:
            return False
        return self.permissions.permits(method)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, as far as they have shown."""

    name: str
    """`anonymous`, `token:SUBJECT` or `certificate:NAME`; both joined by ` + ` where both were shown."""
    grants: tuple[Permissions, ...]
    """Each of them must permit a method; where there is none, nothing is permitted."""
    is_known: bool = False
    """Whether a token or a certificate was shown; the rates count such a one by name, others by address."""
    expires_at: float | None = None
    """Seconds since 1970 from which on the token is not good; None where there is none."""

    @property
    def may_nothing(self) -> bool:
        """Whether no method at all would be permitted."""
        return not self.grants or any(grant.is_nothing for grant in self.grants)

    def may(self, method: str) -> bool:
        """Whether a method of this name may be asked, on whatever listener."""
        return bool(self.grants) and all(grant.permits(method) for grant in self.grants)


class Judgement(Enum):
    """What becomes of a request."""

    ALLOWED = "allowed"
    EXPIRED = "expired"
    """The token was good when the connection began, and is not any more."""
    UNAUTHENTICATED = "unauthenticated"
    """Nobody may ask this without showing who they are."""
    FORBIDDEN = "forbidden"
    """The principal may not ask this."""
    CLOSED = "closed"
    """The listener does not open this; told in the words of a method that does not exist."""


def judge(listener: Listener, principal: Principal, method: str, now: float) -> Judgement:
    """Decide on one request.

    1. the token, if any, is still good                -> EXPIRED
    2. the principal may ask a method of this name     -> UNAUTHENTICATED, FORBIDDEN
    3. the listener opens it                           -> CLOSED

    The second looks at the name alone and comes before the third, so that who may not ask a method does not learn
    whether it exists.
    """
    if principal.expires_at is not None and now >= principal.expires_at:
        return Judgement.EXPIRED
    if not principal.may(method):
        return Judgement.FORBIDDEN if principal.is_known else Judgement.UNAUTHENTICATED
    return Judgement.ALLOWED if listener.opens(method) else Judgement.CLOSED
