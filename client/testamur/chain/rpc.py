"""JSON-RPC over HTTP: one client, one retry policy, bytes inside and hex only here.

Every request the client makes may be repeated safely (reads, and raw transactions, which a chain takes once), so one
policy serves all: a failed connection, a time-out or a busy answer is tried again after a growing pause; then
`ChainUnreachableError`. An answer that is an error of the node becomes `RpcError` at once, and who is not let in learns
why (`AccessRefusedError`).
"""

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import orjson

from testamur.chain.access import NO_ACCESS, Access
from testamur.chain.errors import AccessRefusedError, ChainUnreachableError, KeyUnusableError, RpcError

if TYPE_CHECKING:
    import httpx

__all__ = ["Block", "Rpc", "from_hex", "to_hex", "to_quantity"]

Block = int | str
"""A height, or one of the tags `latest`, `finalized`, `pending`, `earliest`."""

_BUSY = frozenset({429, 502, 503, 504})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_LARGEST_BATCH = 100
_SHOW_A_CERTIFICATE = "name a good one with --tls-certificate and --tls-key, or in [access] of testamur.toml"


def to_hex(data: bytes) -> str:
    """`data` as JSON-RPC writes it."""
    return "0x" + data.hex()


def to_quantity(value: Block) -> str:
    """A number as JSON-RPC writes it, without leading zeros; a tag stays as it is."""
    return value if isinstance(value, str) else hex(value)


def from_hex(text: str) -> bytes:
    """The bytes that `text` stands for, with or without 0x; an odd digit count is read as a quantity."""
    digits = text.removeprefix("0x")
    return bytes.fromhex("0" * (len(digits) % 2) + digits)


class Rpc:
    """A connection to one node. Use as a context manager, or `close` it."""

    def __init__(
        self,
        url: str,
        *,
        access: Access = NO_ACCESS,
        timeout_seconds: float = 30.0,
        attempts: int = 4,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ChainUnreachableError(f"{url!r} is no http or https address", "give --rpc as http://HOST:PORT")
        self.url = url
        self.access = access
        """What the node is shown."""
        self._timeout_seconds = timeout_seconds
        self._attempts = attempts
        self._pause = pause
        self._client: httpx.Client | None = None
        self._stamp = access.stamp()
        self._next_id = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the sockets; a later request opens new ones."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def call(self, method: str, *params: object) -> Any:
        """The result of one request."""
        return self.batch([(method, params)])[0]

    def batch(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """The results in order of the requests; the first that failed raises its `RpcError`."""
        answers = self.batch_answers(requests)
        for answer in answers:
            if isinstance(answer, RpcError):
                raise answer
        return answers

    def batch_answers(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """The results in order, an `RpcError` value where the node refused one; long lists go in several posts."""
        answers: list[Any] = []
        for start in range(0, len(requests), _LARGEST_BATCH):
            answers += self._post(requests[start : start + _LARGEST_BATCH])
        return answers

    def _post(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        first = self._next_id
        self._next_id += len(requests)
        bodies = [
            {"jsonrpc": "2.0", "id": first + i, "method": method, "params": list(params)}
            for i, (method, params) in enumerate(requests)
        ]
        decoded = self._exchange(orjson.dumps(bodies if len(bodies) > 1 else bodies[0]))
        replies = decoded if isinstance(decoded, list) else [decoded]
        by_id = {reply.get("id"): reply for reply in replies if isinstance(reply, dict)}
        answers: list[Any] = []
        for i, (method, _) in enumerate(requests):
            reply = by_id.get(first + i)
            if reply is None and len(replies) == 1 and isinstance(replies[0], dict) and "error" in replies[0]:
                reply = replies[0]  # a request refused as a whole is answered with id null
            if reply is None or ("error" not in reply and "result" not in reply):
                raise ChainUnreachableError(f"{self.url} left {method} without an answer", "is this a JSON-RPC node?")
            answers.append(_refusal(method, reply["error"]) if reply.get("error") is not None else reply.get("result"))
        return answers

    def _exchange(self, body: bytes) -> Any:
        import httpx

        cause: Exception | str = "no attempt"
        for attempt in range(self._attempts):
            if attempt:
                self._pause(0.1 * 4 ** (attempt - 1))
            try:
                client, headers = self._opened(), self._headers()
            except KeyUnusableError as error:
                raise ChainUnreachableError(error.message, error.advice) from error
            try:
                response = client.post(self.url, content=body, headers=headers)
            except httpx.HTTPError as error:
                refused = _of_tls(self.url, error)
                if refused is not None:
                    raise refused from error
                cause = error
                continue
            if response.status_code in _BUSY:
                cause = f"HTTP {response.status_code}"
                continue
            if response.status_code in (401, 403):
                raise self._refused(response.status_code, response.content)
            try:
                return orjson.loads(response.content)
            except orjson.JSONDecodeError as error:
                raise ChainUnreachableError(
                    f"{self.url} answered HTTP {response.status_code} without JSON", "is this a JSON-RPC node?"
                ) from error
        if isinstance(cause, httpx.RemoteProtocolError | httpx.ReadError) and urlsplit(self.url).scheme == "https":
            # TLS 1.3 judges a client's certificate after the client has begun to speak, and uvloop then just hangs up
            raise AccessRefusedError(
                f"the node at {self.url} ends each connection without an answer, as one does that wants a client "
                "certificate, or another",
                _SHOW_A_CERTIFICATE,
            ) from cause
        reason = str(cause) or type(cause).__name__
        raise ChainUnreachableError(
            f"the node at {self.url} gave no answer in {self._attempts} attempts: {reason}",
            "start the node or give its address with --rpc",
        ) from (cause if isinstance(cause, Exception) else None)

    def _opened(self) -> "httpx.Client":
        """The sockets' owner, made anew when a file about TLS has changed."""
        import httpx

        stamp = self.access.stamp()
        if self._client is not None and stamp != self._stamp:
            self.close()
        if self._client is None:
            trust_environment = urlsplit(self.url).hostname not in _LOOPBACK
            verify = self.access.context() if self.access.has_tls else True
            self._stamp = stamp
            self._client = httpx.Client(timeout=self._timeout_seconds, trust_env=trust_environment, verify=verify)
        return self._client

    def _headers(self) -> dict[str, str]:
        headers, token = {"content-type": "application/json"}, self.access.token()
        if token is not None:
            address = urlsplit(self.url)
            if address.scheme != "https" and address.hostname not in _LOOPBACK:
                raise KeyUnusableError(
                    f"a token is not sent to {self.url}, where everybody on the way could read it",
                    "use https, or a tunnel to this machine",
                )
            headers["authorization"] = f"Bearer {token}"
        return headers

    def _refused(self, status: int, content: bytes) -> AccessRefusedError:
        """What HTTP 401 or 403 means, in the node's words where it has some."""
        try:
            answer = orjson.loads(content)
            first = answer[0] if isinstance(answer, list) else answer
            said = str(first["error"]["message"]).removeprefix("Unauthorized: ")
        except (orjson.JSONDecodeError, KeyError, IndexError, TypeError):
            said = f"HTTP {status}"
        if status == 403:
            advice = "ask the node's operator for the permission"
        elif self.access.token_file is None:
            advice = "name the file of a token with --token-file, TESTAMUR_TOKEN_FILE or [access] in testamur.toml"
        else:
            advice = f"put a new token into {self.access.token_file}"
        return AccessRefusedError(f"the node at {self.url} refuses: {said}", advice)

    def chain_id(self) -> int:
        """The EVM chain id."""
        return self._quantity("eth_chainId")

    def block_number(self) -> int:
        """The height of the newest block."""
        return self._quantity("eth_blockNumber")

    def block(self, block: Block = "latest") -> dict[str, Any] | None:
        """A block with transaction hashes, as the node writes it; None where there is none."""
        result: dict[str, Any] | None = self.call("eth_getBlockByNumber", to_quantity(block), False)
        return result

    def block_hash(self, number: int) -> bytes:
        """The hash of block `number`, which must exist; block 0 tells one chain from another."""
        block = self.block(number)
        if block is None:
            raise ChainUnreachableError(f"{self.url} does not have block {number}", "wait until the node has caught up")
        try:
            return from_hex(block["hash"])
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise self._nonsense("eth_getBlockByNumber", block) from error

    def nonce(self, address: bytes, block: Block = "latest") -> int:
        """How many transactions `address` has sent by `block`."""
        return self._quantity("eth_getTransactionCount", to_hex(address), to_quantity(block))

    def code(self, address: bytes, block: Block = "latest") -> bytes:
        """The runtime code at `address`, empty where there is no contract."""
        return self._data("eth_getCode", to_hex(address), to_quantity(block))

    def eth_call(self, target: bytes, data: bytes, sender: bytes | None = None, block: Block = "latest") -> bytes:
        """What a call without a transaction returns; a revert raises `RpcError` with its bytes in `data`."""
        request = {"to": to_hex(target), "data": to_hex(data)}
        if sender is not None:
            request["from"] = to_hex(sender)
        return self._data("eth_call", request, to_quantity(block))

    def receipt(self, transaction: bytes) -> dict[str, Any] | None:
        """The receipt as the node writes it; None while the transaction is in no block."""
        result: dict[str, Any] | None = self.call("eth_getTransactionReceipt", to_hex(transaction))
        return result

    def send_raw(self, transaction: bytes) -> bytes:
        """Hand over a signed transaction; its hash."""
        return self._data("eth_sendRawTransaction", to_hex(transaction))

    def _quantity(self, method: str, *params: object) -> int:
        """A result that must be a number."""
        value = self.call(method, *params)
        try:
            return int(value, 16)
        except (TypeError, ValueError) as error:
            raise self._nonsense(method, value) from error

    def _data(self, method: str, *params: object) -> bytes:
        """A result that must be bytes."""
        value = self.call(method, *params)
        try:
            return from_hex(value)
        except (TypeError, ValueError, AttributeError) as error:
            raise self._nonsense(method, value) from error

    def _nonsense(self, method: str, value: object) -> ChainUnreachableError:
        return ChainUnreachableError(
            f"{self.url} answered {method} with {str(value)[:80]!r}", "is this a JSON-RPC node of an EVM chain?"
        )


def _refusal(method: str, error: object) -> RpcError:
    if not isinstance(error, dict):
        return RpcError(method, 0, str(error))
    code = error.get("code")
    return RpcError(method, code if isinstance(code, int) else 0, str(error.get("message", "")), error.get("data"))


def _of_tls(url: str, error: BaseException) -> ChainUnreachableError | None:
    """What a failed handshake means; None where it was something else, which may pass."""
    import ssl

    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return ChainUnreachableError(
            f"the certificate of {url} is not believed: {cause.verify_message}",
            "name the file of its authority with --tls-ca, TESTAMUR_TLS_CA or [access] in testamur.toml",
        )
    reason = (cause.reason or "").upper()
    if "ALERT" in reason:
        said = reason.partition("ALERT_")[2].replace("_", " ").lower()
        return AccessRefusedError(
            f"the node at {url} refuses the client's certificate, or wants one: {said}",
            _SHOW_A_CERTIFICATE,
        )
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"):
        return ChainUnreachableError(f"{url} does not speak TLS", "is it http?")
    return None
