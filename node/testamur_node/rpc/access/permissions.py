"""Which methods somebody may ask, by namespace and by name: the lists that listeners, tokens and certificates carry.

An entry is Besu's `NAMESPACE:METHOD` with `*` for any (`*:*`, `eth:*`, `eth:call`), or shorter: a namespace (`eth`), or
a method as it is asked (`eth_call`). What is denied stays denied, whatever is allowed beside it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from testamur_node.errors import NodeError

__all__ = ["EVERYTHING", "NOTHING", "PermissionEntryError", "Permissions", "namespace_of"]

_NAMESPACE = "[a-z][a-z0-9]*"
_ENTRY = re.compile(
    rf"(?P<all>\*(:\*)?)|(?P<namespace>{_NAMESPACE})((:\*)?|(:|_)(?P<method>[A-Za-z][A-Za-z0-9]*))", re.ASCII
)
_LONGEST = 100
"""Characters of an entry; no method's name comes near."""

Entry = tuple[str, str]
"""(namespace, method), `*` for any."""


class PermissionEntryError(NodeError):
    """A permission is not written as one."""

    exit_code = 2


def namespace_of(method: str) -> str:
    """`eth` of `eth_call`; the whole name where there is no underscore."""
    return method.partition("_")[0]


def _entry(text: object) -> Entry:
    """One entry, read."""
    found = _ENTRY.fullmatch(text) if isinstance(text, str) and len(text) <= _LONGEST else None
    if found is None:
        said = repr(text)[:_LONGEST]
        raise PermissionEntryError(f"{said} is not a permission", "say a namespace, NAMESPACE:METHOD or *:*")
    return ("*", "*") if found["all"] else (found["namespace"], found["method"] or "*")


def _covers(entries: frozenset[Entry], method: str) -> bool:
    namespace, _, name = method.partition("_")
    return ("*", "*") in entries or (namespace, "*") in entries or (namespace, name) in entries


@dataclass(frozen=True, slots=True)
class Permissions:
    """What is allowed, less what is denied."""

    allow: frozenset[Entry] = frozenset()
    deny: frozenset[Entry] = frozenset()

    @classmethod
    def read(cls, allow: Iterable[object], deny: Iterable[object] = ()) -> "Permissions":
        """Out of two lists of entries; raises `PermissionEntryError` for the first that is none."""
        return cls(frozenset(map(_entry, allow)), frozenset(map(_entry, deny)))

    def permits(self, method: str) -> bool:
        """Whether a method may be asked, judged by its name alone: one that does not exist is judged as well."""
        return not _covers(self.deny, method) and _covers(self.allow, method)

    @property
    def is_nothing(self) -> bool:
        """Whether no method at all may be asked."""
        return not self.allow or ("*", "*") in self.deny

    @property
    def namespaces(self) -> frozenset[str]:
        """Namespaces of which something is allowed; `*` among them where that is any."""
        return frozenset(namespace for namespace, _ in self.allow if (namespace, "*") not in self.deny)


EVERYTHING = Permissions(frozenset({("*", "*")}))
NOTHING = Permissions()
