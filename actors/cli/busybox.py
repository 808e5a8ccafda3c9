"""The root folder of a tiny image: one static busybox under the names of all that it can do."""

from __future__ import annotations

import io
import os
import shutil
import struct
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from actors.cli.parser import CommandError

_PLACES = ("/bin/busybox", "/usr/bin/busybox", "/usr/local/bin/busybox")
_LIST_SECONDS = 10.0
_FOLDERS = ("dev", "etc", "proc", "root", "sys", "tmp", "usr", "usr/bin", "var", "var/tmp")
_FOR_ALL = ("tmp", "var/tmp")
_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}
#: Of a program header that names a loader: the file wants libraries.
_INTERPRETER = 3


def find(path: Path | None) -> Path:
    """The busybox to use, by default that of this machine; raises CommandError where there is none of use."""
    found = path or next((Path(place) for place in _candidates() if os.access(place, os.X_OK)), None)
    if found is None:
        raise CommandError(
            "no busybox on this machine: install busybox-static, or tell where one is by --busybox"
        )
    try:
        needs_libraries = _needs_libraries(found.read_bytes())
    except (ValueError, struct.error):
        raise CommandError(f"{found}: is no program of this machine (64-bit ELF)") from None
    if needs_libraries:
        raise CommandError(f"{found}: needs libraries, which the image will not have; use a static busybox")
    return found


def write(busybox: Path, to: IO[bytes]) -> None:
    """Write the folder as a tar, which is the same for the same busybox; raises CommandError."""
    names = _names(busybox)
    with tarfile.open(fileobj=to, mode="w|") as archive:
        for folder in ("bin", *_FOLDERS):
            archive.addfile(_entry(folder, tarfile.DIRTYPE, 0o1777 if folder in _FOR_ALL else 0o755))
        program = _entry("bin/busybox", tarfile.REGTYPE, 0o755)
        program.size = busybox.stat().st_size
        with busybox.open("rb") as file:
            archive.addfile(program, file)
        for name in names:
            link = _entry(f"bin/{name}", tarfile.SYMTYPE, 0o777)
            link.linkname = "busybox"
            archive.addfile(link)
        # Scripts name it so.
        link = _entry("usr/bin/env", tarfile.SYMTYPE, 0o777)
        link.linkname = "../../bin/busybox"
        archive.addfile(link)
        for name, text in _FILES.items():
            file_entry = _entry(name, tarfile.REGTYPE, 0o644)
            file_entry.size = len(text)
            archive.addfile(file_entry, io.BytesIO(text.encode()))


def _candidates() -> Iterator[str]:
    first = shutil.which("busybox")
    if first is not None:
        yield first
    yield from _PLACES


def _names(busybox: Path) -> list[str]:
    """All that it can be called as."""
    try:
        listed = subprocess.run(  # noqa: S603  the user's own busybox
            [busybox, "--list"], capture_output=True, text=True, check=True, timeout=_LIST_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise CommandError(f"{busybox} --list: {error}") from None
    names = sorted({name for name in listed.stdout.split() if "/" not in name and name != "busybox"})
    if "sh" not in names:
        raise CommandError(f"{busybox} --list: has no sh; is this a busybox?")
    return names


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    """Root's, and as old as can be."""
    entry = tarfile.TarInfo(name)
    entry.type = kind
    entry.mode = mode
    return entry


def _needs_libraries(program: bytes) -> bool:
    """Whether a program of this machine names a loader; ValueError or struct.error when it is none."""
    if program[:5] != b"\x7fELF\x02":
        raise ValueError("no 64-bit ELF")
    (headers,) = struct.unpack_from("<Q", program, 32)
    size, count = struct.unpack_from("<HH", program, 54)
    kinds = (struct.unpack_from("<I", program, headers + number * size)[0] for number in range(count))
    return _INTERPRETER in kinds
