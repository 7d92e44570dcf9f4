"""Events in a file, with a manifest that says from which chain, which blocks and what hash the file has."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from testamur.audit.event import EventFilter
from testamur.audit.events import read_events
from testamur.audit.sheet import MARK, line, row
from testamur.chain.contracts import Suite
from testamur.chain.rpc import to_hex
from testamur.files import replacing

__all__ = ["export_events"]


def export_events(
    suite: Suite, wanted: EventFilter, out: Path, first: int, last: int, heads: Sequence[str] | None
) -> dict[str, Any]:
    """Write the events of blocks `first` to `last` to `out`, and `<out>.manifest.json` beside it; the manifest.

    `heads` makes it a table with these heads, else a JSON object a line. Both files are there whole or not at all.
    """
    digest, count = hashlib.sha256(), 0
    anchors = {number: to_hex(suite.rpc.block_hash(number)) for number in (0, first, last) if 0 <= number <= last}
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as file:
        texts = () if heads is None else (MARK + line(heads),)
        for text in texts:
            digest.update(_bytes(text))
            file.write(_bytes(text))
        for event in read_events(suite, wanted, first, last):
            data = _bytes(row(event) if heads is not None else json.dumps(event.to_json(), ensure_ascii=False))
            digest.update(data)
            file.write(data)
            count += 1
    manifest = {
        "file": out.name,
        "sha256": digest.hexdigest(),
        "events": count,
        "chainId": suite.rpc.chain_id(),
        "directory": to_hex(suite.directory.address),
        "fromBlock": first,
        "toBlock": last,
        "blocks": {str(number): known for number, known in anchors.items()},
        "filter": {
            "contracts": list(wanted.contracts),
            "events": list(wanted.names),
            "institution": wanted.institution,
        },
    }
    with replacing(out.with_name(out.name + ".manifest.json")) as file:
        file.write(json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n")
    return manifest


def _bytes(text: str) -> bytes:
    return text.encode() + b"\n"
