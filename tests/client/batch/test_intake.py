"""What somebody hands in: other kinds of files are named, a delivered zip is opened within bounds."""

import io
import struct
import zipfile
from collections.abc import Mapping

import pytest
from testamur.batch import intake
from testamur.batch.bundle import MAX_BUNDLE_BYTES
from testamur.batch.intake import KINDS, kind_of, only_bundle, packed_bundles

BUNDLE = b'{"type":"TestamurBundle","version":1}'


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of these members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


DELIVERED = {"R1.json": BUNDLE, "README.txt": b"keep it", "holder.json": b'{"type":"TestamurHolder"}'}
SAMPLES = {
    "empty": b" \n",
    "pdf": b"\n%PDF-1.7\n",
    "ofd": zipped({"OFD.xml": b"<x/>"}),
    "word": zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}),
    "excel": zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}),
    "slides": zipped({"ppt/presentation.xml": b"<x/>"}),
    "office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500,
    "image": b"\x89PNG\r\n\x1a\n",
    "html": b"\xef\xbb\xbf  <!DOCTYPE html><p>",
    "archive": zipped({"notes.txt": b"x"}),
    "several": zipped({"a.json": BUNDLE, "b/c.json": BUNDLE}),
    "credential": b'{"@context": [], "credentialSubject": {}}',
    "holder": b'{"type":"TestamurHolder","key":"0x00"}',
    "encoding": "{}".encode("utf-16"),
    "text": "学历证书 number 7".encode(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_known_by_its_content(kind: str) -> None:
    if kind == "text":
        assert kind_of(b"number 7") == "text"
        return
    assert kind_of(SAMPLES[kind]) == kind
    assert only_bundle(SAMPLES[kind]).lstrip() == SAMPLES[kind].removeprefix(b"\xef\xbb\xbf").lstrip()


@pytest.mark.parametrize(
    "data", [BUNDLE, BUNDLE[:-1], b"{", b"[1]", b"[]", b'{"type":"TestamurBundle","credentialSubject":1}', b"\0" * 9]
)
def test_what_may_be_a_damaged_bundle_is_called_nothing_else(data: bytes) -> None:
    assert kind_of(data) is None


@pytest.mark.parametrize(
    "data", [b"[" + BUNDLE + b"," + BUNDLE + b"]", BUNDLE + b"\n" + BUNDLE, BUNDLE + b"\r\n" + BUNDLE]
)
def test_lines_and_lists_of_bundles_are_several(data: bytes) -> None:
    assert kind_of(data) == "several"


def test_the_bundle_of_a_delivered_zip_is_what_is_judged() -> None:
    assert only_bundle(zipped(DELIVERED)) == BUNDLE
    assert packed_bundles(zipped(DELIVERED, zipfile.ZIP_STORED)) == [("R1.json", BUNDLE)]
    assert only_bundle(b"\xef\xbb\xbf" + BUNDLE) == BUNDLE
    both = zipped({**DELIVERED, "R2.json": BUNDLE})
    assert only_bundle(both) == both


def test_an_archive_is_unpacked_within_bounds_alone() -> None:
    bomb = zipped({"a.json": BUNDLE + b" " * MAX_BUNDLE_BYTES})
    assert len(bomb) < 20_000
    assert packed_bundles(bomb) == []
    halves = zipped({f"{n}.json": BUNDLE + b" " * (MAX_BUNDLE_BYTES // 2) for n in range(4)})
    assert len(packed_bundles(halves)) == 1
    assert packed_bundles(zipped({f"{n}.txt": b"" for n in range(201)} | {"a.json": BUNDLE})) == []
    assert len(packed_bundles(zipped({f"{n}.json": BUNDLE for n in range(150)}))) == 50


def test_a_directory_that_is_longer_than_it_says_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    good = zipped({f"{n:0200}.json": BUNDLE for n in range(600)})
    end = good.rfind(b"PK\x05\x06")
    lying = good[: end + 8] + struct.pack("<HH", 1, 1) + good[end + 12 :]

    def never(*arguments: object) -> None:
        raise AssertionError("the directory was read")

    locator, small = b"PK\x06\x07" + b"\0" * 16, zipped(DELIVERED)
    monkeypatch.setattr(intake.zipfile, "ZipFile", never)
    assert packed_bundles(lying) == []
    cut = small.rfind(b"PK\x05\x06")
    assert packed_bundles(small[:cut] + locator + small[cut:]) == []


@pytest.mark.parametrize("place", range(0, 330, 3))
def test_a_damaged_archive_is_never_more_than_an_archive(place: int) -> None:
    data = bytearray(zipped(DELIVERED))
    for value in (0, 0xFF, data[place % len(data)] ^ 1):
        damaged = bytes(data[: place % len(data)]) + bytes([value]) + bytes(data[place % len(data) + 1 :])
        for _, content in packed_bundles(damaged):
            assert content == BUNDLE  # whatever zip's own checksum lets through
        assert kind_of(damaged) in (None, *KINDS)
        assert packed_bundles(damaged[: len(damaged) // 2]) == []
