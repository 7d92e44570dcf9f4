"""A certificate authority for tests: real keys, real certificates, as `openssl` would write them."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["Authority", "Pair"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path
    fingerprint: str
    """SHA-256 of the certificate, hex."""


class Authority:
    """Signs what it is asked to sign, into one folder."""

    def __init__(self, folder: Path, name: str = "authority", *, now: datetime.datetime | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.now = now or datetime.datetime.now(datetime.UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(self._name, self._key, -1, 365).add_extension(x509.BasicConstraints(True, None), True)
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        own = builder.add_extension(usage, True).add_extension(
            x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), False
        )
        self.certificate = folder / f"{name}.pem"
        self.certificate.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, first_day: float, last_day: float
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + datetime.timedelta(days=first_day))
            .not_valid_after(self.now + datetime.timedelta(days=last_day))
        )

    def issue(
        self, name: str, *alternatives: x509.GeneralName, first_day: float = -1, last_day: float = 30,
        password: bytes | None = None,
    ) -> Pair:  # fmt: skip
        """A certificate for `name`, good for both sides of TLS, with those subject alternative names."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(subject, key, first_day, last_day)
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), False)
        usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        made = builder.add_extension(usages, False).add_extension(identifier, False).sign(self._key, hashes.SHA256())
        pair = Pair(self.folder / f"{name}.crt", self.folder / f"{name}.key", made.fingerprint(hashes.SHA256()).hex())
        pair.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        hides = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        pair.key.touch(0o600)
        pair.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hides))
        return pair

    def revoking(self, *pairs: Pair, last_day: float = 30) -> Path:
        """This authority's revocation list with those certificates, which takes the place of the one before."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._name)
            .last_update(self.now - datetime.timedelta(days=2))
            .next_update(self.now + datetime.timedelta(days=last_day))
        )
        for pair in pairs:
            serial = x509.load_pem_x509_certificate(pair.certificate.read_bytes()).serial_number
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(self.now)
            builder = builder.add_revoked_certificate(entry.build())
        path = self.certificate.with_suffix(".crl")
        path.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return path

    def server(self) -> Pair:
        """A server's certificate for this machine."""
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        return self.issue("server", x509.DNSName("localhost"), address)
