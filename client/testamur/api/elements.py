"""The bundles of one request body, each as the bytes it was sent as.

Parsing and writing a bundle again would hide what the strict parser must see (duplicate keys, odd numbers), so the
body is only cut where one value ends and the next begins.
"""

import json
import re

__all__ = ["ElementsError", "elements"]

_BETWEEN = re.compile(r"[\s,]*")


class ElementsError(ValueError):
    """The body is neither a JSON array nor one JSON value a line."""


def elements(body: bytes, *, is_array: bool = False) -> list[bytes]:
    """The values of a JSON array, or of NDJSON unless `is_array` demands an array, as they were sent."""
    try:
        text = body.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise ElementsError("the body is not UTF-8") from error
    if text.startswith("["):
        if not text.endswith("]"):
            raise ElementsError("the array does not end")
        text = text[1:-1]
    elif is_array:
        raise ElementsError("the body is not a JSON array")
    decoder, place = json.JSONDecoder(), 0
    found: list[bytes] = []
    while (place := _skip(text, place)) < len(text):
        try:
            _, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            raise ElementsError(f"value {len(found) + 1} cannot be read: {error}") from error
        found.append(text[place:end].encode())
        place = end
    return found


def _skip(text: str, place: int) -> int:
    match = _BETWEEN.match(text, place)
    return match.end() if match else place
