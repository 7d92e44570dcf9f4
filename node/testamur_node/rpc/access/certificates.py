"""TLS of the network listeners: the server's certificate, who signs client certificates, and what those are called.

Files are read and judged at start, where a missing, mismatched, encrypted or expired one keeps the node from starting,
and on SIGHUP, where it leaves the old ones in force. With a client authority nobody gets past the handshake without a
certificate of it that is not on its revocation list; whose it is decides what its holder may ask
(`[permissions.certificate]`).
"""

import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from testamur_node.errors import NodeError
from testamur_node.rpc.access.permissions import EVERYTHING, NOTHING, Permissions
from testamur_node.rpc.access.principal import Principal

__all__ = ["TlsError", "TlsFiles", "certificate_names", "principal_of", "server_context"]

_log = logging.getLogger(__name__)
_LIST_BEGINS = b"-----BEGIN X509 CRL-----"
ANYBODY = "*"


class TlsError(NodeError):
    """The files do not make a TLS server."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """What the operator gave; PEM files all of them."""

    certificate: Path
    """The server's certificate, those between it and its root behind it."""
    key: Path
    """Its private key, not encrypted."""
    client_authority: Path | None = None
    """Certificates of who signs client certificates; with it each client must show one. None: none is asked for."""
    client_revocations: Path | None = None
    """Lists of client certificates that were called back (RFC 5280, 5), one of each authority; None: there are none."""


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TlsError(f"cannot read {path}: {error.strerror}") from error
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise TlsError(f"{path} holds no certificate in PEM") from error


def _check_time(path: Path, certificate: x509.Certificate, now: datetime) -> None:
    if now > certificate.not_valid_after_utc:
        raise TlsError(f"the certificate in {path} expired at {certificate.not_valid_after_utc}", "renew it")
    if now < certificate.not_valid_before_utc:
        raise TlsError(f"the certificate in {path} begins at {certificate.not_valid_before_utc}", "check the clock")


def _no_password() -> bytes:
    raise TlsError("the private key is encrypted", "give the node one without a password, mode 0600")


def server_context(files: TlsFiles, now: float) -> ssl.SSLContext:
    """TLS 1.2 or newer out of the files, at `now` in seconds since 1970; raises `TlsError`."""
    moment = datetime.fromtimestamp(now, UTC)
    _check_time(files.certificate, _certificates(files.certificate)[0], moment)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if files.key.stat().st_mode & 0o077:
            _log.warning("the private key %s can be read by others: chmod 600", files.key)
        context.load_cert_chain(files.certificate, files.key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TlsError(f"the private key in {files.key} is not that of {files.certificate}") from error
        raise TlsError(f"the private key in {files.key} cannot be used with {files.certificate}") from error
    except OSError as error:
        raise TlsError(f"cannot read {files.key}: {error.strerror}") from error
    if files.client_authority is not None:
        for certificate in _certificates(files.client_authority):
            _check_time(files.client_authority, certificate, moment)
        context.load_verify_locations(files.client_authority)
        context.verify_mode = ssl.CERT_REQUIRED
        context.num_tickets, context.options = 0, context.options | ssl.OP_NO_TICKET  # each connection is judged anew
        if files.client_revocations is not None:
            _check_revocations(files.client_revocations, files.client_authority, moment)
            context.load_verify_locations(files.client_revocations)
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def _check_revocations(path: Path, authority: Path, now: datetime) -> None:
    """Refuse lists that OpenSSL would refuse at each handshake, without saying so to anybody: `TlsError`."""
    try:
        parts = [_LIST_BEGINS + part for part in path.read_bytes().split(_LIST_BEGINS)[1:]]
        lists = [x509.load_pem_x509_crl(part) for part in parts]
    except OSError as error:
        raise TlsError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise TlsError(f"{path} holds no revocation list in PEM") from error
    if not lists:
        raise TlsError(f"{path} holds no revocation list in PEM")
    authorities = _certificates(authority)
    for found in lists:
        if not any(found.issuer == known.subject and _signed(found, known) for known in authorities):
            raise TlsError(f"a revocation list in {path} is of nobody in {authority}")
        if found.next_update_utc is not None and now > found.next_update_utc:
            raise TlsError(f"a revocation list in {path} expired at {found.next_update_utc}", "get the present one")
    for known in authorities:
        if not any(found.issuer == known.subject for found in lists):
            name = known.subject.rfc4514_string()
            _log.warning("%s holds no revocation list of %s: whom it certifies itself is refused", path, name)


def _signed(found: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    try:
        return found.is_signature_valid(authority.public_key())  # type: ignore[arg-type] # a kind it cannot be: TypeError
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def certificate_names(encoded: bytes) -> tuple[str, ...]:
    """What a certificate (DER) may be called in `[permissions.certificate]`, the most exact first:
    `sha256:…`, `uri:…`, `dns:…`, `email:…`, `cn:…`."""
    certificate = x509.load_der_x509_certificate(encoded)
    names = ["sha256:" + certificate.fingerprint(SHA256()).hex()]
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        alternatives = None
    if alternatives is not None:
        names += ["uri:" + value for value in alternatives.get_values_for_type(x509.UniformResourceIdentifier)]
        names += ["dns:" + value.lower() for value in alternatives.get_values_for_type(x509.DNSName)]
        names += ["email:" + value for value in alternatives.get_values_for_type(x509.RFC822Name)]
    subject = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return (*names, *("cn:" + str(attribute.value) for attribute in subject))


def principal_of(encoded: bytes, table: Mapping[str, Permissions] | None) -> Principal:
    """Who shows this client certificate, which the handshake has verified.

    Without a table the authority's signature is permission enough. With one, the first of its names that the table has
    decides, and who is not in it may nothing.
    """
    names = certificate_names(encoded)
    if table is None:
        return Principal("certificate:" + names[-1], (EVERYTHING,), True)
    name = next((name for name in (*names, ANYBODY) if name in table), None)
    if name is None:
        return Principal("certificate:" + names[-1], (NOTHING,), True)
    shown = names[0] if name == ANYBODY else name
    return Principal("certificate:" + shown, (table[name],), True)
