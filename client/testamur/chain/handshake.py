"""What a node means that does not let the client in: a failed TLS handshake, HTTP 401 or 403."""

import ssl
from typing import Final

from testamur.chain.access import Access
from testamur.chain.errors import AccessRefusedError, ChainUnreachableError
from testamur.foreign import ForeignJsonError, read_json

__all__ = ["SHOW_A_CERTIFICATE", "of_status", "of_tls"]

SHOW_A_CERTIFICATE: Final = "name a good one with --tls-certificate and --tls-key, or in [access] of testamur.toml"
_MAX_REFUSAL_BYTES: Final = 65_536


def of_status(url: str, status: int, content: bytes, access: Access) -> AccessRefusedError:
    """What HTTP 401 or 403 means, in the node's words where it has some."""
    try:
        answer = read_json(content, max_bytes=_MAX_REFUSAL_BYTES)
        first = answer[0] if isinstance(answer, list) else answer
        said = str(first["error"]["message"]).removeprefix("Unauthorized: ")
    except (ForeignJsonError, KeyError, IndexError, TypeError):
        said = f"HTTP {status}"
    if status == 403:
        advice = "ask the node's operator for the permission"
    elif access.token_file is None:
        advice = "name the file of a token with --token-file, TESTAMUR_TOKEN_FILE or [access] in testamur.toml"
    else:
        advice = f"put a new token into {access.token_file}"
    return AccessRefusedError(f"the node at {url} refuses: {said[:500]}", advice)


def of_tls(url: str, error: BaseException) -> ChainUnreachableError | None:
    """What a failed handshake means; None where it was something else, which may pass."""
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
            SHOW_A_CERTIFICATE,
        )
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"):
        return ChainUnreachableError(f"{url} does not speak TLS", "is it http?")
    return None
