from __future__ import annotations

import bz2
import gzip
import lzma
import os
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from containerizers.fetcher.budget import Allowance, Budget
from containerizers.fetcher.failure import FetchError
from containerizers.fetcher.stream import Unpacked

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}
PACKED = [name for name in PACKERS if name != "plain"]
NOISE = random.Random(1).randbytes(600_000)


def unpacked(folder: Path, content: bytes, most_bytes: int = 1 << 30, chunk: int = 100_000) -> bytes:
    (folder / "packed").write_bytes(content)
    file = os.open(folder / "packed", os.O_RDONLY)
    try:
        stream = Unpacked(file, Allowance(Budget(1 << 40), most_bytes, 1))
        found = b""
        while more := stream.read(chunk):
            assert len(more) <= chunk
            found += more
        return found
    finally:
        os.close(file)


@pytest.mark.parametrize("packer", PACKERS)
def test_what_was_packed_comes_out_again(tmp_path: Path, packer: str) -> None:
    pack = PACKERS[packer]
    for content in (b"", b"a", NOISE, b"a" * 1_000_000):
        assert unpacked(tmp_path, pack(content)) == content


@pytest.mark.parametrize("packer", PACKED)
def test_parts_come_out_one_after_the_other(tmp_path: Path, packer: str) -> None:
    pack = PACKERS[packer]
    assert unpacked(tmp_path, pack(NOISE) + pack(b"") + pack(b"end") + b"\0" * 512) == NOISE + b"end"


@pytest.mark.parametrize("packer", PACKED)
def test_what_is_cut_off_or_damaged_is_refused(tmp_path: Path, packer: str) -> None:
    packed = PACKERS[packer](NOISE)
    for length in (10, 100, len(packed) // 2, len(packed) - 1):
        with pytest.raises(FetchError, match=r"ends before|damaged"):
            unpacked(tmp_path, packed[:length])
    wrong = bytearray(packed)
    wrong[len(wrong) // 2] ^= 0xFF
    with pytest.raises(FetchError, match="damaged"):
        unpacked(tmp_path, bytes(wrong))
    with pytest.raises(FetchError, match=r"damaged|ends before"):
        unpacked(tmp_path, packed + b"more")


@pytest.mark.parametrize("packer", PACKED)
def test_what_grows_too_much_is_stopped_on_the_way(tmp_path: Path, packer: str) -> None:
    bomb = PACKERS[packer](b"\0" * 20_000_000)
    assert len(bomb) < 30_000
    with pytest.raises(FetchError, match="more than 1000000 bytes"):
        unpacked(tmp_path, bomb, 1_000_000)


def test_xz_gets_no_more_memory_than_there_is_for_it(tmp_path: Path) -> None:
    packed = bytearray(lzma.compress(NOISE, preset=0))
    # The head of the first block, whose fifth byte says how much is needed.
    head = packed[12 : 12 + 4 * packed[12] + 4]
    assert head[2] == 0x21
    head[4] = 40
    head[-4:] = zlib.crc32(head[:-4]).to_bytes(4, "little")
    packed[12 : 12 + len(head)] = head
    with pytest.raises(FetchError, match="Memory usage limit exceeded"):
        unpacked(tmp_path, bytes(packed))
