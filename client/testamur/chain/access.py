"""What a node is shown by who asks it: a token, a client certificate; and whom the client believes to be the node.

Files all of them, named by the profile, a flag or a variable; never values. They are looked at before each request and
read again when they change, since tokens that last an hour and certificates that last a day are replaced while a server
runs.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Self

from testamur.chain.errors import KeyUnusableError

if TYPE_CHECKING:
    import ssl

__all__ = ["NO_ACCESS", "Access"]

_VARIABLES = {
    "token_file": "TESTAMUR_TOKEN_FILE",
    "certificate": "TESTAMUR_TLS_CERTIFICATE",
    "key": "TESTAMUR_TLS_KEY",
    "authority": "TESTAMUR_TLS_CA",
}
_LONGEST_TOKEN = 8_192
"""Characters; a node takes no longer one."""
_HINT = "it is named by a flag, a TESTAMUR_* variable, or [access] in testamur.toml"


@dataclass(frozen=True, slots=True)
class Access:
    """Files for one node; None for what it does not ask for."""

    token_file: Path | None = None
    """Holds one bearer token (RFC 6750) and nothing else."""
    certificate: Path | None = None
    """The client's certificate in PEM, those between it and its root behind it."""
    key: Path | None = None
    """Its private key in PEM, not encrypted; None where it stands in `certificate` too."""
    authority: Path | None = None
    """Certificates in PEM of who may have signed the node's; None: those that httpx believes."""

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """What TESTAMUR_TOKEN_FILE, TESTAMUR_TLS_CERTIFICATE, TESTAMUR_TLS_KEY and TESTAMUR_TLS_CA name."""
        return cls(**{name: Path(path) for name, key in _VARIABLES.items() if (path := environment.get(key))})

    def over(self, other: "Access") -> "Access":
        """These files, and where there is none the other's. A certificate comes with its own key or none."""
        pair = self if self.certificate is not None else other
        return Access(
            self.token_file or other.token_file, pair.certificate, self.key or pair.key,
            self.authority or other.authority,
        )  # fmt: skip

    def beside(self, folder: Path) -> "Access":
        """The same files by their paths from `folder`, as a profile keeps them."""
        return Access(**{name: Path(os.path.relpath(path, folder)) for name, path in self.given().items()})

    def given(self) -> dict[str, Path]:
        """The files by name, those that there are."""
        return {item.name: path for item in fields(self) if (path := getattr(self, item.name)) is not None}

    @property
    def has_tls(self) -> bool:
        """Whether anything about TLS is other than usual."""
        return self.certificate is not None or self.authority is not None

    def token(self) -> str | None:
        """The token as the file holds it now. Raises `KeyUnusableError`."""
        if self.token_file is None:
            return None
        try:
            text = self.token_file.read_text(encoding="ascii").strip()
            _demand_private(self.token_file, "token")
        except (OSError, UnicodeDecodeError) as error:
            raise KeyUnusableError(f"cannot read the token in {self.token_file}: {_reason(error)}", _HINT) from error
        if not text or len(text) > _LONGEST_TOKEN or len(text.split()) != 1:
            raise KeyUnusableError(
                f"{self.token_file} holds no token", "it holds one token in one line, without the word Bearer"
            )
        return text

    def context(self) -> "ssl.SSLContext":
        """How to speak TLS with the node. Raises `KeyUnusableError`."""
        import ssl

        if self.key is not None and self.certificate is None:
            raise KeyUnusableError(f"there is a key {self.key} and no certificate", "name it with --tls-certificate")
        context = _usual() if self.authority is None else _believing(self.authority)
        if self.certificate is not None:
            key = self.key or self.certificate
            try:
                _demand_private(key, "private key")
                context.load_cert_chain(self.certificate, key, password=lambda: _encrypted(key))
            except ssl.SSLError as error:
                if error.reason == "KEY_VALUES_MISMATCH":
                    raise KeyUnusableError(f"the private key in {key} is not that of {self.certificate}") from error
                raise KeyUnusableError(
                    f"the private key in {key} cannot be used with {self.certificate}", "both are in PEM"
                ) from error
            except OSError as error:
                raise KeyUnusableError(f"cannot read {error.filename or key}: {_reason(error)}", _HINT) from error
        return context

    def check(self) -> None:
        """Read every file once, so that a bad one is told before anything is asked. Raises `KeyUnusableError`."""
        self.token()
        if self.has_tls or self.key is not None:
            self.context()

    def stamp(self) -> tuple[tuple[int, int, int] | None, ...]:
        """Another value when one of the files about TLS was replaced or written."""
        return tuple(_stamp(path) for path in (self.certificate, self.key, self.authority))


NO_ACCESS = Access()
"""Nothing is shown."""


def _usual() -> "ssl.SSLContext":
    """Believes whom httpx believes, or SSL_CERT_FILE and SSL_CERT_DIR of the environment."""
    import httpx

    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        raise KeyUnusableError(
            f"SSL_CERT_FILE, SSL_CERT_DIR or SSLKEYLOGFILE of the environment cannot be used: {error}",
            "correct or unset it, or name the node's authority with --tls-ca",
        ) from error


def _believing(authority: Path) -> "ssl.SSLContext":
    import ssl

    try:
        return ssl.create_default_context(cafile=authority)
    except ssl.SSLError as error:
        raise KeyUnusableError(f"{authority} holds no certificate in PEM", _HINT) from error
    except OSError as error:
        raise KeyUnusableError(f"cannot read {authority}: {_reason(error)}", _HINT) from error


def _demand_private(path: Path, what: str) -> None:
    if path.stat().st_mode & 0o007:
        raise KeyUnusableError(f"the {what} in {path} can be read by everybody on this machine", f"chmod 600 {path}")


def _encrypted(path: Path) -> bytes:
    raise KeyUnusableError(
        f"the private key in {path} is encrypted", "give the client one without a password, mode 0600"
    )


def _stamp(path: Path | None) -> tuple[int, int, int] | None:
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_ino, found.st_mtime_ns, found.st_size)


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "it is not ASCII text"
