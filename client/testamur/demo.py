"""`./run demo`: the main job on an embedded chain, from founding the alliance to six verdicts.

1. a governed chain of two institutions, one solo engine, in a fresh folder
2. the scenario of Chengdu: votes, agreement, keys, lists
3. a roster issued, one credential revoked, one suspended
4. six cases judged by the policy that any verifier would use: valid, forged, revoked, suspended, expired,
   and one of an institution that the alliance does not recognise
5. the verification page served until Ctrl-C (not with --once)
"""

import csv
import io
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from testamur.batch.example import example_roster
from testamur.cli.terminal import Terminal
from testamur.credential.columns import FIELDS
from testamur.credential.template import Template
from testamur.issuer import Issuer
from testamur.language import chosen_from_environment, language
from testamur.profile import Profile
from testamur.scenario import run as play
from testamur.scenario.node import init_node, start_node
from testamur.scenario.unanchored import unanchored_bundle
from testamur.verification.connection import Chain
from testamur.verification.policy import Policy
from testamur.verification.verify import verify

__all__ = ["EXPECTED", "Steps", "main", "make_cases", "play_demo"]

EXPECTED: Mapping[str, str] = {
    "valid": "ok",
    "forged": "signature_invalid",
    "revoked": "revoked",
    "suspended": "suspended",
    "expired": "expired",
    "unrecognised": "issuer_not_recognised",
}
"""The cases in order, with the code that each must come to."""
ROWS = 100
SEED = 100
"""Of invented learners other than the scenario's, which are numbered by institution."""


class Steps:
    """Says each step on stderr and keeps how long it took."""

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}
        self._start = self._last = perf_counter()

    def say(self, text: str) -> None:
        told = language(chosen_from_environment()).told(text)
        sys.stderr.write(f"[{perf_counter() - self._start:5.1f} s] {told}\n")
        sys.stderr.flush()

    def end(self, name: str) -> None:
        now = perf_counter()
        self.timings[name], self._last = now - self._last, now

    def total(self) -> dict[str, float]:
        return {name: round(seconds, 3) for name, seconds in self.timings.items()} | {
            "total": round(perf_counter() - self._start, 3)
        }


def play_demo(folder: Path, *, serve: Callable[[Path, str, Sequence[dict[str, Any]]], None] | None) -> dict[str, Any]:
    """Play the demo in `folder`; `serve` is handed the folder, the node and the verdicts while the chain still runs."""
    steps = Steps()
    steps.say("founding a governed chain of two institutions")
    init_node(folder / "node", is_development=False)
    node = start_node(folder / "node")
    try:
        steps.end("chain")
        world = play(
            "chengdu", folder / "alliance", rpc=node.rpc, profile=node.home / "testamur.toml", rows=5, say=steps.say
        )
        steps.end("scenario")
        cases = make_cases(folder, Profile.load(world.profile), world.unrecognised, steps)
        steps.say("verifying six cases")
        verdicts = _judge(cases, Policy.load(world.policy), node.rpc)
        steps.end("verify")
        result = {"verdicts": verdicts, "timings": steps.total()}
        if serve is not None:
            serve(folder, node.rpc, verdicts)
    finally:
        node.stop()
    return result


def make_cases(folder: Path, profile: Profile, third: int, steps: Steps) -> dict[str, Path]:
    """Issue, revoke, suspend, forge; one bundle file per case."""
    cases = {case: folder / "cases" / f"{case}.json" for case in EXPECTED}
    (folder / "cases").mkdir()
    template_path = profile.path.parent / "cdou" / "template.json"
    template = Template.load(template_path)
    (folder / "roster.csv").write_bytes(_roster(template))
    with Issuer.open(profile) as issuer:
        steps.say(f"{issuer.institution.name} issues a roster of {ROWS} rows")
        issuer.issue(folder / "roster.csv", template_path, folder / "batch", per_file=True)
        steps.end("issue")
        names = {"valid": 1, "forged": 2, "revoked": 3, "suspended": 4, "expired": 5}
        for case, number in names.items():
            shutil.copyfile(folder / "batch" / "bundles" / f"S{number:06d}.json", cases[case])
        steps.say("revoking one credential, suspending another")
        issuer.revoke([cases["revoked"]], reason=1)
        issuer.suspend([cases["suspended"]], reason=2)
        steps.end("status")
    cases["forged"].write_bytes(_forged(cases["forged"].read_bytes()))
    cases["unrecognised"].write_bytes(unanchored_bundle(profile, profile.institution(third), template).dump())
    return cases


def _roster(template: Template) -> bytes:
    """Invented learners; the fifth one's credential expired long ago."""
    rows = list(csv.reader(io.StringIO(example_roster(template, ROWS, seed=SEED).decode("utf-8"), newline="")))
    column = {name: rows[0].index(FIELDS[name].header) for name in ("valid_from", "valid_until")}
    rows[5][column["valid_from"]], rows[5][column["valid_until"]] = "2020-07-01", "2023-06-30"
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()


def _forged(data: bytes) -> bytes:
    """The same bundle in another learner's name."""
    tree = json.loads(data)
    subject = tree["credential"]["credentialSubject"]
    for identifier in subject.get("identifier", []):
        if identifier.get("identityType") == "name":
            identifier["identityHash"] = "张三丰"
    return json.dumps(tree, ensure_ascii=False).encode()


def _judge(cases: Mapping[str, Path], policy: Policy, url: str) -> list[dict[str, Any]]:
    verdicts = []
    with Chain.connect(url) as chain:
        for case, path in cases.items():
            verdict = verify(path.read_bytes(), chain, policy)
            verdicts.append({"case": case, "outcome": verdict.outcome, "code": verdict.code})
    return verdicts


def _serve(folder: Path, url: str, verdicts: Sequence[dict[str, Any]]) -> None:
    """Print the table and serve the page until Ctrl-C."""
    from testamur.api.server import run_server
    from testamur.api.service import Service

    words = language(chosen_from_environment())
    terminal = Terminal(False, words)
    _table(terminal, folder, verdicts)
    policy = Policy.load(folder / "alliance" / "policy.toml")
    with Chain.connect(url) as chain:

        def ready(page: str, pid: int) -> None:
            terminal.say()
            terminal.say(words.text("demo.page", url=page))
            terminal.say(words.text("demo.drop", folder=folder / "cases"))
            terminal.say(words.text("demo.stop"))
            sys.stdout.flush()

        run_server(Service(policy, chain), "127.0.0.1", 0, ready)


def _table(terminal: Terminal, folder: Path, verdicts: Sequence[dict[str, Any]]) -> None:
    words = terminal.language
    heads = tuple(words.text(f"demo.{name}") for name in ("case", "verdict", "code", "meaning"))
    rows = [
        (
            words.text(f"demo.case_{item['case']}"),
            words.text(f"outcome.{item['outcome']}"),
            item["code"],
            words.text(f"code.{item['code']}.headline"),
        )
        for item in verdicts
    ]
    terminal.table(heads, rows)


def main(arguments: Sequence[str]) -> int:
    """Play the demo; 0 when every case came to its code."""
    unknown = [word for word in arguments if word not in ("--once", "--json")]
    if unknown:
        told = language(chosen_from_environment()).told
        sys.stderr.write(told(f"demo does not know {' '.join(unknown)}; it takes --once and --json") + "\n")
        return 2
    once, as_json = "--once" in arguments, "--json" in arguments
    for number in (signal.SIGINT, signal.SIGTERM):  # however it is ended, the chain stops and its files go
        signal.signal(number, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="testamur-demo-"))
    try:
        result = play_demo(folder, serve=None if once else _serve)
        if as_json:
            sys.stdout.write(json.dumps(result) + "\n")
        elif once:
            _table(Terminal(False, language(chosen_from_environment())), folder, result["verdicts"])
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if {item["case"]: item["code"] for item in result["verdicts"]} == EXPECTED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
