"""Pages of the store's file that were read stop counting as the node's memory, and can be read all the same."""

from pathlib import Path

from testamur_node.store.residence import Residence
from testamur_node.store.store import Commit, Store

MEBIBYTE = 1024 * 1024


def resident_file_pages() -> int:
    """Bytes of files that are resident in this process, as `top` counts them."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssFile"))
    return int(line.split()[1]) * 1024


def test_a_commit_gives_back_what_reading_made_resident(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    nodes = {number.to_bytes(32, "big"): bytes([number % 256]) * 3_000 for number in range(12_000)}
    store.append(Commit(nodes=nodes))
    before = resident_file_pages()
    assert all(store.read_node(digest) == node for digest, node in nodes.items())
    assert resident_file_pages() > before + 30 * MEBIBYTE
    store.append(Commit(meta={"name": b"value"}))
    assert resident_file_pages() < before + 5 * MEBIBYTE
    assert all(store.read_node(digest) == node for digest, node in nodes.items())
    store.close()


def test_a_few_pages_are_left_where_they_are(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.append(Commit(nodes={bytes(32): b"node"}))
    assert Residence(tmp_path / "data.mdb").trim() is False
    store.close()
