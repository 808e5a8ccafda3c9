from __future__ import annotations

import contextlib
import io
import random
import stat
import zipfile

import pytest

from containerizers.fetcher.budget import Allowance, Budget
from containerizers.fetcher.failure import FetchError
from containerizers.fetcher.zip import members
from tests.containerizers.fetcher.rig import zipped


def allowance(most_bytes: int = 1 << 30) -> Allowance:
    return Allowance(Budget(1 << 40), most_bytes, 100)


def contents(content: bytes, most_bytes: int = 1 << 30) -> dict[str, bytes]:
    read = {}
    for member in members(io.BytesIO(content), allowance(most_bytes)):
        read[member.name] = b""
        while more := member.read(1000):
            read[member.name] += more
    return read


def entry(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (2001, 2, 3, 4, 5, 6))
    # What DOS would say, which is not nothing.
    info.external_attr = mode << 16 | 0x20
    return info


@pytest.mark.parametrize(
    "packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_what_python_packs_is_read(packing: int) -> None:
    given = {"a": b"", "b/ü": b"x" * 5000, "d/": b""}
    assert contents(zipped(given, packing)) == given


def test_members_are_of_their_kind() -> None:
    archive = zipped(
        [
            (entry("file", stat.S_IFREG | 0o4755), b"abc"),
            (entry("plain", 0), b"abc"),
            (entry("folder/", stat.S_IFDIR | 0o750), b""),
            (entry("symlink", stat.S_IFLNK | 0o777), b"some/where"),
        ]
    )
    found = [(one.kind, one.name, one.mode, one.target) for one in members(io.BytesIO(archive), allowance())]
    assert found == [
        ("file", "file", 0o4755, ""),
        ("file", "plain", 0o644, ""),
        ("folder", "folder/", 0o750, ""),
        ("symlink", "symlink", 0o644, "some/where"),
    ]
    first = next(members(io.BytesIO(archive), allowance()))
    assert first.modified == 981173106.0


@pytest.mark.parametrize("kind", [stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_other_kinds_are_refused(kind: int) -> None:
    with pytest.raises(FetchError, match="'evil': is a device, or a FIFO"):
        contents(zipped([(entry("evil", kind | 0o644), b"")]))


def test_what_is_encrypted_is_refused() -> None:
    archive = bytearray(zipped({"a": b"abc"}))
    archive[archive.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(FetchError, match="'a': is encrypted"):
        contents(bytes(archive))


def test_what_grows_too_much_is_stopped_on_the_way() -> None:
    bomb = zipped({"a": b"\0" * 10_000_000})
    assert len(bomb) < 20_000
    with pytest.raises(FetchError, match="more than 1000000 bytes"):
        contents(bomb, 1_000_000)


def test_a_content_that_many_names_share_counts_for_each() -> None:
    bomb = bytearray(zipped({"a": b"\0" * 100_000, "b": b"\0" * 100_000}))
    # Both point to the first one.
    second = bomb.rindex(b"PK\1\2")
    bomb[second + 42 : second + 46] = bytes(4)
    with pytest.raises(FetchError, match=r"more than 150000 bytes|differ"):
        contents(bytes(bomb), 150_000)


def test_a_content_that_is_not_what_was_packed_is_refused() -> None:
    archive = bytearray(zipped({"a": b"abc" * 100}, zipfile.ZIP_STORED))
    archive[archive.index(b"abcabc")] ^= 1
    with pytest.raises(FetchError, match="Bad CRC"):
        contents(bytes(archive))


def test_what_is_no_archive_is_refused() -> None:
    for content in (b"", b"PK\3\4", b"hello" * 1000):
        with pytest.raises(FetchError, match="damaged"):
            contents(content)


@pytest.mark.parametrize("seed", range(150))
def test_whatever_is_damaged_is_read_or_refused(seed: int) -> None:
    rng = random.Random(seed)
    packing = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    archive = bytearray(zipped([("a", b"x" * 600), (entry("s", stat.S_IFLNK), b"a"), ("b/", b"")], packing))
    for _ in range(rng.randrange(1, 8)):
        archive[rng.randrange(len(archive))] = rng.randrange(256)
    with contextlib.suppress(FetchError):
        contents(bytes(archive))
