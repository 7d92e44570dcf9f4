"""Names of institutions: what one may hold, and when two look the same.

`is_plain` follows contracts/libraries/Texts.sol, `fold_name` is what the voters compare; the registry keeps the hash.
"""

import unicodedata

__all__ = ["fold_name", "is_plain"]

_LONGEST = 256
"""Bytes of UTF-8."""
_JOINERS = "\u200c\u200d"
_UNSEEN = frozenset(
    {
        *range(0x20),
        *range(0x7F, 0xA0),
        *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E),
        *(0x200B, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0x2800, 0x3164),
        *(0xFEFF, 0xFFA0, *range(0xFFF9, 0xFFFC)),
        *range(0xE0000, 0xE0080),
    }
)
"""Controls, fillers, what has no width, separators of lines, tags."""


def is_plain(name: str) -> bool:
    """Whether a name has something to see and nothing that cannot be seen, but for spaces and joiners within a word."""
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return False
    if not 0 < length <= _LONGEST or any(ord(letter) in _UNSEEN for letter in name):
        return False
    words = "".join(" " if unicodedata.category(letter) == "Zs" else letter for letter in name).split(" ")
    parts = [part for word in words if word for part in word.replace(_JOINERS[0], _JOINERS[1]).split(_JOINERS[1])]
    return bool(parts) and all(parts)


def fold_name(name: str) -> str:
    """A name with its look-alikes made equal: NFKC, case folded, without spaces, marks of punctuation and controls."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(letter for letter in folded if unicodedata.category(letter)[0] not in "ZPC")
