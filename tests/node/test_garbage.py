"""What requests have taken and freed goes back to the system, and processes between jobs see to it."""

import subprocess
import sys

from testamur_node.garbage import GIVING_BACK_SECONDS, GivingBack

PROGRAM = """
import sys
from pathlib import Path
from testamur_node.garbage import give_back, settle

def private():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("RssAnon"))

if sys.argv[1] == "settled":
    settle()
before = private()
for size in (6_000_000, 12_000_000, 24_000_000):  # as bodies and answers come and go
    bytearray(size)
kept, small = [], []
for number in range(40_000):
    small.append(bytes(1_000))
    if not number % 40:
        kept.append(bytes(1_001))  # lies between what goes
    if not number % 4_000:
        kept.append(bytes(8_000))
        large = bytearray(900_000)
        kept.append(bytes(8_000))
        del large
small.clear()
if sys.argv[1] == "settled":
    give_back()
print(private() - before)
"""


def grown(how: str) -> int:
    """MiB of its own that a process has kept of what it has freed."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_what_lies_free_between_what_is_used_is_given_back() -> None:
    assert grown("settled") <= 16
    assert grown("as it comes") >= 32


def test_a_process_gives_back_between_jobs_and_not_after_each() -> None:
    now = [0.0]
    giving_back = GivingBack(lambda: now[0])
    assert [giving_back.after_job() for _ in range(3)] == [False] * 3
    now[0] = GIVING_BACK_SECONDS
    assert [giving_back.after_job() for _ in range(3)] == [True, False, False]
    now[0] = 2 * GIVING_BACK_SECONDS
    assert giving_back.after_job()
