"""The routes that judge: one bundle, several bundles, and the page."""

import asyncio
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from testamur.api import page
from testamur.api.elements import ElementsError, TooManyElementsError, elements
from testamur.api.judging import Judges
from testamur.api.problem import Problem
from testamur.api.schema import BUNDLE_BODY, BUNDLES_BODY, PROBLEMS, VerdictModel, VerdictsModel
from testamur.api.service import Service
from testamur.batch.intake import only_bundle

__all__ = ["router"]

router = APIRouter()


@router.post("/v1/verify", openapi_extra=BUNDLE_BODY, response_model=VerdictModel, responses=PROBLEMS, tags=["verify"])
async def verify(request: Request) -> Response:
    """Judge one bundle, also in the zip it was delivered in, by the server's policy. Always a verdict.

    What cannot be parsed is `malformed`; a file of another kind has that `kind` in the facts of the check `document`.
    """
    data = await request.body()
    if not data:
        raise Problem(400, "the body is empty", "post a credential bundle as JSON")
    return _json((await _judge(request, [await run_in_threadpool(only_bundle, data)]))[0])


@router.post(
    "/v1/verify/batch", openapi_extra=BUNDLES_BODY, response_model=VerdictsModel, responses=PROBLEMS, tags=["verify"]
)
async def verify_batch(request: Request) -> Response:
    """Judge several bundles, one verdict each in their order."""
    service: Service = request.app.state.service
    try:
        body, most = await request.body(), service.limits.batch_size
        bundles = await run_in_threadpool(elements, body, most, is_array=_is_json(request))
    except TooManyElementsError as error:
        raise Problem(422, str(error)) from error
    except ElementsError as error:
        raise Problem(400, str(error), "post a JSON array of bundles, or a bundle a line") from error
    if not bundles:
        raise Problem(400, "the body holds no bundle", "post a JSON array of bundles, or a bundle a line")
    return _json({"verdicts": await _judge(request, bundles)})


@router.get("/", include_in_schema=False)
def show_page(request: Request) -> Response:
    """The empty form."""
    return page.render(request, service=request.app.state.service)


@router.post("/", include_in_schema=False)
async def judge_on_page(request: Request) -> Response:
    """The form with a verdict above it."""
    service: Service = request.app.state.service
    data = await page.uploaded(request)
    if data is None:
        return page.render(request, service=service, problem="page.empty", status=400)
    data = await run_in_threadpool(only_bundle, data)
    [verdict] = await _judge(request, [data])
    return page.render(request, service=service, verdict=verdict, data=data)


def _is_json(request: Request) -> bool:
    """Whether the body says that it is JSON, and so one array; anything else is read as lines or an array."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


async def _judge(request: Request, bundles: list[bytes]) -> list[dict[str, Any]]:
    """The verdicts; the work stops when the client leaves."""
    state = request.app.state
    judges: Judges = state.judges
    with state.metrics.judging():
        work = asyncio.create_task(judges.judge(bundles, state.service.now()))
        left = asyncio.create_task(_until_left(request))
        try:
            await asyncio.wait({work, left}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise ClientDisconnect
            verdicts = work.result()
        finally:
            work.cancel()
            left.cancel()
    for verdict in verdicts:
        state.metrics.count(verdict)
    return verdicts


async def _until_left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")
