"""The verification server: routes, limits and headers put together. It holds its counters and the processes that judge.

Every completed verdict is 200, whatever its outcome; a request that cannot be answered is problem+json
(docs/protocol.md 6, RFC 9457). The one HTML page stands at `/`.
"""

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from testamur.api import page, reading, verifying
from testamur.api.judge_process import Setup
from testamur.api.judging import Judges
from testamur.api.limits import BodyLimit
from testamur.api.metrics import Metrics
from testamur.api.problem import Problem, problem_response
from testamur.api.service import Service
from testamur.errors import TestamurError

__all__ = ["create_app"]

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
"""On every answer; nothing of a verdict is kept by a browser or a proxy."""


def create_app(service: Service) -> FastAPI:
    """The application for one policy and chain."""
    app = FastAPI(
        title="Testamur verification",
        version=version("testamur"),
        description="Verdicts on education credentials, and the registry they rest on.",
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.service, app.state.metrics = service, Metrics()
    app.state.judges = Judges(Setup(service.policy, service.chain), service.limits.judging)
    app.include_router(verifying.router)
    app.include_router(reading.router)
    app.mount("/static", StaticFiles(directory=page.STATIC), name="static")

    def refuse(request: Request, status: int, detail: str, advice: str | None = None) -> Response:
        app.state.metrics.refused(status)
        if request.url.path == "/" and request.method == "POST":
            problem = "page.too_large" if status == 413 else "page.unreadable"
            return page.render(request, service=service, problem=problem, status=status)
        return problem_response(status, detail, advice)

    @app.exception_handler(Problem)
    def on_problem(request: Request, problem: Problem) -> Response:
        return refuse(request, problem.status, problem.detail, problem.advice)

    @app.exception_handler(HTTPException)
    def on_http_error(request: Request, error: HTTPException) -> Response:
        response = refuse(request, error.status_code, str(error.detail))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    def on_unfit_request(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return refuse(request, 422, f"{place}: {first['msg']}")

    @app.exception_handler(ClientDisconnect)
    def on_client_gone(request: Request, error: ClientDisconnect) -> Response:
        return Response(status_code=499)  # to nobody: the client has left

    @app.exception_handler(TestamurError)
    def on_known_error(request: Request, error: TestamurError) -> Response:
        return refuse(request, 503, error.message, error.advice)

    @app.exception_handler(Exception)
    def on_fault(request: Request, error: Exception) -> Response:
        return refuse(request, 500, "the server met a fault of its own", "tell the operator of this service")

    _announce_limits(app, service)
    app.add_middleware(
        BodyLimit,
        max_bytes=service.limits.body_bytes,
        held_bytes=service.limits.held_bytes,
        timeout_seconds=service.limits.body_seconds,
        refuse=refuse,
    )
    app.add_middleware(SecurityHeaders)
    return app


def _announce_limits(app: FastAPI, service: Service) -> None:
    """Write this server's limits into its OpenAPI document."""
    batch = app.openapi()["paths"]["/v1/verify/batch"]["post"]["requestBody"]
    batch["content"]["application/json"]["schema"]["maxItems"] = service.limits.batch_size


class SecurityHeaders:
    """ASGI layer that adds HEADERS to every answer that does not say otherwise."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                present: list[Any] = list(message.get("headers", []))
                names = {name.lower() for name, _ in present}
                message["headers"] = present + [pair for pair in self.headers if pair[0] not in names]
            await send(message)

        await self.app(scope, receive, add if scope["type"] == "http" else send)
