"""The two canonical forms of a credential: JCS bytes for the leaf, RDFC-1.0 N-Quads for the signature.

Data flow: strict tree -> `canonical_bytes` -> `batch.leaf.content`; strict tree without its proof -> `canonical_nquads`
-> `proof`. Contexts are put in place of their names, so that the JSON-LD processor has nothing to fetch.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NewType

import orjson
import pyoxigraph
import rfc8785

from testamur.credential.contexts import ContextSet, shipped_contexts
from testamur.credential.errors import MalformedError

__all__ = [
    "CanonicalBytes",
    "MAX_LIKE_BLANK_NODES",
    "canonical_bytes",
    "canonical_nquads",
    "canonical_quads",
    "parse_quads",
]

CanonicalBytes = NewType("CanonicalBytes", bytes)
"""A JSON text in the form of RFC 8785 (JCS). Comes only from `canonical_bytes` and the template that agrees with it."""

MAX_LIKE_BLANK_NODES: Final = 6
"""Blank nodes that look alike cost RDFC-1.0 a factorial: nine hang it for half a minute (docs/threat-model.md 25)."""
MAX_BLANK_NODES: Final = 512
"""Objects without an id in one credential, whether alike or not."""
_FLOATING_POINT: Final = frozenset(
    {
        "http://www.w3.org/2001/XMLSchema#double",
        "https://www.w3.org/2001/XMLSchema#float",
    }  # the second as Open Badges spells it
)
_SHORTEST_DOUBLE: Final = re.compile(r"-?[0-9]\.[0-9]+E-?[0-9]+")
_MAX_EXACT_FLOAT: Final = 2.0**53


def canonical_bytes(tree: Any, is_plain: bool = False) -> CanonicalBytes:
    """`tree` as RFC 8785 writes it.

    orjson with sorted keys writes the same bytes for integers, short decimals and ASCII keys and is far faster;
    anything else goes through rfc8785 (docs/protocol.md 1). `is_plain` says that the caller knows `tree` to hold
    nothing else, as the strict parse together with the contexts' terms ensures.
    """
    if is_plain or _is_plain(tree):
        return CanonicalBytes(orjson.dumps(tree, option=orjson.OPT_SORT_KEYS))
    return CanonicalBytes(rfc8785.dumps(tree))


def canonical_nquads(tree: Mapping[str, Any], contexts: ContextSet | None = None) -> bytes:
    """The canonical N-Quads (RDFC-1.0, UTF-8) of a JSON-LD object whose `@context` lists names out of `contexts`.

    `contexts` defaults to the shipped ones. Raises MalformedError for a name that is not among them, for what the
    JSON-LD processor refuses, and for blank nodes that would make canonicalisation explode.
    """
    return canonical_quads(parse_quads(tree, contexts))


def canonical_quads(quads: Sequence[pyoxigraph.Quad]) -> bytes:
    """The canonical N-Quads of a dataset; MalformedError where its blank nodes are too much alike."""
    _check_blank_nodes(quads)
    dataset = pyoxigraph.Dataset(quads)
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    return "".join(sorted(f"{quad} .\n" for quad in dataset)).encode()


def parse_quads(tree: Mapping[str, Any], contexts: ContextSet | None = None) -> list[pyoxigraph.Quad]:
    """The RDF quads of a JSON-LD object, contexts in place of their names; raises as `canonical_nquads`."""
    known = shipped_contexts() if contexts is None else contexts
    try:
        inlined = {**tree, "@context": [known[url] for url in tree["@context"]]}
    except (KeyError, TypeError) as error:
        raise MalformedError("$['@context']", "names a context that is not shipped") from error
    try:
        quads = list(pyoxigraph.parse(orjson.dumps(inlined), format=pyoxigraph.RdfFormat.JSON_LD))
    except (SyntaxError, ValueError) as error:
        raise MalformedError("$", f"not JSON-LD: {error}") from error
    return [_with_standard_double(quad) for quad in quads]


def double_lexical(value: float) -> str:
    """A number with a fraction as JSON-LD writes it: `1.185E2`, 15 digits after the point without trailing zeros.

    JSON-LD 1.1 API, "Data Round Tripping" (`printf("%1.15E")`). 8.3 becomes 8.300000000000001E0 in jsonld.js and PyLD;
    pyoxigraph writes the shortest digits instead, and its signatures would not verify elsewhere.
    """
    mantissa, _, exponent = f"{value:.15E}".partition("E")
    digits = mantissa.rstrip("0")
    return f"{digits}{'0' if digits.endswith('.') else ''}E{int(exponent)}"


def _with_standard_double(quad: pyoxigraph.Quad) -> pyoxigraph.Quad:
    literal = quad.object
    if not isinstance(literal, pyoxigraph.Literal) or literal.datatype.value not in _FLOATING_POINT:
        return quad
    if not _SHORTEST_DOUBLE.fullmatch(literal.value):
        return quad
    standard = pyoxigraph.Literal(double_lexical(float(literal.value)), datatype=literal.datatype)
    return pyoxigraph.Quad(quad.subject, quad.predicate, standard, quad.graph_name)


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(type(key) is str and key.isascii() and _is_plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, float):
        return not value.is_integer() and 1e-4 <= abs(value) < _MAX_EXACT_FLOAT
    if isinstance(value, int):
        return abs(value) < _MAX_EXACT_FLOAT
    return isinstance(value, str)


def _check_blank_nodes(quads: Sequence[pyoxigraph.Quad]) -> None:
    """Refuse more than `MAX_LIKE_BLANK_NODES` blank nodes with one first-degree form (RDFC-1.0 4.6)."""
    mentions: dict[pyoxigraph.BlankNode, list[str]] = {}
    for quad in quads:
        parts = (quad.subject, quad.predicate, quad.object, quad.graph_name)
        blanks = {part for part in parts if isinstance(part, pyoxigraph.BlankNode)}
        for blank in blanks:
            form = " ".join("_:a" if part == blank else "_:z" if part in blanks else str(part) for part in parts)
            mentions.setdefault(blank, []).append(form)
    if len(mentions) > MAX_BLANK_NODES:
        raise MalformedError("$", f"{len(mentions)} objects without an id, at most {MAX_BLANK_NODES}")
    alike = Counter("\n".join(sorted(forms)) for forms in mentions.values())
    if any(count > MAX_LIKE_BLANK_NODES for count in alike.values()):
        raise MalformedError("$", f"more than {MAX_LIKE_BLANK_NODES} objects without an id look alike")
