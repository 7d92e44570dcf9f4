"""What a JSON-RPC answer says when it is not a result: a number, a sentence and, for a revert, the returned bytes.

The numbers are geth's, because libraries branch on them: 3 carries revert data, -32000 is a refusal by the node,
-32602 a wrong argument. A method raises one of these; `dispatch` writes it into the answer.
"""

from testamur_node.errors import NodeError

__all__ = [
    "RpcError",
    "ParseError",
    "InvalidRequestError",
    "MethodNotFoundError",
    "InvalidParametersError",
    "InternalRpcError",
    "ServerRefusalError",
    "ResourceLimitError",
    "UnauthorizedError",
    "TokenExpiredError",
    "RateLimitError",
    "RequestTimedOutError",
    "RevertError",
    "DecodeError",
]


class RpcError(NodeError):
    """A JSON-RPC error object: `code`, `message` and optional `data`."""

    code: int = -32000

    def __init__(self, message: str, data: object = None, code: int | None = None) -> None:
        super().__init__(message)
        self.data = data
        """The `data` member; None leaves it out."""
        if code is not None:
            self.code = code

    def to_json(self) -> dict[str, object]:
        """The `error` member of an answer (JSON-RPC 2.0, 5.1)."""
        body: dict[str, object] = {"code": self.code, "message": self.message}
        if self.data is not None:
            body["data"] = self.data
        return body


class ParseError(RpcError):
    """The body is not JSON."""

    code = -32700


class InvalidRequestError(RpcError):
    """The JSON is not a request object, or the batch is too long."""

    code = -32600


class MethodNotFoundError(RpcError):
    """No such method, or it is not open on this transport."""

    code = -32601

    @classmethod
    def of(cls, method: str) -> "MethodNotFoundError":
        """In geth's words, which are the same for both: what is closed is not told from what does not exist."""
        return cls(f"the method {method} does not exist/is not available")


class InvalidParametersError(RpcError):
    """An argument is missing, of the wrong type, or out of range."""

    code = -32602


class InternalRpcError(RpcError):
    """The node failed; the log has the cause, the caller gets no traceback."""

    code = -32603


class ServerRefusalError(RpcError):
    """The request is well formed, and the node refuses or cannot serve it."""

    code = -32000


class ResourceLimitError(RpcError):
    """The request asks for more than this node's limits allow (EIP-1474 -32005)."""

    code = -32005


class UnauthorizedError(RpcError):
    """Who asks has not shown that they may; the number is Besu's, there is no standard one."""

    code = -40100


class TokenExpiredError(UnauthorizedError):
    """The token was good when the connection began."""


class RateLimitError(ResourceLimitError):
    """Too many requests in too short a time (EIP-1474 -32005)."""

    def __init__(self, message: str, wait_seconds: float) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds
        """When the request would pass."""


class RequestTimedOutError(RpcError):
    """The time for the whole body is over; the number is geth's."""

    code = -32002


class RevertError(RpcError):
    """The called contract reverted; `data` holds the returned bytes in hex."""

    code = 3


class DecodeError(ValueError):
    """A JSON value is not what a parameter wants; `dispatch` adds which argument it was."""
