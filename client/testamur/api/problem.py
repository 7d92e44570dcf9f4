"""Errors of the HTTP API as problem+json (RFC 9457): a title, what happened, and what to do."""

from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

__all__ = ["Problem", "problem_response"]


class Problem(Exception):
    """A request that gets no answer, with the status and the words for it."""

    def __init__(self, status: int, detail: str, advice: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.advice = advice


def problem_response(status: int, detail: str, advice: str | None = None, **more: Any) -> JSONResponse:
    """The problem as a response; `type` stays about:blank, the status says the kind (RFC 9457, 4.2.1)."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if advice:
        body["advice"] = advice
    return JSONResponse({**body, **more}, status_code=status, media_type="application/problem+json")
