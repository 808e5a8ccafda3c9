from __future__ import annotations

import gzip
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from containerizers.fetcher.archive import Bounds, expand, unpack
from containerizers.fetcher.budget import Budget
from containerizers.fetcher.failure import FetchError
from containerizers.fetcher.folder import Folder
from tests.containerizers.fetcher.rig import info, tar, zipped

LINK, SYMLINK, FOLDER = tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE


class Place:
    """A folder to unpack into, beside one that nothing must get into or out of."""

    def __init__(self, above: Path) -> None:
        self.root = above / "root"
        self.root.mkdir()
        self.precious = above / "precious"
        self.precious.mkdir()
        (self.precious / "file").write_bytes(b"precious")
        self.files = 100
        self.ratio_free_bytes = 1 << 20
        self.largest_bytes = 1 << 30

    def unpack(self, content: bytes, name: str | None = None) -> None:
        (self.root.parent / "archive").write_bytes(content)
        file = os.open(self.root.parent / "archive", os.O_RDONLY)
        root = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        bounds = Bounds(10, self.ratio_free_bytes, self.files)
        try:
            allowance = bounds.allowance(file, Budget(self.largest_bytes))
            if name is None:
                unpack(file, Folder(root), allowance, may_be_zip=True)
            else:
                expand(file, Folder(root), name, allowance)
        finally:
            os.close(file)
            os.close(root)

    def check(self) -> None:
        """Nothing got out, nothing leads out, and nothing is special."""
        assert (self.precious / "file").read_bytes() == b"precious"
        assert (self.precious / "file").stat().st_nlink == 1
        assert [path.name for path in self.precious.iterdir()] == ["file"]
        assert sorted(path.name for path in self.root.parent.iterdir()) == ["archive", "precious", "root"]
        for path in self.root.rglob("*"):
            assert path.resolve().is_relative_to(self.root), path
            mode = path.lstat().st_mode
            assert stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode), path
            if not stat.S_ISLNK(mode):
                assert not mode & 0o7022, path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def linked(name: str, target: str, kind: bytes = SYMLINK) -> tarfile.TarInfo:
    return info(name, kind, linkname=target)


def zip_link(name: str, target: str) -> tuple[zipfile.ZipInfo, bytes]:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry, target.encode()


#: Each tries to get out of the folder, or to make what must not be made.
ATTACKS = {
    "absolute name": tar(("/precious", b"x")),
    "absolute name of a folder": tar(info("/precious/new", FOLDER)),
    "a name that leads up": tar(("../precious/file", b"x")),
    "a name that leads up later": tar(("a/../../precious/file", b"x")),
    "a name that is nothing but up": tar(info("..", FOLDER)),
    "an empty name": tar(("", b"x")),
    "a name that is too long": tar(("a" * 300, b"x")),
    "a name too deep": tar(("a/" * 150 + "b", b"x")),
    "a link out": tar(linked("a", "../precious")),
    "a link to somewhere absolute": tar(linked("a", "/etc/passwd")),
    "a write through a link": tar(linked("a", "../precious"), ("a/file", b"x")),
    "a write through a link inside": tar(info("b", FOLDER), linked("a", "b"), ("a/file", b"x")),
    "a write through a link of two steps": tar(
        linked("a", "."), linked("b", "a/.."), ("b/precious/file", b"x")
    ),
    "a link that climbs where another leads": tar(
        info("a/b/c", FOLDER), linked("d", "a/b/c"), linked("e", "d/../../../..")
    ),
    "a folder over a link": tar(linked("a", "b"), info("a", FOLDER)),
    "a hard link out": tar(linked("a", "../precious/file", LINK)),
    "a hard link to somewhere absolute": tar(linked("a", "/etc/passwd", LINK)),
    "a hard link over a link": tar(linked("a", "b"), linked("c", "a/file", LINK)),
    "a hard link to a link": tar(info("d", FOLDER), linked("d/a", "../b"), linked("c", "d/a", LINK)),
    "a hard link to nothing": tar(linked("a", "b", LINK)),
    "a hard link to the folder": tar(linked("a", ".", LINK)),
    "a character device": tar(info("a", tarfile.CHRTYPE, devmajor=1, devminor=3)),
    "a block device": tar(info("a", tarfile.BLKTYPE, devmajor=8)),
    "a FIFO": tar(info("a", tarfile.FIFOTYPE)),
    "a file over a folder": tar(info("a", FOLDER), ("a", b"x")),
    "a file below a file": tar(("a", b"x"), ("a/b", b"x")),
    "zip: absolute name": zipped({"/precious": b"x"}),
    "zip: a name that leads up": zipped({"../precious/file": b"x"}),
    "zip: a name that leads up later": zipped({"a/../../precious/file": b"x"}),
    "zip: a link out": zipped([zip_link("a", "../precious")]),
    "zip: a write through a link": zipped([zip_link("a", "../precious"), ("a/file", b"x")]),
    "zip: a link to somewhere absolute": zipped([zip_link("a", "/etc/passwd")]),
    "zip: an empty link": zipped([zip_link("a", "")]),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_gets_out_of_the_folder(place: Place, attack: str) -> None:
    with pytest.raises(FetchError):
        place.unpack(ATTACKS[attack])
    place.check()


def test_what_belongs_there_gets_there(place: Place) -> None:
    members = (
        info("./", FOLDER),
        info("./bin", FOLDER, mode=0o500),
        info("./bin/tool", size=3, mode=0o4777, mtime=1_000_000_000),
        linked("./bin/latest", "tool"),
        linked("./bin/up", "../README"),
        linked("./again", "bin/tool", LINK),
        ("./README", b"read me"),
        ("new\nline", b"x"),
        ("☃/ü", b"x"),
    )
    for packing in ("", "gz", "bz2", "xz"):
        place.unpack(tar(*members, packing=packing))
        place.check()
    tool = (place.root / "bin" / "tool").stat()
    assert (stat.S_IMODE(tool.st_mode), tool.st_mtime, tool.st_nlink) == (0o755, 1_000_000_000, 2)
    assert stat.S_IMODE((place.root / "bin").stat().st_mode) == 0o700
    assert (place.root / "bin" / "up").read_bytes() == b"read me"
    assert (place.root / "again").samefile(place.root / "bin" / "tool")
    assert (place.root / "new\nline").exists()
    assert (place.root / "☃" / "ü").exists()


def test_a_content_that_is_not_what_was_packed_is_refused(place: Place) -> None:
    archive = bytearray(tar(("a", os.urandom(2000)), packing="gz"))
    archive[1000] ^= 1
    with pytest.raises(FetchError, match="damaged"):
        place.unpack(bytes(archive))


def test_a_zip_gets_there_too(place: Place) -> None:
    place.unpack(zipped([("a/b", b"1"), zip_link("c", "a/b"), ("d/", b"")]))
    place.check()
    assert (place.root / "c").read_bytes() == b"1"
    assert (place.root / "d").is_dir()


def test_rights_to_act_as_another_are_dropped(place: Place) -> None:
    place.unpack(tar(info("a", mode=0o7777), info("b", FOLDER, mode=0o7777), info("c", mode=0)))
    place.check()
    assert [stat.S_IMODE((place.root / name).stat().st_mode) for name in "abc"] == [0o755, 0o755, 0]


def test_times_that_no_clock_shows_do_no_harm(place: Place) -> None:
    for mtime in (-5.0, 1e300, float("inf"), float("nan")):
        place.unpack(tar(info("a", pax_headers={"mtime": str(mtime)})))
    place.check()


def test_a_name_twice_is_the_latter(place: Place) -> None:
    place.unpack(tar(("a", b"1"), ("a", b"2"), linked("b", "a"), ("b", b"3")))
    assert (place.root / "a").read_bytes() == b"2"
    assert (place.root / "b").read_bytes() == b"3"
    assert not (place.root / "b").is_symlink()


def test_a_bomb_is_stopped_before_it_is_large(place: Place) -> None:
    for packing in ("gz", "bz2", "xz"):
        with pytest.raises(FetchError, match="too many for its own size"):
            place.unpack(tar(("a", b"\0" * 3_000_000), packing=packing))
    with pytest.raises(FetchError, match="too many for its own size"):
        place.unpack(zipped({"a": b"\0" * 3_000_000}))
    assert (place.root / "a").stat().st_size <= 1 << 20
    place.ratio_free_bytes = place.largest_bytes = 2_000_000
    with pytest.raises(FetchError, match="larger than 2000000 bytes in all"):
        place.unpack(tar(("a", os.urandom(1_500_000)), ("b", os.urandom(1_500_000))))


def test_a_bomb_of_names_is_stopped(place: Place) -> None:
    for archive in (
        tar(*((f"f{number}", b"") for number in range(101))),
        tar(*(info(f"d{number}", FOLDER) for number in range(101))),
        tar(*(linked(f"l{number}", "a") for number in range(101))),
        zipped({f"z{number}": b"" for number in range(101)}),
    ):
        with pytest.raises(FetchError, match="more than 100 files"):
            place.unpack(archive)


def test_padding_that_never_ends_is_stopped(place: Place) -> None:
    place.ratio_free_bytes = 100_000
    with pytest.raises(FetchError, match="too many for its own size"):
        place.unpack(gzip.compress(tar(info("a", tarfile.GNUTYPE_LONGNAME))[:512] * 3000))


def test_a_single_file_is_unpacked_too(place: Place) -> None:
    place.unpack(gzip.compress(b"content"), "log")
    assert (place.root / "log").read_bytes() == b"content"
    with pytest.raises(FetchError, match="not packed by gzip"):
        place.unpack(b"content", "log")
    with pytest.raises(FetchError, match="not packed by gzip"):
        place.unpack(gzip.compress(b"content"), "")
    with pytest.raises(FetchError, match="too many for its own size"):
        place.unpack(gzip.compress(b"\0" * 3_000_000), "log")
    place.check()
