"""The canonical forms against the published vectors, and the guards around them."""

import json
import struct
from pathlib import Path
from typing import Any

import orjson
import pyoxigraph
import pytest
import rfc8785
from testamur.credential.canonical import MAX_LIKE_BLANK_NODES, canonical_bytes, canonical_nquads, canonical_quads
from testamur.credential.contexts import CONTEXT_URLS, shipped_contexts
from testamur.credential.errors import MalformedError
from testamur.credential.multibase import base58_decode, base58_encode

from tests.client.credential import sample

_JCS_FILES = ["arrays", "french", "structures", "unicode", "values", "weird"]


@pytest.mark.parametrize("name", _JCS_FILES)
def test_canonical_bytes_are_those_of_the_rfc_8785_samples(vectors: Path, name: str) -> None:
    folder = vectors / "ietf" / "jcs"
    tree = json.loads((folder / "input" / f"{name}.json").read_text("utf-8"))
    assert canonical_bytes(tree) == (folder / "output" / f"{name}.json").read_bytes()


def test_canonical_bytes_write_every_double_of_rfc_8785_appendix_b(vectors: Path) -> None:
    for case in json.loads((vectors / "ietf" / "jcs" / "numbers.json").read_text()):
        value = struct.unpack(">d", bytes.fromhex(case["ieee754"]))[0]
        if "json" in case:
            assert canonical_bytes(value).decode() == case["json"]
        else:
            with pytest.raises(rfc8785.CanonicalizationError):
                canonical_bytes(value)


def test_the_fast_path_writes_what_rfc8785_writes_for_a_credential() -> None:
    tree = sample.signed()
    assert canonical_bytes(tree, is_plain=True) == canonical_bytes(tree) == rfc8785.dumps(tree)


@pytest.mark.parametrize(
    "tree", [{"é": 1, "\U00010000": 2, "\uffff": 3}, [1e21, 1e-7, 5e-324, 1.0, -0.0], [None, True]]
)
def test_what_orjson_writes_differently_goes_through_rfc8785(tree: Any) -> None:
    assert canonical_bytes(tree) == rfc8785.dumps(tree)


def _rdfc_entries(vectors: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((vectors / "rdf-canon" / "manifest.jsonld").read_text())["entries"]
    return entries


def _quads(path: Path) -> list[pyoxigraph.Quad]:
    return list(pyoxigraph.parse(path.read_bytes(), format=pyoxigraph.RdfFormat.N_QUADS))


def test_canonical_quads_are_those_of_the_w3c_rdfc10_tests(vectors: Path) -> None:
    judged = 0
    for entry in _rdfc_entries(vectors):
        if entry["type"] == "rdfc:RDFC10EvalTest" and "hashAlgorithm" not in entry and entry["id"] != "#test045c":
            expected = (vectors / "rdf-canon" / entry["result"]).read_bytes()
            assert canonical_quads(_quads(vectors / "rdf-canon" / entry["action"])) == expected, entry["name"]
            judged += 1
    assert judged == 31


def test_the_w3c_dataset_named_evil_is_refused_before_it_is_computed(vectors: Path) -> None:
    with pytest.raises(MalformedError, match="look alike"):
        canonical_quads(_quads(vectors / "rdf-canon" / "rdfc10" / "test045-in.nq"))


@pytest.mark.parametrize("size", [MAX_LIKE_BLANK_NODES + 1, 9, 30])
def test_a_clique_of_blank_nodes_is_refused_at_once(size: int) -> None:
    lines = [f"_:b{i} <urn:p> _:b{j} ." for i in range(size) for j in range(size) if i != j]
    quads = list(pyoxigraph.parse("\n".join(lines).encode(), format=pyoxigraph.RdfFormat.N_QUADS))
    with pytest.raises(MalformedError, match="look alike"):
        canonical_quads(quads)


def test_a_clique_of_the_allowed_size_is_canonicalised() -> None:
    size = 4
    lines = [f"_:b{i} <urn:p> _:b{j} ." for i in range(size) for j in range(size) if i != j]
    quads = list(pyoxigraph.parse("\n".join(lines).encode(), format=pyoxigraph.RdfFormat.N_QUADS))
    assert canonical_quads(quads).count(b"\n") == size * (size - 1)


def test_a_context_that_is_not_shipped_is_refused_and_never_fetched() -> None:
    with pytest.raises(MalformedError, match="not shipped"):
        canonical_nquads({"@context": ["https://example.org/context"], "id": "urn:x"})


def test_both_contexts_are_shipped_as_published() -> None:
    assert tuple(shipped_contexts()) == CONTEXT_URLS


def test_an_independent_processor_gives_the_same_nquads() -> None:
    from pyld import jsonld

    def load(url: str, options: object) -> dict[str, Any]:
        return {"contextUrl": None, "documentUrl": url, "document": {"@context": shipped_contexts()[url]}}

    tree = sample.unsigned()
    normalized = jsonld.normalize(
        tree, {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    )
    assert canonical_nquads(tree).decode() == normalized


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"\0\0\1", b"\xff" * 64, bytes(64), b"\0" + b"\xff" * 33, bytes(range(64))]
)
def test_base58_reads_back_what_it_writes_as_the_base58_package_does(data: bytes) -> None:
    import base58

    text = base58_encode(data)
    assert text == base58.b58encode(data).decode()
    assert base58_decode(text, len(data)) == data


@pytest.mark.parametrize("text", ["0", "O", "l", "I", "+", "李", "z" * 89, "1" * 65, "1" * 63, "1" + "z" * 87])
def test_base58_text_that_stands_for_no_64_bytes_is_refused(text: str) -> None:
    assert base58_decode(text, 64) is None


def test_base58_refuses_a_second_spelling_of_the_same_bytes() -> None:
    text = base58_encode(bytes(63) + b"\1")
    assert base58_decode(text, 64) == bytes(63) + b"\1"
    assert base58_decode("1" + text, 64) is None
    assert base58_decode(text[1:], 64) is None


def test_orjson_and_json_agree_on_the_sample() -> None:
    assert orjson.loads(sample.data(sample.signed())) == json.loads(sample.data(sample.signed()))
