"""How a line that passed the full parse becomes a pattern for the lines like it.

Data flow: a line, its tree and what the full parse found -> `learn_pattern` -> `Pattern`. Whatever cannot be proved to
be read right by likeness gives None: such lines are parsed in full each time.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from testamur.batch.pattern import HEAD, TAIL, Pattern, Place
from testamur.batch.places import KINDS, rule_at
from testamur.credential.document import Document
from testamur.credential.nquads import UncompilableError
from testamur.credential.shape import compile_shape, flatten, lexical_forms
from testamur.credential.vocabulary import check_terms

__all__ = ["learn_pattern", "subject_name_path"]


def learn_pattern(line: bytes, tree: Mapping[str, Any], document: Document) -> Pattern | None:
    """The pattern of a line that was parsed into `tree` and judged to hold `document`; None where it cannot serve."""
    if not line.startswith(HEAD) or line[len(HEAD) : line.rindex(TAIL)] != document.canonical:
        return None
    example = line.decode()
    leaves = list(_leaves(tree))
    places = _places(example.split('"'), leaves)
    if places is None:
        return None
    # what stands in the quads, in their order: everything but types, contexts and the proof
    values = [leaf for leaf in leaves if leaf[0].startswith("credential.") and not _is_outside(leaf[0])]
    credential = {key: item for key, item in tree["credential"].items() if key != "proof"}
    kinds = check_terms(credential).kinds
    if flatten(credential)[1] != [value for _, _, value in values] or len(kinds) != len(values):
        return None
    own = {number: place for number, (path, _, _) in enumerate(values) if (place := places.get(path))}
    if not all(kinds[number] in KINDS[place.rule] for number, place in own.items()):
        return None
    shape = compile_shape(credential)
    position = {number: at for at, number in enumerate(own)}
    sets = [numbers for numbers in shape.sets if any(number in own for number in numbers)]
    if any(number not in own for numbers in sets for number in numbers):
        return None  # some of the values that must differ are fixed
    forms = lexical_forms([value for _, _, value in values], shape.numbers)
    try:
        quads = shape.quads.bind({number: form for number, form in enumerate(forms) if number not in own})
    except UncompilableError:
        return None
    return Pattern(
        example=example,
        places=tuple(places.values()),
        values=tuple(place.path for place in own.values()),
        sets=tuple(tuple(position[number] for number in numbers) for numbers in sets),
        quads=quads.lines,
    )


def subject_name_path(tree: Mapping[str, Any]) -> str | None:
    """Where the name stands that `Document.subject_name` gives."""
    items = tree["credential"]["credentialSubject"].get("identifier")
    for number, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict) and item.get("identityType") == "name" and item.get("hashed") is False:
            return f"credential.credentialSubject.identifier[{number}].identityHash"
    return None


_Leaf = tuple[str, int, str | int | float]
"""(path, number of the part that holds it, value)."""


def _places(parts: list[str], leaves: list[_Leaf]) -> dict[str, Place] | None:
    """The places by their paths; None where a value is not written as orjson writes it."""
    places: dict[str, Place] = {}
    for path, part, value in leaves:
        written = orjson.dumps(value).decode()
        if isinstance(value, str) and f'"{parts[part]}"' != written:
            return None
        rule = rule_at(path, value)
        if rule is None:
            continue
        after = ""
        if not isinstance(value, str):
            before = f":{written}"
            if not parts[part].startswith(before):
                return None
            after = parts[part][len(before) :]
        places[path] = Place(path, part, rule, after)
    return places


def _is_outside(path: str) -> bool:
    """Whether a leaf of the credential stands in no quad of its own, or in the proof."""
    names = [name.partition("[")[0] for name in path.split(".")]
    return names[1] == "proof" or "type" in names or "@context" in names


def _leaves(tree: Mapping[str, Any]) -> Iterator[_Leaf]:
    """Every text and number of a tree, in the order in which they are written."""
    strings = 0

    def walk(value: Any, path: str) -> Iterator[_Leaf]:
        nonlocal strings
        if isinstance(value, dict):
            for key, item in value.items():
                strings += 1
                yield from walk(item, f"{path}.{key}" if path else key)
        elif isinstance(value, list):
            for number, item in enumerate(value):
                yield from walk(item, f"{path}[{number}]")
        elif isinstance(value, str):
            yield path, 2 * strings + 1, value
            strings += 1
        elif value is not None and not isinstance(value, bool):
            yield path, 2 * strings, value

    yield from walk(tree, "")
