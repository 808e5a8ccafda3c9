"""A containerizer of Linux in the hand of a test; it needs root, and control groups."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import TracebackType

from containerizers.cgroups.detection import detect
from containerizers.linux.containerizer import LinuxContainerizer, LinuxSettings
from containerizers.process import ProcessContainerizer
from containerizers.spec import Isolation
from containerizers.switchboard import Switchboard
from tests.containerizers.containers import Containers, wait_until

#: The group of all containers of the tests of this process.
ROOT = f"pion-linux-{os.getpid()}"
SETTINGS = LinuxSettings(root=ROOT, processes=100)
#: Those that a task gets by default; and none.
NAMESPACES = Isolation(namespaces=("pid", "mount", "ipc"))
GROUPS = Isolation()


class LinuxContainers(Containers):
    """As `Containers`, of Linux; when it ends there must be no control group left."""

    settings = SETTINGS
    switchboard: Switchboard

    def make(self, switchboard: Switchboard | None) -> ProcessContainerizer:
        return LinuxContainerizer(self.runtime_dir, self.notify, switchboard, self.settings)

    @property
    def linux(self) -> LinuxContainerizer:
        assert isinstance(self.containerizer, LinuxContainerizer)
        return self.containerizer

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        left = groups_left()
        remove_groups()
        assert left == ()
        assert kind is not None or self.linux.destroy_errors == 0


def groups_left() -> tuple[str, ...]:
    """Containers of which there are groups."""
    cgroups = detect()
    assert cgroups is not None, "these tests need control groups, and root"
    return cgroups.below(ROOT)


def remove_groups() -> None:
    """Remove what the tests of this process have made."""
    cgroups = detect()
    assert cgroups is not None
    root = cgroups.group(ROOT)
    root.kill()
    wait_until(root.remove, "the control groups are gone")


def members(container_id: str) -> tuple[int, ...]:
    """All processes of a container, by its group."""
    cgroups = detect()
    assert cgroups is not None
    return cgroups.group(f"{ROOT}/{container_id.replace('.', '/mesos/')}").processes()


def children(parent: int | None = None) -> dict[int, str]:
    """The processes whose parent is this one, or another, and what they run."""
    parent = os.getpid() if parent is None else parent
    found = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal():
                name, fields = (entry / "stat").read_text().split("(", 1)[1].rsplit(") ", 1)
                if int(fields.split()[1]) == parent:
                    found[int(entry.name)] = name
    return found


def open_files() -> set[str]:
    """The descriptors of this process, one more than it has."""
    return {path.name for path in Path("/proc/self/fd").iterdir()}
