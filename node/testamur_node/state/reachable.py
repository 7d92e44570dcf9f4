"""What a state consists of: every trie node and code under its root. Pruning keeps it, verification demands it."""

from collections.abc import Callable, Iterable

from testamur_node.codec import rlp_list
from testamur_node.state.reader import EMPTY_CODE_HASH
from testamur_node.state.trie import EMPTY_ROOTS, MissingNodeError, children_of

__all__ = ["reachable"]


def reachable(
    roots: Iterable[bytes], read_node: Callable[[bytes], bytes | None], seen: set[bytes] | None = None
) -> set[bytes]:
    """The hashes of every node and code under the state roots, added to `seen`, below whose members nothing is visited.

    Raises `MissingNodeError` for what is not there.
    """
    found: set[bytes] = set(EMPTY_ROOTS) if seen is None else seen
    open_hashes = [(root, True) for root in roots]
    while open_hashes:
        digest, holds_accounts = open_hashes.pop()
        if digest in found:
            continue
        below, values = children_of(_read(digest, read_node))
        found.add(digest)
        open_hashes += [(child, holds_accounts) for child in below]
        if not holds_accounts:
            continue
        for value in values:
            _, _, storage_root, code_hash = rlp_list(value, 4)
            assert isinstance(storage_root, bytes)  # a value of the state trie is an account
            assert isinstance(code_hash, bytes)
            open_hashes.append((storage_root, False))
            if code_hash != EMPTY_CODE_HASH and code_hash not in found:
                _read(code_hash, read_node)
                found.add(code_hash)
    return found


def _read(digest: bytes, read_node: Callable[[bytes], bytes | None]) -> bytes:
    encoded = read_node(digest)
    if encoded is None:
        raise MissingNodeError(f"node {digest.hex()} is not in the store")
    return encoded
