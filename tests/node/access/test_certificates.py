"""TLS files at start, and what a client certificate lets its holder ask."""

import shutil
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from testamur_node.rpc.access.certificates import (
    TlsError,
    TlsFiles,
    certificate_names,
    principal_of,
    server_context,
)
from testamur_node.rpc.access.permissions import Permissions

from tests.node.access.authority import Authority, Pair


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Pair:
    return authority.server()


def der(pair: Pair) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pair.certificate.read_text())


def test_a_server_speaks_tls_1_2_or_newer(authority: Authority, server: Pair) -> None:
    now = authority.now.timestamp()
    context = server_context(TlsFiles(server.certificate, server.key), now)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_NONE
    mutual = server_context(TlsFiles(server.certificate, server.key, authority.certificate), now)
    assert mutual.verify_mode is ssl.CERT_REQUIRED


def test_a_certificate_out_of_its_time_is_refused(authority: Authority) -> None:
    now, server = authority.now.timestamp(), authority.issue("short", first_day=-1, last_day=1)
    files = TlsFiles(server.certificate, server.key)
    assert server_context(files, now)
    with pytest.raises(TlsError, match="expired"):
        server_context(files, now + 2 * 86_400)
    with pytest.raises(TlsError, match="begins at"):
        server_context(files, now - 2 * 86_400)
    with pytest.raises(TlsError, match="expired"):
        server_context(TlsFiles(server.certificate, server.key, server.certificate), now + 2 * 86_400)


def test_a_key_of_another_certificate_is_refused(authority: Authority, server: Pair) -> None:
    other = authority.issue("other")
    with pytest.raises(TlsError, match="is not that of"):
        server_context(TlsFiles(server.certificate, other.key), authority.now.timestamp())


def test_an_encrypted_key_is_refused_and_nobody_is_asked_for_a_password(authority: Authority) -> None:
    hidden = authority.issue("hidden", password=b"secret")
    with pytest.raises(TlsError, match="encrypted"):
        server_context(TlsFiles(hidden.certificate, hidden.key), authority.now.timestamp())


@pytest.mark.parametrize("part", ["certificate", "key", "client_authority"])
def test_a_file_that_is_missing_or_no_pem_is_named(
    authority: Authority, server: Pair, part: str, tmp_path: Path
) -> None:
    files = {"certificate": server.certificate, "key": server.key, "client_authority": authority.certificate}
    (tmp_path / "nonsense").write_text("nonsense")
    for path in (tmp_path / "nothing", tmp_path / "nonsense"):
        with pytest.raises(TlsError, match=path.name):
            server_context(TlsFiles(**{**files, part: path}), authority.now.timestamp())


def test_a_key_that_others_can_read_is_warned_of(
    authority: Authority, server: Pair, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server_context(TlsFiles(server.certificate, server.key), authority.now.timestamp())
    assert caplog.text == ""
    loose = Path(shutil.copy(server.key, tmp_path / "loose.key"))
    loose.chmod(0o644)
    server_context(TlsFiles(server.certificate, loose), authority.now.timestamp())
    assert "chmod 600" in caplog.text


NAMES = (x509.DNSName("Verify.Example"), x509.UniformResourceIdentifier("https://verify.example/#a"),
         x509.RFC822Name("ops@verify.example"))  # fmt: skip


def test_a_certificate_has_its_names_the_most_exact_first(authority: Authority) -> None:
    pair = authority.issue("verifier", *NAMES)
    assert certificate_names(der(pair)) == (
        f"sha256:{pair.fingerprint}", "uri:https://verify.example/#a", "dns:verify.example", "email:ops@verify.example",
        "cn:verifier",
    )  # fmt: skip
    plain = authority.issue("plain")
    assert certificate_names(der(plain)) == (f"sha256:{plain.fingerprint}", "cn:plain")


@pytest.mark.parametrize(
    "name", ["uri:https://verify.example/#a", "dns:verify.example", "email:ops@verify.example", "cn:verifier"]
)
def test_a_holder_may_what_their_name_may_and_a_stranger_nothing(authority: Authority, name: str) -> None:
    table = {name: Permissions.read(["eth:call"])}
    holder = principal_of(der(authority.issue("verifier", *NAMES)), table)
    assert holder.name == f"certificate:{name}"
    assert holder.may("eth_call")
    assert not holder.may("eth_getLogs")
    stranger = principal_of(der(authority.issue("stranger")), table)
    assert stranger.is_known
    assert stranger.may_nothing


def test_the_fingerprint_goes_before_names_and_the_star_comes_last(authority: Authority) -> None:
    pair = authority.issue("verifier", *NAMES)
    table = {
        "*": Permissions.read(["net"]),
        "cn:verifier": Permissions.read(["eth"]),
        f"sha256:{pair.fingerprint}": Permissions.read(["web3"]),
    }
    assert principal_of(der(pair), table).may("web3_sha3")
    assert not principal_of(der(pair), table).may("eth_call")
    renewed = principal_of(der(authority.issue("verifier", *NAMES)), table)
    assert renewed.may("eth_call")
    assert not renewed.may("web3_sha3")
    other = principal_of(der(authority.issue("other")), table)
    assert other.may("net_version")
    assert not other.may("eth_call")


def test_without_a_table_the_authority_s_signature_is_enough(authority: Authority) -> None:
    assert principal_of(der(authority.issue("anybody")), None).may("eth_call")
    assert not principal_of(der(authority.issue("anybody")), {}).may("eth_call")
