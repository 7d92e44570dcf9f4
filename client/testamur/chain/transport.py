"""JSON-RPC's carrier: one body to a node over HTTP and one JSON answer back, from a node that may do as it likes.

Every request the client makes may be repeated safely (reads, and raw transactions, which a chain takes once), so one
policy serves all:

1. a failed connection, a time-out, HTTP 429, 502 to 504 or an error -32005 of load -> again after a growing pause, or
   after the `Retry-After` that the node names, up to `LONGEST_PAUSE_SECONDS`
2. more than `MAX_ANSWER_BYTES`, an answer that does not end, JSON nested deep or none -> ChainUnreachableError at once
3. no TLS, a wrong certificate, HTTP 401 or 403                                -> AccessRefusedError, which says why
4. a proxy or certificates of the environment that cannot be used              -> ChainUnreachableError in words
"""

import os
import re
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from testamur.chain.access import Access
from testamur.chain.answers import asks_to_wait
from testamur.chain.errors import AccessRefusedError, ChainUnreachableError, KeyUnusableError
from testamur.chain.handshake import SHOW_A_CERTIFICATE, of_status, of_tls
from testamur.chain.proxies import is_loopback, proxy_for
from testamur.foreign import ForeignJsonError, read_json

if TYPE_CHECKING:
    import httpx

__all__ = ["LONGEST_PAUSE_SECONDS", "MAX_ANSWER_BYTES", "Transport"]

MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
"""Of one answer; nodes stop at 25 MB (geth, this one) or at less."""
LONGEST_PAUSE_SECONDS: Final = 30.0
"""That a node's `Retry-After` is waited for; who asks for more is told of as unreachable."""
_BUSY: Final = frozenset({429, 502, 503, 504})
_ANSWER_TIMES: Final = 4
"""A whole answer may take so many times the time-out of a single read."""
_SECONDS: Final = re.compile(r"[0-9]{1,9}")
_IS_THIS_A_NODE: Final = "is this a JSON-RPC node?"


class Transport:
    """A way to one node. `close` gives up the sockets; a later request opens new ones."""

    def __init__(
        self,
        url: str,
        access: Access,
        *,
        timeout_seconds: float,
        attempts: int,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """Raises ChainUnreachableError for a `url` that is no http or https address."""
        if not _is_address(url):
            raise ChainUnreachableError(f"{url!r} is no http or https address", "give --rpc as http://HOST:PORT")
        self.url = url
        self.access = access
        self._timeout_seconds = timeout_seconds
        self._attempts = attempts
        self._pause = pause
        self._clock = clock
        self._environment = environment
        self._client: httpx.Client | None = None
        self._stamp = access.stamp()

    def close(self) -> None:
        """Close the sockets."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def exchange(self, body: bytes) -> Any:
        """The decoded answer to `body`. Raises ChainUnreachableError, and nothing else."""
        cause: Exception | str = "no attempt"
        wanted = 0.0
        for attempt in range(self._attempts):
            if attempt:
                self._pause(max(wanted, 0.1 * 4 ** (attempt - 1)))
            tried = self._attempt(body)
            if not isinstance(tried, _Busy):
                return tried
            cause, wanted = tried.cause, tried.wait_seconds
            if wanted > LONGEST_PAUSE_SECONDS:
                raise ChainUnreachableError(
                    f"the node at {self.url} has too much to do ({cause}) and asks to be left alone for {wanted:.0f} s",
                    "run the command again later, or ask another node: TESTAMUR_RPC, or --rpc where the command has it",
                )
        raise self._unreachable(cause) from (cause if isinstance(cause, Exception) else None)

    def _attempt(self, body: bytes) -> "Any | _Busy":
        import httpx

        try:
            client, headers = self._opened(), self._headers()
        except KeyUnusableError as error:
            raise ChainUnreachableError(error.message, error.advice) from error
        try:
            with client.stream("POST", self.url, content=body, headers=headers) as response:
                if response.status_code in _BUSY:
                    return _Busy(f"HTTP {response.status_code}", _retry_after(response.headers.get("retry-after")))
                status, content = response.status_code, self._whole(response)
                wait_seconds = _retry_after(response.headers.get("retry-after"))
        except httpx.HTTPError as error:
            refused = of_tls(self.url, error)
            if refused is not None:
                raise refused from error
            return _Busy(error)
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise ChainUnreachableError(f"{self.url} cannot be asked: {error}", "correct the address") from error
        if status in (401, 403):
            raise of_status(self.url, status, content, self.access)
        try:
            decoded = read_json(content, max_bytes=MAX_ANSWER_BYTES)
        except ForeignJsonError as error:
            raise ChainUnreachableError(
                f"{self.url} answered HTTP {status} without JSON: {error}", _IS_THIS_A_NODE
            ) from error
        busy = asks_to_wait(decoded)
        return decoded if busy is None else _Busy(f"{busy!r}", wait_seconds)

    def _whole(self, response: "httpx.Response") -> bytes:
        """The body, as many bytes as are read of one and no more, in the time that a whole answer may take."""
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise ChainUnreachableError(f"{self.url} packs its answer although it was not asked to", _IS_THIS_A_NODE)
        ends = self._clock() + _ANSWER_TIMES * self._timeout_seconds
        content = bytearray()
        for part in response.iter_raw():
            content += part
            if len(content) > MAX_ANSWER_BYTES:
                raise ChainUnreachableError(f"{self.url} answers with more than {MAX_ANSWER_BYTES} bytes", "ask less")
            if self._clock() > ends:
                raise ChainUnreachableError(f"the answer of {self.url} does not come to an end", _IS_THIS_A_NODE)
        return bytes(content)

    def _unreachable(self, cause: Exception | str) -> ChainUnreachableError:
        import httpx

        if isinstance(cause, httpx.RemoteProtocolError | httpx.ReadError) and urlsplit(self.url).scheme == "https":
            # TLS 1.3 judges a client's certificate after the client has begun to speak, and uvloop then just hangs up
            return AccessRefusedError(
                f"the node at {self.url} ends each connection without an answer, as one does that wants a client "
                "certificate, or another",
                SHOW_A_CERTIFICATE,
            )
        reason = str(cause) or type(cause).__name__
        return ChainUnreachableError(
            f"the node at {self.url} gave no answer in {self._attempts} attempts: {reason}",
            "start the node, or give its address: TESTAMUR_RPC, or --rpc where the command has it",
        )

    def _opened(self) -> "httpx.Client":
        """The sockets' owner, made anew when a file about TLS has changed. The environment is read here, not by httpx,
        which raises for what it cannot use."""
        import httpx

        stamp = self.access.stamp()
        if self._client is not None and stamp != self._stamp:
            self.close()
        if self._client is None:
            proxy = proxy_for(self.url, self._environment)
            speaks_tls = any(address.startswith("https:") for address in (self.url.lower(), (proxy or "").lower()))
            # where nothing speaks TLS, a context that believes nobody spares the reading of certificates
            context = self.access.context() if speaks_tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            through = httpx.Proxy(proxy, ssl_context=context) if proxy is not None else None
            self._stamp = stamp
            self._client = httpx.Client(
                timeout=self._timeout_seconds, trust_env=False, proxy=through, verify=context, follow_redirects=False
            )
        return self._client

    def _headers(self) -> dict[str, str]:
        headers, token = {"content-type": "application/json", "accept-encoding": "identity"}, self.access.token()
        if token is not None:
            address = urlsplit(self.url)
            if address.scheme != "https" and not is_loopback(address.hostname):
                raise KeyUnusableError(
                    f"a token is not sent to {self.url}, where everybody on the way could read it",
                    "use https, or a tunnel to this machine",
                )
            headers["authorization"] = f"Bearer {token}"
        return headers


class _Busy:
    """An attempt that may be made again."""

    def __init__(self, cause: Exception | str, wait_seconds: float = 0.0) -> None:
        self.cause = cause
        self.wait_seconds = wait_seconds
        """What the node asks for; 0 where it names nothing."""


def _is_address(url: str) -> bool:
    try:
        address = urlsplit(url)
        return address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:  # a bracket that does not close, a port that is no number
        return False


def _retry_after(value: str | None) -> float:
    """Seconds that a `Retry-After` header asks for (RFC 9110 section 10.2.3); 0 for none, or one that says nothing."""
    if value is None:
        return 0.0
    if _SECONDS.fullmatch(value.strip()):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0
