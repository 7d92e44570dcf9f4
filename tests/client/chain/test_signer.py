"""Keystores, passwords and signing keys: what opens, and what each refusal says."""

import json
import stat
from pathlib import Path

import pytest
from eth_account import Account as Accounts
from testamur.chain.errors import KeyUnusableError
from testamur.chain.password_file import read_password
from testamur.chain.signer import (
    Account,
    account_from_environment,
    create_keystore,
    import_keystore,
    keystore_address,
    list_keystores,
)
from testamur.chain.signing_key import create_signing_key, load_signing_key, raw_public_key

from tests.world import command

SECRET = bytes(31) + b"\x01"
ADDRESS = bytes.fromhex("7e5f4552091a69125d5dfcb7b8c2659029395bdf")


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("open sesame\n")
    return file


def test_a_keystore_is_private_names_its_address_and_opens(tmp_path: Path, password: Path) -> None:
    path = tmp_path / "keys" / "a.json"
    assert import_keystore(path, SECRET, "open sesame", is_light=True) == ADDRESS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keystore_address(path) == ADDRESS
    assert Account.load(path, password).address == ADDRESS
    assert SECRET.hex() not in path.read_text()


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("precious")
    with pytest.raises(KeyUnusableError, match="exists already") as caught:
        create_keystore(path, "x", is_light=True)
    assert caught.value.exit_code == 9
    assert path.read_text() == "precious"


def test_a_wrong_password_is_told_from_a_wrong_file(tmp_path: Path, password: Path) -> None:
    path = tmp_path / "a.json"
    create_keystore(path, "another", is_light=True)
    with pytest.raises(KeyUnusableError, match="does not open the keystore"):
        Account.load(path, password)
    path.write_text("{}")
    with pytest.raises(KeyUnusableError, match="not a keystore of version 3"):
        Account.load(path, password)
    path.write_bytes(b"\xff")
    with pytest.raises(KeyUnusableError, match="holds no JSON"):
        Account.load(path, password)
    with pytest.raises(KeyUnusableError, match="cannot be read"):
        Account.load(tmp_path / "missing.json", password)


def test_a_damaged_keystore_is_refused(tmp_path: Path, password: Path) -> None:
    path = tmp_path / "a.json"
    import_keystore(path, SECRET, "open sesame", is_light=True)
    content = json.loads(path.read_text())
    del content["crypto"]["kdfparams"]
    path.write_text(json.dumps(content))
    with pytest.raises(KeyUnusableError):
        Account.load(path, password)


def test_a_password_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes("密码 x\r\nsecond".encode())
    assert read_password(file) == "密码 x"
    with pytest.raises(KeyUnusableError, match="no password file"):
        read_password(None)
    with pytest.raises(KeyUnusableError, match="cannot be read"):
        read_password(tmp_path / "missing")


def test_eth_keystore_is_a_file_or_a_folder_as_in_cast(tmp_path: Path, password: Path) -> None:
    folder = tmp_path / "keys"
    import_keystore(folder / "one.json", SECRET, "open sesame", is_light=True)
    environment = {"ETH_KEYSTORE": str(folder), "ETH_PASSWORD": str(password)}
    found = account_from_environment(environment)
    assert found is not None
    assert found.address == ADDRESS
    other = create_keystore(folder / "two.json", "open sesame", is_light=True)
    with pytest.raises(KeyUnusableError, match="holds 2 fitting accounts"):
        account_from_environment(environment)
    chosen = account_from_environment(environment, other)
    assert chosen is not None
    assert chosen.address == other
    assert account_from_environment({}) is None
    assert [address for _, address in list_keystores(folder)] == [ADDRESS, other]


def test_an_account_signs_what_its_address_says_and_keeps_its_key_to_itself() -> None:
    account = Account.from_secret(SECRET)
    fields = {"to": bytes(20), "data": b"", "value": 0, "gas": 21000, "nonce": 0, "chainId": 1}
    signed = account.sign_transaction({**fields, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0})
    assert bytes.fromhex(Accounts.recover_transaction(signed.raw)[2:]) == ADDRESS
    assert SECRET.hex() not in repr(account)


def test_a_signing_key_is_encrypted_private_and_opens_again(tmp_path: Path, password: Path) -> None:
    path = tmp_path / "credential.pem"
    key = create_signing_key(path, "open sesame")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert raw_public_key(load_signing_key(path, password)) == raw_public_key(key)


def test_a_signing_key_that_cannot_be_used_is_refused(tmp_path: Path, password: Path) -> None:
    path = tmp_path / "credential.pem"
    create_signing_key(path, "another")
    with pytest.raises(KeyUnusableError, match="does not open the signing key"):
        load_signing_key(path, password)
    with pytest.raises(KeyUnusableError, match="cannot be read"):
        load_signing_key(tmp_path / "missing.pem", password)
    with pytest.raises(KeyUnusableError, match="password is empty"):
        create_signing_key(tmp_path / "other.pem", "")


def test_a_secret_that_others_can_read_draws_one_complaint_with_its_remedy(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    password = tmp_path / "password"
    password.write_text("open sesame\n")
    for mode, complaints in ((0o600, 0), (0o640, 1), (0o644, 1)):
        caplog.clear()
        other = tmp_path / f"password-{mode:o}"
        other.write_text("open sesame\n")
        other.chmod(mode)
        assert read_password(other) == read_password(other) == "open sesame"
        told = [record.getMessage() for record in caplog.records]
        assert len(told) == complaints
        assert all(f"chmod 600 {other}" in line for line in told)


def test_a_command_complains_in_its_readers_language(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("open sesame\n")
    password.chmod(0o644)
    made = command(
        "account", "new", "one", "--keystore", tmp_path / "keys", "--password-file", password, "--lang", "zh"
    )
    assert made.code == 0
    assert "本机其他人能读取" in made.err
