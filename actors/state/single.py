"""One durable replica of each variable on the node's disk (`--registry=replicated_log` with a quorum of 1).

A file is a head, 4 bytes of CRC-32 of all that follows, 16 bytes of version, and the value. It is written
under another name, synced, and renamed, so that a crash leaves the old or the new one.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

from actors.state.store import Store, Variable

_HEAD: Final = b"PIONVAR1"
_CHECKSUM_BYTES: Final = 4
_VERSION_BYTES: Final = 16
_SMALLEST_BYTES: Final = len(_HEAD) + _CHECKSUM_BYTES + _VERSION_BYTES
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")


class CorruptStateError(Exception):
    """A variable's file is not as it was written."""


class SingleStore(Store):
    """Keeps each variable in a file of `folder`.

    It raises CorruptStateError for a file that was damaged, and whatever OSError the disk raises.
    """

    def __init__(self, folder: str = "state") -> None:
        self._folder = folder
        #: What is on the disk.
        self._variables: dict[str, Variable] = {}

    def load(self, name: str) -> Variable:
        """See `Store.load`."""
        variable = self._variables.get(name)
        if variable is None:
            variable = self._variables[name] = self._read(self._path(name))
        return variable

    def keep(self, name: str, variable: Variable) -> None:
        """See `Store.keep`."""
        path = self._path(name)
        disk, fault, draft = self.system.disk, self.system.fault, f"{path}.new"
        disk.write(draft, encode(variable))
        fault("state.store.after_write")
        disk.sync(draft)
        fault("state.store.after_sync")
        disk.rename(draft, path)
        fault("state.store.after_rename")
        disk.sync_folder(self._folder)
        fault("state.store.after_sync_folder")
        self._variables[name] = variable

    def _read(self, path: str) -> Variable:
        try:
            content = self.system.disk.read(path)
        except FileNotFoundError:
            return Variable()
        variable = decode(content, path)
        # Who stored it may have died before it was durable: nobody may be told of what can still vanish.
        self.system.disk.sync(path)
        self.system.disk.sync_folder(self._folder)
        return variable

    def _path(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"variable {name!r}: must be 1 to 64 lower-case letters, digits, - or _, the first a letter"
            )
        return f"{self._folder}/{name}"


def encode(variable: Variable) -> bytes:
    """The content of a variable's file."""
    assert len(variable.version) == _VERSION_BYTES
    content = variable.version + variable.value
    return _HEAD + zlib.crc32(content).to_bytes(_CHECKSUM_BYTES, "big") + content


def decode(content: bytes, path: str) -> Variable:
    """Read a variable's file; raises CorruptStateError saying what is wrong with `path`."""
    if not content.startswith(_HEAD):
        raise CorruptStateError(f"{path}: is not a variable's file, or was written by another version")
    if len(content) < _SMALLEST_BYTES:
        raise CorruptStateError(f"{path}: is cut off after {len(content)} bytes")
    checksum, rest = content[len(_HEAD) :][:_CHECKSUM_BYTES], content[len(_HEAD) + _CHECKSUM_BYTES :]
    if zlib.crc32(rest) != int.from_bytes(checksum, "big"):
        raise CorruptStateError(
            f"{path}: the checksum is wrong, the file is damaged: restore it from a copy, or remove it to "
            f"begin with nothing"
        )
    return Variable(rest[:_VERSION_BYTES], rest[_VERSION_BYTES:])
