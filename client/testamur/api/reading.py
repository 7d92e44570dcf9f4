"""The routes that only read: what this server judges by, the register behind the verdicts, and its own health."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import JSONResponse, Response
from testamur.api.problem import Problem
from testamur.api.schema import PROBLEMS, BatchModel, IssuerModel, IssuersModel, PolicyModel
from testamur.api.service import Service
from testamur.chain.contracts import Suite
from testamur.registry import (
    UnknownIssuerError,
    did_document,
    find_institution,
    first_did,
    read_issuer,
    read_issuers,
    record_json,
)

__all__ = ["router"]

router = APIRouter()


class _DidResponse(JSONResponse):
    media_type = "application/did+json"


Who = Annotated[
    str,
    Path(
        pattern=r"^(?:[0-9]{1,10}|did:[a-z0-9]+:[A-Za-z0-9._:%-]+)$",
        max_length=256,
        description="Number of the institution, or one of its DIDs.",
        examples=["1", "did:web:cdou.example"],
    ),
]
BatchId = Annotated[str, Path(pattern=r"^0x[0-9a-fA-F]{64}$", description="Id of the batch, as bundles name it.")]


@router.get("/v1/policy", response_model=PolicyModel, responses=PROBLEMS, tags=["policy"])
def policy(request: Request) -> Response:
    """What this server judges by; compare the fingerprint with the operator's."""
    known = _service(request).policy
    accepted = known.accepted_issuers
    return JSONResponse(
        {
            "trust": known.trust,
            "chainId": known.chain_id,
            "engineChainId": known.engine_chain_id,
            "genesisHash": "0x" + known.genesis_hash.hex(),
            "directory": "0x" + known.directory.hex(),
            "maxAgeSeconds": known.max_age_seconds,
            "issuerNow": known.issuer_now,
            "acceptedIssuers": "any" if accepted is None else sorted(accepted),
            "fingerprint": known.fingerprint,
        }
    )


@router.get("/v1/issuers", response_model=IssuersModel, responses=PROBLEMS, tags=["register"])
def issuers(request: Request) -> Response:
    """All registered institutions, as the node reports them."""
    return JSONResponse({"issuers": [record_json(record) for record in read_issuers(_service(request).suite())]})


@router.get("/v1/issuers/{number}", response_model=IssuerModel, responses=PROBLEMS, tags=["register"])
def issuer(request: Request, number: Who) -> Response:
    """One institution by its number or DID."""
    suite = _service(request).suite()
    try:
        return JSONResponse(record_json(read_issuer(suite, _institution(suite, number))))
    except UnknownIssuerError as error:
        raise Problem(404, error.message) from error


@router.get("/v1/issuers/{number}/did.json", response_class=_DidResponse, responses=PROBLEMS, tags=["register"])
def issuer_did(request: Request, number: Who) -> Response:
    """The DID document that the institution publishes, made from its registered keys."""
    suite = _service(request).suite()
    try:
        record = read_issuer(suite, _institution(suite, number))
        wanted = number if number in record.dids else first_did(record)
    except UnknownIssuerError as error:
        raise Problem(404, error.message) from error
    return _DidResponse(did_document(record, wanted))


@router.get("/v1/batches/{batch}", response_model=BatchModel, responses=PROBLEMS, tags=["register"])
def batch(request: Request, batch: BatchId) -> Response:
    """The record of an anchored batch by its id."""
    name = bytes.fromhex(batch[2:])
    versions = _service(request).suite().versions("CredentialBatches")
    records = (contract.read("batch", name) for contract in reversed(versions))
    record = next((record for record in records if record["issuer"]), None)
    if record is None:
        raise Problem(404, "no batch of this id is anchored")
    return JSONResponse(
        {
            "id": "0x" + name.hex(),
            "issuer": record["issuer"],
            "operatorIndex": record["operatorIndex"],
            "scopeIndex": record["scopeIndex"],
            "kind": record["kind"],
            "list": record["list"],
            "first": record["first"],
            "size": record["size"],
            "time": record["time"],
            "block": record["blockNumber"],
        }
    )


@router.get("/healthz", include_in_schema=False)
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", include_in_schema=False)
def readyz(request: Request) -> dict[str, str]:
    """The chain answers and is the policy's."""
    reason = _service(request).unready()
    if reason is not None:
        raise Problem(503, reason)
    return {"status": "ok"}


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """Numbers for Prometheus."""
    return Response(request.app.state.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _institution(suite: Suite, who: str) -> int:
    """The number behind a number or DID of the path."""
    if who.isascii() and who.isdigit() and int(who) >= 2**32:
        raise Problem(404, f"institution {who} is not registered")
    return find_institution(suite, who)


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service
