"""What a container sees of the host's files, planned step by step for `mounting`.

What is to be seen is opened first, then the host is left, then what must not be seen is covered, then all is
attached where it belongs. The container's folder stays where it is, whatever covers what is around it. A plan
is plain data; a fault in what was asked for is found while planning where that can be, else in its step.
"""

from __future__ import annotations

import itertools
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from containerizers.linux.mounting import Step
from containerizers.linux.trees import NO_DEVICES, NO_EXEC, NO_SETUID, PRIVATE, READ_ONLY, SLAVE
from containerizers.spec import Isolation, Mount

_LOCKED = NO_SETUID | NO_DEVICES | NO_EXEC
#: What tells of the whole host, or changes it: not to be written, and not even to be read.
_FROZEN = ("/sys", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
_HIDDEN = (
    *("/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/kallsyms", "/proc/kmsg"),
    *("/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats"),
    *("/sys/firmware", "/sys/devices/virtual/powercap", "/sys/kernel/debug", "/sys/kernel/tracing"),
    # Who answers here runs for root whatever it is told to.
    *("/run/systemd/private", "/run/dbus/system_bus_socket", "/run/docker.sock", "/run/podman/podman.sock"),
    *("/run/containerd/containerd.sock", "/run/crio/crio.sock"),
)
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = (
    *(("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1")),
    *(("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx")),
)
_SHM = "/dev/shm"  # noqa: S108  the container's own, or the host's where it has none
#: The group that owns terminals everywhere.
_TERMINAL_GROUP = "5"
_TEMPORARY = {"/tmp": ".tmp/tmp", "/var/tmp": ".tmp/var_tmp"}  # noqa: S108  in a container of its own
#: What is run or read there is trusted by programs that run as root for anybody who starts them.
_SYSTEM = re.compile(r"/(bin|boot|etc|lib[^/]*|root|run|sbin|usr|var/run)(/.*)?|/var|/home|/opt|/srv")
_KERNEL = re.compile(r"/|/(proc|sys)(/.*)?|/dev")


class MountError(ValueError):
    """Mounts that nobody can make; the text names the mount and the rule."""


def plan(
    isolation: Isolation, directory: str, user: tuple[int, int] | None, terminal: str = ""
) -> tuple[Step, ...]:
    """The steps to what a container sees that works in `directory`; none without a namespace `mount`.

    `user` and group are whose programs run there; None: this process's. `terminal` is the path of that which
    the program is on, if it is. Raises MountError.
    """
    if "mount" not in isolation.namespaces:
        if needing := _needing(isolation):
            raise MountError(f"{needing}: needs a namespace 'mount'")
        return ()
    return tuple(_Plan(isolation, directory, user, terminal).steps())


def _needing(isolation: Isolation) -> str:
    wanted = {
        "shm_bytes": isolation.shm_bytes is not None,
        "mounts": isolation.mounts,
        "private_tmp": isolation.private_tmp,
        "hidden": isolation.hidden,
        "read_only_host": isolation.read_only_host,
    }
    return next((name for name, is_wanted in wanted.items() if is_wanted), "")


class _Plan:
    def __init__(
        self, isolation: Isolation, directory: str, user: tuple[int, int] | None, terminal: str
    ) -> None:
        self._isolation = isolation
        #: As the kernel has it: links on the way may be hidden with what they lie in.
        self._directory = os.path.realpath(directory)
        self._named = posixpath.normpath(directory)
        self._user = (os.geteuid(), os.getegid()) if user is None else user
        self._terminal = terminal
        self._slots = itertools.count()
        self._nothing = next(self._slots)
        temporary = self._temporary_folders() if isolation.private_tmp else {}
        self._scratch = {one: next(self._slots) for one in temporary.items()}
        #: What is covered by folders in which what is missing can be made.
        self._covered = (*temporary, *(("/dev",) if self._has_devices else ()))
        hidden = _outermost(os.path.realpath(path) for path in isolation.hidden)
        if "/" in hidden:
            raise MountError("hidden: must not be '/', which is all that there is")
        if self._directory == "/" and (isolation.private_tmp or isolation.mounts or isolation.read_only_host):
            raise MountError("directory: must not be '/' where something is to be its own")
        self._hidden = tuple(path for path in hidden if not self._is_covered(path))
        self._covered += self._hidden
        keeps_folder = isolation.read_only_host or self._is_covered(self._directory)
        self._keep = next(self._slots) if keeps_folder else None
        keeps_shm = isolation.shm_bytes is None and (isolation.read_only_host or self._has_devices)
        self._host_shm = next(self._slots) if keeps_shm else None
        self._mounts = [(mount, next(self._slots)) for mount in isolation.mounts]
        for mount in isolation.mounts:
            _check(mount, is_trusted=self._user[0] == 0 or isolation.no_new_privileges)

    @property
    def _has_devices(self) -> bool:
        return self._isolation.devices is not None

    def steps(self) -> Iterator[Step]:
        yield from (self._taken(mount, slot) for mount, slot in self._mounts if mount.shared_with_host)
        yield ("leave", "/")
        yield ("take", "/dev/null", self._nothing, None, None, 0)
        yield from self._contents()
        own = [one for one in self._mounts if one[0].content is None and not one[0].shared_with_host]
        yield from itertools.starmap(self._taken, own)
        for (_, name), slot in self._scratch.items():
            yield ("scratch", self._directory, slot, name)
        if self._keep is not None:
            yield ("take", self._directory, self._keep, None, None, 0)
        if self._host_shm is not None:
            yield ("take", _SHM, self._host_shm, None, None, 0)
        if self._isolation.read_only_host:
            yield ("protect", "/")
        yield from self._kernel()
        yield from self._devices()
        yield from self._covers()
        yield from itertools.starmap(self._attached, self._mounts)
        yield from (("if_there", path, "seal") for path in self._hidden)
        if self._has_devices:
            yield ("seal", "/dev")

    # What is opened.

    def _taken(self, mount: Mount, slot: int) -> Step:
        assert mount.source is not None
        makes = None
        if mount.makes_source:
            makes = self._user if mount.beneath is not None else (os.geteuid(), os.getegid())
        source = mount.source
        if source == mount.target:
            # Where it is for the agent, which may have come there by links.
            source = os.path.realpath(source)
        if mount.shared_with_host and not _is_shared(source):
            raise MountError(f"mount {mount.target!r}: {source!r} is on no mount that the host shares")
        # What comes out of a folder that users write to may have been made by anybody.
        flags = NO_DEVICES if mount.beneath is not None else 0
        return ("take", source, slot, mount.beneath, makes, flags)

    def _contents(self) -> Iterator[Step]:
        contents = [(slot, mount.content) for mount, slot in self._mounts if mount.content is not None]
        if contents:
            yield ("contents", self._directory, tuple(contents), self._user)

    # What is covered.

    def _kernel(self) -> Iterator[Step]:
        if "pid" in self._isolation.namespaces:
            yield ("make", "/proc", "proc", _LOCKED, ())
        for path in _HIDDEN:
            yield ("if_there", path, "hide", self._nothing, READ_ONLY)
        for path in _FROZEN:
            yield ("if_there", path, "freeze")

    def _devices(self) -> Iterator[Step]:
        if self._has_devices:
            yield from self._given_devices()
        size = self._isolation.shm_bytes
        if size is not None:
            yield ("make", _SHM, "tmpfs", _LOCKED, (("mode", "1777"), ("size", str(size))))
        elif self._host_shm is not None:
            yield ("attach", _SHM, self._host_shm, 0, PRIVATE)
        if "ipc" in self._isolation.namespaces:
            yield ("if_there", "/dev/mqueue", "make", "mqueue", _LOCKED, ())

    def _given_devices(self) -> Iterator[Step]:
        paths = [f"/dev/{name}" for name in _DEVICES]
        paths += [posixpath.normpath(device.path) for device in self._isolation.devices or ()]
        given = {path: (path, next(self._slots)) for path in paths if path.startswith("/dev/")}
        if self._terminal:
            given["/dev/console"] = (self._terminal, next(self._slots))
        for source, slot in given.values():
            yield ("take", source, slot, None, None, 0)
        yield ("make", "/dev", "tmpfs", _LOCKED, (("mode", "755"), ("size", "64k")))
        for path, (_, slot) in given.items():
            yield ("attach_below", path, slot, NO_SETUID | NO_EXEC, PRIVATE, "/", None)
        for name in ("pts", "shm", "mqueue"):
            yield ("folder", f"/dev/{name}", 0o755)
        modes = (("newinstance", ""), ("ptmxmode", "0666"), ("mode", "0620"), ("gid", _TERMINAL_GROUP))
        yield ("make", "/dev/pts", "devpts", NO_SETUID | NO_EXEC, modes)
        for name, target in _LINKS:
            yield ("link", f"/dev/{name}", target)

    def _covers(self) -> Iterator[Step]:
        for (path, _), slot in self._scratch.items():
            yield ("attach", path, slot, 0, PRIVATE)
        # What is in the container's folder is seen again with it.
        inner = tuple(path for path in self._hidden if _lies_in(path, self._directory))
        yield from (self._hiding(path) for path in self._hidden if path not in inner)
        if self._keep is not None:
            yield ("attach_below", self._directory, self._keep, 0, 0, "/", None)
        yield from map(self._hiding, inner)

    def _hiding(self, path: str) -> Step:
        return ("if_there", path, "hide", self._nothing, 0)

    def _temporary_folders(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for path, name in _TEMPORARY.items():
            if Path(path).is_dir():
                found.setdefault(os.path.realpath(path), name)
        return found

    def _is_covered(self, path: str) -> bool:
        return any(_lies_in(path, folder) for folder in self._covered)

    # What is attached.

    def _attached(self, mount: Mount, slot: int) -> Step:
        flags = READ_ONLY if mount.read_only else 0
        if mount.content is not None:
            flags = READ_ONLY | _LOCKED
        propagation = PRIVATE
        if mount.shared_with_host:
            propagation = 0
        elif mount.follows_host:
            propagation = SLAVE
        target = self._place(mount)
        if not target.startswith("/"):
            return ("attach_below", target, slot, flags, propagation, self._directory, self._user)
        if self._is_covered(target):
            return ("attach_below", target, slot, flags, propagation, "/", None)
        return ("attach", target, slot, flags, propagation)

    def _place(self, mount: Mount) -> str:
        """Where it belongs: relative when that is below the container's folder, else as the kernel has it."""
        target = posixpath.normpath(mount.target)
        if not target.startswith("/"):
            return target
        # Where links in the folder lead is not for the host to say; those on the way to it are its own.
        for path, folder in (
            (target, self._named),
            (target, self._directory),
            (os.path.realpath(target), self._directory),
        ):
            if _lies_in(path, folder) and path != folder:
                return posixpath.relpath(path, folder)
        return os.path.realpath(target)


def _check(mount: Mount, *, is_trusted: bool) -> None:
    name = f"mount {mount.target!r}"
    if (mount.source is None) == (mount.content is None):
        raise MountError(f"{name}: must have either a source or content")
    if not mount.target or "\0" in mount.target or ".." in mount.target.split("/"):
        raise MountError(f"{name}: must be a path without '..'")
    target = posixpath.normpath(mount.target)
    places = (target, os.path.realpath(target) if target.startswith("/") else target)
    if target == "." or any(map(_KERNEL.fullmatch, places)):
        raise MountError(f"{name}: must not cover all, nor what is the kernel's")
    if not is_trusted and any(map(_SYSTEM.fullmatch, places)):
        raise MountError(
            f"{name}: is the system's; that needs no_new_privileges, for programs of root would trust it"
        )
    if mount.source is None:
        return
    if "\0" in mount.source:
        raise MountError(f"{name}: source {mount.source!r} has a NUL in it")
    if mount.beneath is None and not mount.source.startswith("/"):
        raise MountError(f"{name}: source {mount.source!r} must be absolute, or beneath a folder")
    if mount.beneath is not None and (mount.source.startswith("/") or ".." in mount.source.split("/")):
        raise MountError(f"{name}: source {mount.source!r} must be below {mount.beneath!r}, without '..'")
    if mount.shared_with_host and mount.beneath is not None:
        raise MountError(f"{name}: what is beneath a folder is not shared with the host")


def _outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Without those that lie in others."""
    found = list(dict.fromkeys(paths))
    return tuple(one for one in found if not any(one != other and _lies_in(one, other) for other in found))


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _is_shared(path: str, mounts: Path = Path("/proc/self/mountinfo")) -> bool:
    """Whether mounts below a path are seen on the host and here alike."""
    real = os.path.realpath(path)
    best: Sequence[str] = ("", "", "", "", "", "")
    for line in mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        fields = line.partition(" - ")[0].split(" ")
        if _lies_in(real, fields[4]) and len(fields[4]) >= len(best[4]):
            best = fields
    return any(field.startswith("shared:") for field in best[6:])
