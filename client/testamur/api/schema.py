"""The shapes that OpenAPI announces. Bundles are taken in as bytes: the strict parser judges them, not a schema."""

from typing import Any, Literal

from pydantic import BaseModel, Field

__all__ = [
    "BUNDLES_BODY",
    "BUNDLE_BODY",
    "PROBLEMS",
    "AsOfModel",
    "BatchModel",
    "CheckModel",
    "IssuerModel",
    "IssuersModel",
    "PolicyModel",
    "ProblemModel",
    "VerdictModel",
    "VerdictsModel",
]


class CheckModel(BaseModel):
    """One of the nine checks."""

    name: Literal["document", "signature", "inclusion", "anchor", "issuer", "key", "status", "validity", "trust"]
    result: Literal["pass", "fail", "unknown", "skipped"]
    code: str | None = None
    message: str = ""
    facts: dict[str, Any] = Field(default_factory=dict)


class AsOfModel(BaseModel):
    """The state a verdict rests on."""

    block: int
    time: str
    trust: Literal["light-client", "single-signer", "bundle", "rpc"]


class VerdictModel(BaseModel):
    """A verdict; `code` is `ok` exactly when `outcome` is `valid`."""

    outcome: Literal["valid", "invalid", "indeterminate"]
    code: str
    checks: list[CheckModel]
    as_of: AsOfModel | None = None
    facts: dict[str, Any] = Field(default_factory=dict)


class VerdictsModel(BaseModel):
    """One verdict a bundle, in the order of the request."""

    verdicts: list[VerdictModel]


class ProblemModel(BaseModel):
    """RFC 9457 problem details."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    advice: str | None = None


class PolicyModel(BaseModel):
    """What this server judges by."""

    trust: Literal["light-client", "single-signer", "rpc"]
    chainId: int
    engineChainId: str | None
    genesisHash: str
    directory: str
    maxAgeSeconds: int | None
    """None: a chain without heartbeats, believed whatever its newest block's age."""
    issuerNow: Literal["warn", "required"]
    acceptedIssuers: Literal["any"] | list[int]
    fingerprint: str
    """Five groups of digits to compare by phone."""


class ScopeModel(BaseModel):
    """What an issuer is recognised for; 0 means any, an absent end means open. Times in unix seconds."""

    index: int
    framework: int
    type: int
    lowestRank: int
    highestRank: int
    region: int
    since: int = Field(alias="from")
    until: int | None = Field(alias="to")


class KeyModel(BaseModel):
    """A signing key. Times in unix seconds."""

    keyHash: str
    key: str
    usage: Literal["credential", "status"]
    since: int
    until: int | None
    compromisedSince: int | None
    clearings: int
    """How often a vote of the alliance moved the cut-off later or took it away."""


class IssuerModel(BaseModel):
    """An institution as the node reports the register."""

    id: int
    name: str
    state: Literal["applied", "recognised", "suspended", "withdrawn"]
    since: int
    firstRecognised: int | None
    dids: list[str]
    pastDids: list[str]
    scopes: list[ScopeModel]
    keys: list[KeyModel]


class IssuersModel(BaseModel):
    """All registered institutions."""

    issuers: list[IssuerModel]


class BatchModel(BaseModel):
    """An anchored batch."""

    id: str
    issuer: int
    operatorIndex: int
    scopeIndex: int
    kind: int
    list: int
    first: int
    size: int
    time: int
    """Unix seconds of the block that anchored it."""
    block: int


_PROBLEM = {"model": ProblemModel, "content": {"application/problem+json": {}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {**_PROBLEM, "description": "The request cannot be read."},
    408: {**_PROBLEM, "description": "The body did not arrive in time."},
    404: {**_PROBLEM, "description": "There is none of that name."},
    413: {**_PROBLEM, "description": "The body is too large."},
    422: {**_PROBLEM, "description": "A part of the request does not fit."},
    500: {**_PROBLEM, "description": "The server met a fault of its own."},
    503: {**_PROBLEM, "description": "The chain cannot be read."},
}
BUNDLE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A credential bundle (docs/protocol.md 5). Whatever else is sent comes to `malformed`.",
        "content": {"application/json": {"schema": {}}},
    }
}
BUNDLES_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A JSON array of bundles, or one bundle a line.",
        "content": {
            "application/json": {"schema": {"type": "array", "minItems": 1, "items": {}}},
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}
