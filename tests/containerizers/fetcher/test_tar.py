from __future__ import annotations

import contextlib
import io
import random
import tarfile
from collections.abc import Iterator

import pytest

from containerizers.fetcher.failure import FetchError
from containerizers.fetcher.member import Member
from containerizers.fetcher.tar import members
from tests.containerizers.fetcher.rig import info, tar

FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
LONG = "/".join(["folder-of-some-length"] * 12 + ["name-" * 30])


class Memory:
    """A stream of bytes that are there, at most so many at a time."""

    is_packed = True

    def __init__(self, content: bytes, chunk: int = 1 << 20) -> None:
        self._content = io.BytesIO(content)
        self._chunk = chunk

    def read(self, most: int) -> bytes:
        return self._content.read(min(most, self._chunk))


def found(content: bytes, chunk: int = 1 << 20) -> Iterator[Member]:
    return members(Memory(content, chunk))  # type: ignore[arg-type]


def contents(content: bytes, chunk: int = 1 << 20) -> dict[str, bytes]:
    read = {}
    for member in found(content, chunk):
        read[member.name] = b""
        while more := member.read(1000):
            read[member.name] += more
    return read


@pytest.mark.parametrize("form", FORMATS)
def test_what_python_packs_is_read(form: int) -> None:
    given = {"a": b"", "b/ü": b"x" * 511, "c" * 100: b"y" * 512, "d/" + "e" * 98: b"z" * 5000}
    if form != tarfile.USTAR_FORMAT:
        given |= {LONG: b"long", "bad\udc80name": b"bytes"}
    packed = tar(*given.items(), format=form, errors="surrogateescape")
    assert contents(packed) == given
    assert contents(packed, 100) == given


@pytest.mark.parametrize("form", FORMATS)
def test_members_are_of_their_kind(form: int) -> None:
    archive = tar(
        info("file", mode=0o4755, mtime=1234567, size=3),
        info("folder", tarfile.DIRTYPE, mode=0o750),
        info("symlink", tarfile.SYMTYPE, linkname="some/where"),
        info("link", tarfile.LNKTYPE, linkname="file"),
        format=form,
    )
    assert [(one.kind, one.name.rstrip("/"), one.target) for one in found(archive)] == [
        ("file", "file", ""),
        ("folder", "folder", ""),
        ("symlink", "symlink", "some/where"),
        ("link", "link", "file"),
    ]
    first = next(found(archive))
    assert (first.mode, first.modified) == (0o4755, 1234567.0)


def test_long_targets_and_times_of_pax_are_read() -> None:
    archive = tar(info("link", tarfile.SYMTYPE, linkname=LONG, mtime=1.5), format=tarfile.PAX_FORMAT)
    (member,) = found(archive)
    assert (member.target, member.modified) == (LONG, 1.5)


def test_what_is_not_read_is_passed_over() -> None:
    archive = tar(("a", b"x" * 5000), ("b", b"y"))
    assert [member.name for member in found(archive)] == ["a", "b"]


def test_what_pax_says_of_all_counts_but_for_what_it_says_of_one() -> None:
    archive = tar(("a", b"x"), info("ü" * 60, size=0), format=tarfile.PAX_FORMAT, pax_headers={"mtime": "77"})
    assert [member.modified for member in found(archive)] == [77.0, 77.0]


@pytest.mark.parametrize(
    "kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE, b"D", b"?"]
)
def test_other_kinds_are_refused(kind: bytes) -> None:
    with pytest.raises(FetchError, match="'evil': is "):
        list(found(tar(info("evil", kind))))


def test_holes_that_pax_tells_of_are_refused() -> None:
    member = info("evil", size=3)
    member.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    with pytest.raises(FetchError, match="is a file with holes"):
        list(found(tar(member, format=tarfile.PAX_FORMAT)))


def test_a_header_that_asks_for_much_memory_gets_none() -> None:
    for kind in (b"L", b"K", b"x", b"g"):
        with pytest.raises(FetchError, match="more than 1048576 bytes about one file"):
            list(found(tar(info("evil", kind, size=1 << 21))))


def test_headers_about_headers_need_no_stack() -> None:
    block = tar(info("evil", b"L", size=0))[:512]
    archive = block * 20_000 + tar(("a", b"b"))
    assert contents(archive) == {"": b"b"}


@pytest.mark.parametrize(
    "records", [b"x", b"999 a=b\n", b"0 a=b\n", b"-5 a=b\n", b"3 \n", b"11 size=xy\n", b"11 size=-1\n"]
)
def test_what_pax_cannot_mean_is_refused(records: bytes) -> None:
    archive = bytearray(tar(info("evil", b"x", size=512), ("a", b"b")))
    archive[512:1024] = records.ljust(512, b"\0")
    with pytest.raises(FetchError, match="damaged"):
        list(found(bytes(archive)))


def test_a_number_is_made_of_its_digits_alone() -> None:
    archive = bytearray(tar(("a", b"x")))
    for digits in (b"-1", b"+1", b"1_0", b"0o1", b"9", b" x"):
        archive[124:136] = digits.ljust(12, b"\0")
        archive[148:156] = b"%06o\0 " % (sum(archive[:148]) + 256 + sum(archive[156:512]))
        with pytest.raises(FetchError, match="damaged"):
            list(found(bytes(archive)))


def test_what_is_no_archive_is_refused() -> None:
    for content, reason in [
        (b"", "is empty"),
        (b"a", "ends before"),
        (b"hello" * 1000, "no archive of tar"),
        (b"\xff" * 2000, "no archive of tar|damaged"),
    ]:
        with pytest.raises(FetchError, match=reason):
            list(found(content))
    assert list(found(b"\0" * 1024)) == []


def test_what_is_cut_off_is_refused() -> None:
    archive = tar(("a", b"x" * 700), ("b", b"y" * 10))
    for length in (*range(1, 512, 50), *range(513, 1536, 100), 1537, 2049):
        with pytest.raises(FetchError, match="ends before"):
            contents(archive[:length])


@pytest.mark.parametrize("seed", range(150))
def test_whatever_is_damaged_is_read_or_refused(seed: int) -> None:
    rng = random.Random(seed)
    archive = bytearray(
        tar(
            ("a", b"x" * 600),
            (LONG, b"y"),
            info("s", tarfile.SYMTYPE, linkname=LONG),
            format=rng.choice(FORMATS[1:]),
        )
    )
    for _ in range(rng.randrange(1, 20)):
        archive[rng.randrange(len(archive))] = rng.randrange(256)
    for start in range(0, len(archive), 512):
        # Most damages would stop at the sum: mend it.
        block = archive[start : start + 512]
        if block.strip(b"\0") and rng.random() < 0.9:
            total = sum(block[:148]) + 256 + sum(block[156:])
            archive[start + 148 : start + 156] = b"%06o\0 " % total
    with contextlib.suppress(FetchError):
        contents(bytes(archive))
