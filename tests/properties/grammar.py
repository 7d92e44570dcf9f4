"""JSON texts written by a grammar, each with what it means: apart from the parser, and knowing nothing of it.

A text is made together with its reading, so that a test can ask whether a parser reads what was meant; a fault is
planted in a text whose rest is right, so that a test can ask whether it is noticed wherever it stands.
"""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import strategies as st

__all__ = ["FAULTS", "Draw", "documents", "faulty", "spelt"]

Draw = Callable[[st.SearchStrategy[Any]], Any]
GAPS = st.sampled_from(["", "", "", " ", "\n", "\t", "\r\n  "])
PLAIN = st.one_of(
    st.sampled_from("aZ09 .:-{}[],'/李𠮷é"),
    st.characters(min_codepoint=0x21, max_codepoint=0x7E),
    st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF),
)
TEXTS = st.lists(PLAIN, max_size=6).map("".join)
WHOLE = st.one_of(st.integers(-(2**53) + 1, 2**53 - 1), st.integers(-3, 3))
PLACES = st.tuples(st.integers(0, 99_999), st.integers(1, 9_999), st.sampled_from(["", "-"]))
FAULTS = {
    "a key twice": lambda draw: _twice(draw),
    "an integer that a double does not hold": lambda draw: str(draw(st.integers(2**53, 2**70)) * draw(_SIGN)),
    "an exponent": lambda draw: draw(st.sampled_from(["1e5", "1E5", "2.5e-3", "0e0", "-1e+1"])),
    "a fifth place": lambda draw: f"{draw(st.integers(0, 99))}.{draw(st.integers(10_000, 99_999))}",
    "minus zero": lambda draw: draw(st.sampled_from(["-0", "-0.0", "-0.000"])),
    "no JSON number": lambda draw: draw(
        st.sampled_from(["NaN", "Infinity", "-Infinity", "01", "+1", ".5", "5.", "0x10", "1_0", "-", "١"])
    ),
    "no JSON word": lambda draw: draw(st.sampled_from(["True", "None", "nil", "undefined", "nulll", "'a'", "a"])),
    "a lone surrogate": lambda draw: draw(
        st.sampled_from([r'"\ud800"', r'"\udfff"', r'"\ud842x"', r'"\udfb7\ud842"'])
    ),
    "a forbidden character": lambda draw: '"a' + draw(st.sampled_from(_FORBIDDEN)) + 'b"',
    "a forbidden character, escaped": lambda draw: '"' + _escaped(draw(st.sampled_from(_FORBIDDEN))) + '"',
    "a forbidden character in a key": lambda draw: '{"' + _escaped(draw(st.sampled_from(_FORBIDDEN))) + '":1}',
    "an escape that JSON does not know": lambda draw: draw(st.sampled_from([r'"\x41"', r'"\u12"', r'"\a"', '"\\\n"'])),
    "a comma too many": lambda draw: draw(st.sampled_from(["[1,]", "[,1]", '{"a":1,}', "[1,,2]", "[,]", "{,}"])),
    "a bracket that closes another": lambda draw: draw(st.sampled_from(["[1}", '{"a":1]', "[[1]", "{{}}", "[1]]"])),
    "a key that is no text": lambda draw: draw(
        st.sampled_from(["{1:2}", "{null:1}", "{[]:1}", "{a:1}", '{"a"}', '{"a"1}'])
    ),
    "a comment": lambda draw: draw(st.sampled_from(["/**/1", "1//x\n", "#\n1"])),
    "too deep": lambda draw: "[" * 33 + "]" * 33,
}  # fmt: skip
"""What no text may hold (docs/protocol.md 1.1 to 1.3), each in the place of a value."""
_SIGN = st.sampled_from([1, -1])
_FORBIDDEN = ["\x00", "\x1f", "\x7f", "\x9f", "\u200b", "\u202e", "\u2066", "\u2028"]
_FORBIDDEN += ["\ufeff", "\ufffe", "\U000e0041", "\U0001ffff"]


@st.composite
def documents(draw: Draw) -> tuple[bytes, Any]:
    """A text that keeps every rule, and what it means."""
    text, meaning = _value(draw, 4)
    return _between(draw, text).encode(), meaning


@st.composite
def faulty(draw: Draw, fault: str) -> bytes:
    """A text that keeps every rule but one, once, at any depth."""
    text = FAULTS[fault](draw)
    for _ in range(draw(st.integers(0, 3))):
        before, after = (_value(draw, 1)[0] for _ in range(2))
        if draw(st.booleans()):
            text = f"[{before},{_between(draw, text)},{after}]"
        else:
            text = f'{{"a":{before},"b":{_between(draw, text)},"c":{after}}}'
    return _between(draw, text).encode("utf-8", "surrogatepass")


def spelt(random: Random, value: Any) -> str:
    """A value in one of the many spellings of JSON: gaps, escapes, another order of keys."""

    def gap() -> str:
        return random.choice(["", "", "", " ", "\n", "\t", "\r\n  "])

    def string(text: str) -> str:
        if random.random() < 0.7:
            return json.dumps(text, ensure_ascii=random.random() < 0.5)
        return '"' + "".join(_escaped(item) if random.random() < 0.3 else json.dumps(item)[1:-1] for item in text) + '"'

    if isinstance(value, dict):
        items = random.sample(list(value.items()), len(value))
        members = [f"{gap()}{string(key)}{gap()}:{gap()}{spelt(random, item)}{gap()}" for key, item in items]
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(f"{gap()}{spelt(random, item)}{gap()}" for item in value) + "]"
    return string(value) if isinstance(value, str) else json.dumps(value)


def _value(draw: Draw, depth: int) -> tuple[str, Any]:
    kind = draw(st.sampled_from(["whole", "decimal", "text", "word", *(("array", "object") if depth else ())]))
    if kind == "array":
        items = [_value(draw, depth - 1) for _ in range(draw(st.integers(0, 4)))]
        return "[" + ",".join(_between(draw, text) for text, _ in items) + "]", [meaning for _, meaning in items]
    if kind == "object":
        keys = draw(st.lists(TEXTS, max_size=4, unique=True))
        members = {key: _value(draw, depth - 1) for key in keys}
        texts = [f"{_string(draw, key)}{draw(GAPS)}:{_between(draw, text)}" for key, (text, _) in members.items()]
        return "{" + ",".join(texts) + draw(GAPS) + "}", {key: meaning for key, (_, meaning) in members.items()}
    if kind == "text":
        text = draw(TEXTS)
        return _string(draw, text), text
    if kind == "word":
        word: str = draw(st.sampled_from(["true", "false", "null"]))
        return word, {"true": True, "false": False, "null": None}[word]
    if kind == "decimal":
        whole, places, sign = draw(PLACES)
        return f"{sign}{whole}.{places:04d}", float(f"{sign}{whole}.{places:04d}")
    number = draw(WHOLE)
    return str(number), number


def _between(draw: Draw, text: str) -> str:
    return f"{draw(GAPS)}{text}{draw(GAPS)}"


def _string(draw: Draw, text: str) -> str:
    """A string with some characters escaped though they need not be."""
    if draw(st.integers(0, 2)):
        return json.dumps(text, ensure_ascii=False)
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(text: str) -> str:
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _twice(draw: Draw) -> str:
    """An object in which a key comes twice, once perhaps in another spelling."""
    key = draw(TEXTS)
    others = [name for name in draw(st.lists(TEXTS, max_size=3, unique=True)) if name != key]
    names = [key, *others, key]
    return "{" + ",".join(f"{_string(draw, name)}:{_value(draw, 1)[0]}" for name in names) + "}"
