"""`/`: the page for people. A form post is judged by the server and comes back as a page; no JavaScript is needed."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from testamur.api.view import view_of
from testamur.language import LANGUAGES, Language, chosen_from_header, language

if TYPE_CHECKING:
    from jinja2 import Template
    from testamur.api.service import Service

__all__ = ["STATIC", "page_words", "render", "uploaded"]

STATIC = Path(__file__).with_name("static")
_RESEND_BYTES = 512 * 1024
"""A bundle up to this size travels with the result page, so that the other language is one click away."""


def page_words(request: Request) -> Language:
    """The language of the URL (?lang=), else the browser's wish."""
    wish = request.query_params.get("lang", "").lower().partition("-")[0]
    return language(wish if wish in LANGUAGES else chosen_from_header(request.headers.get("accept-language")))


async def uploaded(request: Request) -> bytes | None:
    """What was chosen, dropped or pasted; None where the form came empty."""
    async with request.form(max_files=1, max_fields=4, max_part_size=16 * 1024 * 1024) as form:
        chosen, pasted = form.get("bundle"), form.get("text")
        if isinstance(chosen, UploadFile) and (data := await chosen.read()):
            return data
        if isinstance(pasted, str) and pasted.strip():
            return pasted.encode("utf-8", "surrogatepass")
    return None


def render(
    request: Request,
    *,
    service: "Service",
    verdict: dict[str, Any] | None = None,
    data: bytes | None = None,
    problem: str | None = None,
    status: int = 200,
) -> Response:
    """The page: the form alone, with a verdict, or with what was wrong with the request."""
    words = page_words(request)
    other = "en" if words.tag == "zh" else "zh"
    limit = f"{service.limits.body_bytes // 1024 // 1024} MiB"
    text = _template().render(
        words=words,
        other=other,
        other_html_tag=language(other).html_tag,
        root=request.scope.get("root_path", ""),
        verdict=view_of(verdict, words, service.now()) if verdict else None,
        resend=_resend(data) if verdict else None,
        problem=words.text(problem, limit=limit) if problem else None,
        limit=limit,
        policy=service.policy.fingerprint,
    )
    return HTMLResponse(text, status, headers={"vary": "accept-language", "content-language": words.html_tag})


def _resend(data: bytes | None) -> str | None:
    if data is None or len(data) > _RESEND_BYTES:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = FileSystemLoader(Path(__file__).with_name("templates"))
    return Environment(
        loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("page.html")
