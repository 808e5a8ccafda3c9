"""Which containers were begun, as an executor node must know it again after its own death.

What was never begun can be launched without anything being run twice. One file, to which a line is added
before a container is made, and one when nobody asks for it any more. Only the process may die in between:
after a boot of the host nothing in it counts, and nothing is synced. The last line may be there in part; then
nothing had followed from it.
"""

from __future__ import annotations

import contextlib

from actors.disk import Disk

_FILE = "begun.log"
_REWRITTEN = "begun.log.new"
#: The file is written anew when so many lines were added to it.
_GROWTH_LINES = 20_000


class Begun:
    """Those of this boot of the host, by id."""

    def __init__(self, disk: Disk, boot_id: str) -> None:
        """Read what a node before this one left, if it did."""
        self._disk = disk
        self._boot_id = boot_id
        self._begun: dict[str, None] = {}
        #: Whether all that was begun since the boot is known.
        self.is_complete = False
        self._grown_lines = 0
        self._read()
        #: Whether half a line may stand at the end of the file.
        self._is_torn = True
        # Should that fail now, it must be done before something is added behind half a line.
        with contextlib.suppress(OSError):
            self._rewrite()

    @property
    def ids(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self._begun)

    def never(self, container_id: str) -> bool:
        """Whether a container is certain not to have been begun."""
        return self.is_complete and container_id not in self._begun

    def add(self, container_id: str) -> None:
        """It is about to be made; raises OSError, and then it must not be."""
        if container_id not in self._begun:
            self._append(f"+{container_id}\n")
            self._begun[container_id] = None

    def forget(self, container_id: str) -> None:
        """Nobody asks for it any more; raises OSError, and then it is still known."""
        if container_id in self._begun:
            self._append(f"-{container_id}\n")
            del self._begun[container_id]

    def _append(self, line: str) -> None:
        if self._is_torn or self._grown_lines > _GROWTH_LINES:
            self._rewrite()
        self._is_torn = True
        self._disk.append(_FILE, line.encode())
        self._is_torn = False
        self._grown_lines += 1

    def _rewrite(self) -> None:
        lines = (f"={self._boot_id}\n", *(f"+{container_id}\n" for container_id in self._begun))
        self._disk.write(_REWRITTEN, "".join(lines).encode())
        self._disk.rename(_REWRITTEN, _FILE)
        self._grown_lines = 0
        self._is_torn = False

    def _read(self) -> None:
        try:
            text = self._disk.read(_FILE).decode(errors="replace")
        except FileNotFoundError:
            return
        head, *lines = text.split("\n")[:-1] or [""]
        self.is_complete = head == f"={self._boot_id}"
        for line in lines if self.is_complete else ():
            if line.startswith("+"):
                self._begun[line[1:]] = None
            else:
                self._begun.pop(line[1:], None)
