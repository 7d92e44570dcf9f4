"""Which node a script talks to: brownie's, else the environment's, else the profile's."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from testamur.chain.brownie import connected_rpc, open_profile, run_script
from testamur.profile import Profile, ProfileError

HOME, ELSEWHERE, BROWNIE = "http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a profile."""
    Profile(tmp_path / "testamur.toml", HOME, 20260, None, b"\x01" * 20).save()
    return tmp_path


def load_brownie(monkeypatch: pytest.MonkeyPatch, *, is_connected: bool) -> None:
    """What brownie's modules offer where a script runs inside it (tests/interop/tools runs the real one)."""
    provider = SimpleNamespace(endpoint_uri=BROWNIE)
    loaded = SimpleNamespace(
        network=SimpleNamespace(is_connected=lambda: is_connected), web3=SimpleNamespace(provider=provider)
    )
    monkeypatch.setitem(sys.modules, "brownie", loaded)  # type: ignore[arg-type]


def test_a_script_alone_talks_to_the_profiles_node(folder: Path) -> None:
    assert connected_rpc({}) is None
    assert open_profile(folder, {}).rpc == HOME


def test_the_environment_comes_before_the_profile(folder: Path) -> None:
    environment = {"TESTAMUR_RPC": ELSEWHERE, "TESTAMUR_PROFILE": str(folder)}
    assert open_profile(None, environment).rpc == ELSEWHERE
    assert Profile.load(folder).rpc == HOME


def test_brownies_network_comes_before_both(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_brownie(monkeypatch, is_connected=True)
    assert open_profile(folder, {"TESTAMUR_RPC": ELSEWHERE}).rpc == BROWNIE


def test_a_brownie_without_a_network_says_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_brownie(monkeypatch, is_connected=False)
    assert open_profile(folder, {}).rpc == HOME


def test_a_folder_without_a_profile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError):
        open_profile(tmp_path, {})


def script(folder: str, kind: str = "none") -> None:
    """A script of one required argument that fails as it is told."""
    if kind == "known":
        raise ProfileError("there is no profile", "make one")
    if kind == "file":
        Path(folder).read_bytes()
    sys.stdout.write(folder + "\n")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        ((), 2, "missing a required argument: 'folder'"),
        (("a", "b", "c"), 2, "too many positional arguments"),
        (("a", "known"), ProfileError.exit_code, "error: there is no profile\nadvice: make one"),
        (("/does/not/exist", "file"), 2, "No such file or directory"),
    ],
)
def test_a_script_that_fails_ends_with_a_line_and_a_code(
    arguments: tuple[str, ...], exit_code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run_script(script, arguments)
    assert ended.value.code == exit_code
    assert said in capsys.readouterr().err


def test_a_script_runs_and_says_how_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    run_script(script, ("a",))
    assert capsys.readouterr().out == "a\n"
    run_script(script, ("--help",))
    assert capsys.readouterr().out.startswith("Which node a script talks to")
