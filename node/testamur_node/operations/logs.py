"""The node's log: one JSON object a line on stderr, so that stdout carries answers alone."""

import datetime
import json
import logging
import sys

from testamur_node.errors import NodeError

__all__ = ["LogLevelError", "log_to_stderr"]


class LogLevelError(NodeError):
    """There is no such log level."""

    exit_code = 2


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr(level: str) -> None:
    """Send everything from `level` on to stderr."""
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise LogLevelError(f"there is no log level {level!r}", "say debug, info, warning or error")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=number, handlers=[handler], force=True)
