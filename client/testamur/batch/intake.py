"""What a file is that somebody hands in: by its content, never by its name.

A personnel office hands in what it was sent: the delivered zip, the paper's scan, a Word file. None of these is a
forged credential; it is another kind of file, and whoever hands it in is told which, and what to hand in instead. The
bundle in a delivered zip is taken out here, within bounds that are known before anything is unpacked; all else is
looked at and not opened.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from testamur.batch.bundle import MAX_BUNDLE_BYTES

__all__ = ["KINDS", "kind_of", "only_bundle", "packed_bundles"]

KINDS: Final = {
    "empty": "an empty file",
    "pdf": "a PDF document",
    "ofd": "an OFD document",
    "word": "a word processor's document",
    "excel": "a spreadsheet",
    "slides": "a presentation",
    "office": "a document of an older office program",
    "image": "an image",
    "html": "a web page",
    "archive": "an archive without a credential bundle in it",
    "several": "a collection of several credential bundles",
    "credential": "a credential without its proof",
    "holder": "a holder's secret key",
    "encoding": "text in another encoding than UTF-8",
    "text": "plain text",
}
"""What a file may be other than a bundle, as an English sentence names it; `[kind]` of the languages has the rest."""
_MOST_MEMBERS: Final = 200
_MOST_DIRECTORY_BYTES: Final = _MOST_MEMBERS * 512
_MOST_PACKED: Final = 50
"""Bundles that are taken out of one archive."""
_END, _END_BYTES = b"PK\x05\x06", 22
_LOCATOR_64, _LOCATOR_BYTES = b"PK\x06\x07", 20
_MARK: Final = b"\xef\xbb\xbf"
_BUNDLE, _HOLDER = b'"TestamurBundle"', b'"TestamurHolder"'
_STARTS: Final = (
    (b"%PDF-", "pdf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office"),
    (b"{\\rtf", "word"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"BM", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
    (b"Rar!\x1a\x07", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"\x1f\x8b", "archive"),
    (b"\xff\xfe", "encoding"),
    (b"\xfe\xff", "encoding"),
)
_IN_ZIP: Final = (
    ("word/", "word"),
    ("xl/", "excel"),
    ("ppt/", "slides"),
    ("OFD.xml", "ofd"),
    ("content.", "office"),
)
_MARKUP: Final = (b"<!doctype html", b"<html", b"<?xml", b"<head", b"<body", b"mime-version:")


def kind_of(data: bytes) -> str | None:
    """Which of KINDS a file is that is no readable bundle; None for one that may be a damaged bundle.

    Reads each byte a few times at most and unpacks nothing. JSON that is not one of ours is left to the judge: it may
    be a bundle that was changed, and that must not be called something else.
    """
    text = data.removeprefix(_MARK).lstrip()
    if not text:
        return "empty"
    if data.startswith((b"PK\x03\x04", _END)):
        return _kind_of_archive(data)
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data[8:12] == b"WEBP" or data[4:8] == b"ftyp":
        return "image"
    for start, kind in _STARTS:
        if data.startswith(start):
            return kind
    if text[:200].lower().startswith(_MARKUP):
        return "html"
    if text.startswith((b"{", b"[")):
        return _kind_of_json(text)
    if text.startswith((b'"', b"-")) or text[:1].isalnum():
        try:
            text.decode("utf-8")
        except UnicodeDecodeError:
            return "encoding"
        return "text"
    return None


def packed_bundles(data: bytes) -> list[tuple[str, bytes]]:
    """The bundles in a zip archive, with their members' names; none where it holds none or keeps no bounds.

    Bounds: 200 members, 50 bundles, the bytes of one bundle for all together; members that are encrypted, packed in
    another way than deflate, or longer than they say are passed over.
    """
    found: list[tuple[str, bytes]] = []
    left = MAX_BUNDLE_BYTES
    for archive, member in _members(data):
        if not member.filename.lower().endswith(".json") or member.flag_bits & 1 or member.file_size > left:
            continue
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            continue
        try:
            with archive.open(member) as file:
                content = file.read(left + 1)
        except (OSError, ValueError, RuntimeError, NotImplementedError, EOFError, zipfile.BadZipFile, zlib.error):
            continue
        left -= len(content)
        if left < 0:
            return []
        if _BUNDLE in content:
            found.append((member.filename, content))
        if len(found) == _MOST_PACKED:
            break
    return found


def only_bundle(data: bytes) -> bytes:
    """What is to be judged of a file: the one bundle in a delivered zip, or the file without its byte order mark.

    Editors put that mark before a text; nothing that was signed changes with it.
    """
    if data.startswith(b"PK\x03\x04"):
        packed = packed_bundles(data)
        return packed[0][1] if len(packed) == 1 else data
    return data.removeprefix(_MARK)


def _members(data: bytes) -> Iterator[tuple[zipfile.ZipFile, zipfile.ZipInfo]]:
    """The members of an archive whose directory is of bounded size, which is asked before it is read."""
    end = data.rfind(_END)
    if end < 0 or len(data) - end < _END_BYTES:
        return
    if data[max(0, end - _LOCATOR_BYTES) : end].startswith(_LOCATOR_64):
        return  # sizes that need 64 bits are none of ours
    count, size = struct.unpack_from("<HI", data, end + 10)
    if count > _MOST_MEMBERS or size > _MOST_DIRECTORY_BYTES:
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                yield archive, member
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile, struct.error):
        return


def _kind_of_archive(data: bytes) -> str:
    names = [member.filename for _, member in _members(data)]
    for start, kind in _IN_ZIP:
        if any(name.startswith(start) for name in names):
            return kind
    return "several" if len(packed_bundles(data)) > 1 else "archive"


def _kind_of_json(text: bytes) -> str | None:
    if text.count(_BUNDLE) > 1 and (text.startswith(b"[") or b"}\n{" in text or b"}\r\n{" in text):
        return "several"
    if _BUNDLE in text:
        return None
    if _HOLDER in text:
        return "holder"
    return "credential" if b'"credentialSubject"' in text else None
