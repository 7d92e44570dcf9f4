"""One process that judges, seen from both ends of its pipe: what the server sends, and what the process makes of it.

A bundle comes from anybody. It is judged where a crash, an endless loop or a hanging node costs one process, which the
server ends and replaces. The process lives on between requests and holds one `Verifier`, so that the state of the
chain, the standing of batches and the shapes of credentials are found once and not for every request.
"""

import contextlib
import multiprocessing
import pickle
import resource
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from testamur.credential.budget import Budget, BudgetExceededError, limited

if TYPE_CHECKING:
    from testamur.verification.bulk import Verifier
    from testamur.verification.connection import Chain
    from testamur.verification.policy import Policy

__all__ = ["Job", "JudgeProcess", "Judgement", "Setup"]

_MOST_DATA_BYTES = 2 << 30
"""Private memory of one process."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a process judges with, for as long as it lives."""

    policy: "Policy"
    chain: "Chain"


@dataclass(frozen=True, slots=True)
class Job:
    """Bundles of one request."""

    bundles: Sequence[bytes]
    now: datetime
    """The server's clock when the request came."""
    quads: int
    """What is left of the request's budget for shapes that were never seen (`credential.budget`)."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a job."""

    verdicts: Sequence[dict[str, Any]]
    """Verdict JSON in the order of the bundles; fewer where the budget ended the job."""
    quads: int
    """What is left of the budget."""
    refusal: BudgetExceededError | None = None


class JudgeProcess:
    """One process and the pipe to it, for one job at a time."""

    def __init__(self, setup: Setup) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(setup, theirs), daemon=True, name="testamur-judge")
        # Ctrl-C goes to a whole group, and is the server's to handle: also while the process loads its libraries
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()
        self.is_usable = True
        """False once it was ended, or was found to have ended."""

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Until its libraries are loaded. EOFError or OSError where it ended instead."""
        self._pipe.recv_bytes()

    def judge(self, job: Job) -> Judgement:
        """Wait for the judgement, however long it takes. EOFError or OSError where the process ended, or was ended."""
        try:
            self._pipe.send_bytes(pickle.dumps(job, pickle.HIGHEST_PROTOCOL))
            answer: Judgement = pickle.loads(self._pipe.recv_bytes())  # noqa: S301 - our own process
        except BaseException:
            self.is_usable = False
            raise
        return answer

    def end(self) -> None:
        """End it, whatever it does; who waits for its judgement gets EOFError."""
        self.is_usable = False
        self._process.kill()

    def join(self) -> None:
        """Wait until an ended process is gone, and close its pipe. For the thread that would wait for judgements."""
        self._process.join()
        self._pipe.close()


def _serve(setup: Setup, pipe: "Connection[Any, Any]") -> None:
    """The process: judge until the other side is gone."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_DATA_BYTES, _MOST_DATA_BYTES))
    from testamur.verification.bulk import Verifier

    verifier = Verifier(setup.chain, setup.policy)
    with contextlib.suppress(EOFError, OSError):
        pipe.send_bytes(b"")
        while True:
            job: Job = pickle.loads(pipe.recv_bytes())  # noqa: S301 - the server's words
            pipe.send_bytes(pickle.dumps(_judge(verifier, job), pickle.HIGHEST_PROTOCOL))


def _judge(verifier: "Verifier", job: Job) -> Judgement:
    budget, verdicts = Budget(job.quads), []
    with limited(budget):
        try:
            for bundle in job.bundles:
                verdicts.append(verifier.judge(bundle, job.now).to_json())
        except BudgetExceededError as error:
            return Judgement(verdicts, budget.rest, error)
    return Judgement(verdicts, budget.rest)
