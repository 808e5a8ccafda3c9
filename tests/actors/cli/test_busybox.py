"""The root of a tiny image: complete, the same each time, and made of nothing that needs more."""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path

import pytest

from actors.cli import busybox
from actors.cli.parser import CommandError


def root(program: Path) -> bytes:
    file = io.BytesIO()
    busybox.write(program, file)
    return file.getvalue()


def test_it_has_a_shell_users_and_a_folder_for_all() -> None:
    found = busybox.find(None)
    with tarfile.open(fileobj=io.BytesIO(root(found))) as archive:
        entries = {entry.name: entry for entry in archive}
        users = archive.extractfile("etc/passwd")
        assert users is not None
        assert [line.split(":")[0] for line in users.read().decode().splitlines()] == ["root", "nobody"]
    assert entries["bin/busybox"].mode == 0o755
    assert entries["bin/busybox"].size == found.stat().st_size
    for name in ("sh", "sleep", "httpd", "nc"):
        assert entries[f"bin/{name}"].linkname == "busybox"
    assert entries["tmp"].mode == 0o1777
    assert {(entry.uid, entry.gid, entry.mtime) for entry in entries.values()} == {(0, 0, 0)}


def test_it_is_the_same_each_time() -> None:
    found = busybox.find(None)
    assert root(found) == root(found)


def test_a_program_that_needs_libraries_is_refused() -> None:
    program = Path(sys.executable).resolve()
    with pytest.raises(CommandError, match="needs libraries, which the image will not have"):
        busybox.find(program)


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF\x02", b"\x7fELF\x01" + bytes(100)])
def test_what_is_no_program_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "busybox"
    path.write_bytes(content)
    with pytest.raises(CommandError, match="is no program of this machine"):
        busybox.find(path)


@pytest.mark.parametrize(
    ("script", "message"),
    [("exit 1", "non-zero exit status 1"), ("echo true", "has no sh; is this a busybox?")],
)
def test_another_program_in_its_place_is_refused(script: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "busybox"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    with pytest.raises(CommandError, match=message.replace("?", r"\?")):
        root(path)


def test_a_machine_without_one_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(busybox, "_PLACES", (str(tmp_path / "busybox"),))
    with pytest.raises(CommandError, match="install busybox-static, or tell where one is by --busybox"):
        busybox.find(None)
