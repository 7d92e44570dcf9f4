"""The two JSON-LD contexts that a credential names, shipped as data: nothing here or below ever reads the network.

`docs/protocol.md 1`: `@context` is exactly `CONTEXT_URLS`, in this order. Source, licence and hash of each file
stand in `README.md` beside it; a file that was changed is refused.
"""

import functools
import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

from testamur.errors import TestamurError

__all__ = ["CONTEXT_URLS", "ContextSet", "ContextChangedError", "shipped_contexts"]

ContextSet = Mapping[str, Any]
"""URL -> the value of the published file's `@context`."""

CONTEXT_URLS: Final = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)
"""What `@context` of every credential lists, in this order."""

_FILES: Final = {
    CONTEXT_URLS[0]: (
        "credentials-v2.jsonld",
        "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    ),
    CONTEXT_URLS[1]: (
        "ob-v3p0-3.0.3.jsonld",
        "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
    ),
}


class ContextChangedError(TestamurError):
    """A shipped context file is not the published one."""


@functools.cache
def shipped_contexts() -> ContextSet:
    """Every shipped context, read once and checked against its published SHA-256."""
    contexts: dict[str, Any] = {}
    for url, (name, expected) in _FILES.items():
        data = resources.files(__name__).joinpath(name).read_bytes()
        found = hashlib.sha256(data).hexdigest()
        if found != expected:
            raise ContextChangedError(f"context {name} has SHA-256 {found}, expected {expected}", "reinstall testamur")
        contexts[url] = json.loads(data)["@context"]
    return contexts
