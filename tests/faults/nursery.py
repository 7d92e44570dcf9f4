"""A process that imports `testamur-node` once and forks it for each command, so that hundreds of crashes stay quick.

Each line on standard input is an object: `arguments` of testamur-node, and where it shall die: `point`, `passage`,
`seed`; `file_bytes` limits its files and `user` is who it runs as, 0 for neither. The child is the program itself,
listeners and all. The nursery prints `child PID`, and `ended CODE` when it has; what comes between is the child's own
output.
"""

import json
import os
import resource
import signal
import sys
import traceback
from typing import Any

import testamur_node.importing
import testamur_node.operations.doctor
import testamur_node.operations.start
import testamur_node.operations.upkeep
import testamur_node.rpc.server  # noqa: F401 - imported once for all children
from testamur_node.cli import main as testamur_node_main

from tests.faults.points import POINTS, arm, say


def become(order: dict[str, Any]) -> None:
    """Run the command in this child, armed; returns or raises as the program does."""
    if order["point"] is not None:
        arm(next(one for one in POINTS if one.name == order["point"]), order["passage"], order["seed"])
    if order["file_bytes"]:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_bytes"], order["file_bytes"]))
    if order["user"]:
        os.setgroups([])
        os.setgid(order["user"])
        os.setuid(order["user"])
    sys.argv = ["testamur-node", *order["arguments"]]
    testamur_node_main()


def main() -> None:
    """Fork a child for each line."""
    say("warm")
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            code = 0
            try:
                become(order)
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 0
            except BaseException:
                traceback.print_exc()
                code = 70
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        say(f"child {child}")
        _, status = os.waitpid(child, 0)
        say(f"ended {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()
