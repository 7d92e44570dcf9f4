"""docs/rpc.md lists what the node answers, no more and no less."""

from tools.rpc_table import DOCUMENT, rendered


def test_the_table_of_methods_is_what_the_code_registers() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == rendered(), "run `.venv/bin/python tools/rpc_table.py`"
