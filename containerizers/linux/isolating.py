"""Starts containers in control groups and namespaces, and finds what belongs to them by the groups."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from containerizers.census import Census
from containerizers.cgroups.groups import Group
from containerizers.cgroups.tree import CgroupError
from containerizers.containerizer import Usage
from containerizers.launcher import Remains, Started
from containerizers.linux.abilities import Abilities
from containerizers.linux.allotments import Allotments
from containerizers.linux.figures import figures
from containerizers.linux.orders import order
from containerizers.linux.starting import Starter
from containerizers.paths import RuntimePaths, parent_of, read_stamp
from containerizers.posix import PosixLauncher
from containerizers.program import StartError, identify, opened, raise_limit
from containerizers.session import Alarm, Session
from containerizers.spec import Limits, Spec

#: What is killed is gone within milliseconds, unless it waits for a disk.
_CLEARING_SECONDS = 5.0
_CLEARING_PAUSE_SECONDS = 0.002
#: So many containers that have ended are remembered.
_PAST = 1000


class _Around(NamedTuple):
    """A container that another is nested in: a process in all its namespaces, and its first one."""

    descriptor: int
    process: int


class LinuxLauncher:
    """`Launcher` for Linux. What belongs to containers without control groups is found by a census."""

    def __init__(
        self,
        runtime_dir: Path,
        allotments: Allotments | None,
        abilities: Abilities,
        fault: Callable[[str], None],
    ) -> None:
        self._paths = RuntimePaths(runtime_dir)
        self._allotments = allotments
        self._abilities = abilities
        self._fault = fault
        self._open_files = raise_limit()
        self._plain = PosixLauncher(runtime_dir)
        self._mark = Census(str(runtime_dir.resolve())).mark
        self._starter = Starter(self._paths, fault)
        self._nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        self._sessions: dict[str, Session] = {}
        #: Some that have ended, in which nothing can be nested any more.
        self._past: dict[str, None] = {}
        #: How often something of a container could not be ended or removed.
        self.errors = 0

    # For any thread.

    def start(self, container_id: str, spec: Spec) -> Started:
        """See `Launcher.start`."""
        identity = identify(spec.user)
        if self._paths.stamp(container_id) is not None:
            raise StartError(f"container {container_id}: was left by another process, and runs")
        with self._around(container_id, spec) as around, opened(spec, identity) as streams:
            wanted = order(
                spec,
                self._mark(container_id),
                identity,
                streams,
                self._abilities,
                around=None if around is None else around.process,
                open_files=self._open_files,
            )
            given = [self._nothing if stream < 0 else stream for stream in streams[:3]]
            given += [] if around is None else [around.descriptor]
            self._fault("linux.folder.before")
            self._paths.folder(container_id).mkdir(parents=True, exist_ok=True)
            self._fault("linux.folder.after")
            try:
                with self._doors(container_id, spec) as doors:
                    session = self._starter.start(container_id, wanted, (*given, *doors))
            except (StartError, OSError) as error:
                self._clear_away(container_id)
                self._check_around(container_id)  # Then it is why.
                raise StartError(str(error)) from None
            session.is_grouped = self._allotments is not None
            session.alarm = self._alarm(session)
            return Started(session, streams.console)

    def added(self, session: Session) -> bool:
        """See `Launcher.added`."""
        self._past.pop(session.container_id, None)
        self._sessions[session.container_id] = session
        return not session.is_grouped and self._plain.added(session)

    def recover(self, is_known: Callable[[str], bool]) -> Iterable[str]:
        """See `Launcher.recover`."""
        found: dict[str, None] = {}
        grouped: dict[str, None] = {}
        for container_id in reversed(self._paths.containers()):  # nested ones first
            if is_known(container_id):
                continue
            runs = self._paths.stamp(container_id) is not None
            if self._allotments is not None and self._allotments.find(container_id):
                grouped[container_id] = None
                runs = runs or bool(self._members(container_id))
            is_around = any(one.startswith(container_id + ".") for one in found)
            if runs or (is_around and self._paths.pid(container_id).exists()):
                found[container_id] = None
            elif not is_around:
                self._clear_away(container_id)
        plain = self._plain.recover(lambda one: is_known(one) or one in grouped)
        found.update((one, None) for one in plain if one not in grouped)
        return found

    def recovered(self, container_id: str) -> Session:
        """See `Launcher.recovered`."""
        idler = read_stamp(self._paths.idler(container_id))
        if self._allotments is None or not self._allotments.find(container_id):
            session = self._plain.recovered(container_id)
            session.idler = idler
            return session
        stamp = self._paths.stamp(container_id)
        descriptor = None if stamp is None else stamp.open()
        process = None if stamp is None or descriptor is None else stamp.process
        session = Session(container_id, process, descriptor)
        session.idler = idler
        session.is_grouped = session.has_file = True
        session.alarm = self._alarm(session)
        return session

    def update(self, container_id: str, limits: Limits) -> None:
        """See `Launcher.update`; raises ValueError when the kernel will not have it."""
        if self._allotments is not None and container_id not in self._past:
            try:
                self._allotments.update(container_id, limits)
            except CgroupError as error:
                raise ValueError(f"container {container_id}: {error}") from None

    def usage(self, first: Mapping[str, int | None]) -> Mapping[str, Usage]:
        """See `Launcher.usage`; of families, too, whose nested ones that ended are counted nowhere else."""
        plain = {one: process for one, process in first.items() if not self._is_grouped(one)}
        found = dict(self._plain.usage(plain)) if plain else {}
        if self._allotments is not None:
            grouped = {one: process for one, process in first.items() if one not in plain}
            grouped.update(dict.fromkeys(self._allotments.families()))
            found |= figures(grouped, self._group, tuple(self._sessions.values()))
        return found

    def processes(self, first: Mapping[str, int | None]) -> Mapping[str, tuple[int, ...]]:
        """See `Launcher.processes`."""
        plain = {one: process for one, process in first.items() if not self._is_grouped(one)}
        found = dict(self._plain.processes(plain)) if plain else {}
        for container_id in first.keys() - plain.keys():
            with contextlib.suppress(CgroupError):
                found[container_id] = self._members(container_id)
        return found

    # On the thread that waits.

    def signal(self, signals: Sequence[tuple[str, int]]) -> None:
        """See `Launcher.signal`."""
        plain = [one for one in signals if not self._is_grouped(one[0])]
        if plain:
            self._plain.signal(plain)
        for container_id, number in signals:
            if self._is_grouped(container_id):
                with self._counting_errors():
                    self._group(container_id).signal(number)

    def rest(self) -> float:
        """See `Launcher.rest`; to look at what has control groups costs nothing."""
        return self._plain.rest()

    def clear(self, ending: Sequence[Session], may_end: Callable[[Session], bool]) -> Sequence[Remains]:
        """See `Launcher.clear`."""
        plain = [session for session in ending if not session.is_grouped]
        for session in plain:
            if session.idler is not None:
                session.idler.kill()
        remains = dict(zip(plain, self._plain.clear(plain, may_end), strict=True)) if plain else {}
        for session in ending:
            if session.is_grouped:
                remains[session] = Remains.SOMETHING
                with self._counting_errors():
                    remains[session] = self._clear(session, may_end=may_end(session))
            if remains[session] is Remains.NOTHING:
                self._sessions.pop(session.container_id, None)
        return [remains[session] for session in ending]

    def is_alarmed(self, session: Session) -> bool:
        """See `Launcher.is_alarmed`."""
        self._find_limitation(session)
        return session.limitation is not None

    def work(self) -> float | None:
        """See `Launcher.work`."""
        return self._plain.work()

    def release(self, container_id: str) -> None:
        """See `Launcher.release`."""
        if self._allotments is not None:
            with self._counting_errors():
                self._allotments.release(container_id)

    def end(self) -> None:
        """See `Launcher.end`."""
        if self._allotments is not None:
            with self._counting_errors():
                self._allotments.end()

    def close(self) -> None:
        """See `Launcher.close`."""
        self._plain.close()
        self._starter.close()
        os.close(self._nothing)

    # How it is done.

    @contextlib.contextmanager
    def _around(self, container_id: str, spec: Spec) -> Iterator[_Around | None]:
        """The container around it; None when there is none that has processes, or nothing to go into."""
        name = parent_of(container_id)
        self._check_around(container_id)
        parent = self._sessions.get(name)
        if parent is None and spec.inside and not self._is_family(name):
            raise StartError(f"container {name}: nothing runs in it")
        if parent is None or parent.process is None or not self._abilities.makes_namespaces:
            yield None
            return
        descriptor = _opened(parent)
        if descriptor is None:
            raise StartError(_ended(name))
        try:
            # Opened by its number, which was not another's if it has not ended yet.
            self._check_around(container_id)
            yield _Around(descriptor, parent.process)
        finally:
            os.close(descriptor)

    def _check_around(self, container_id: str) -> None:
        """Raise StartError if the container around this one has ended."""
        name = parent_of(container_id)
        parent = self._sessions.get(name)
        if name in self._past or (parent is not None and parent.gone):
            raise StartError(_ended(name))

    @contextlib.contextmanager
    def _doors(self, container_id: str, spec: Spec) -> Iterator[Sequence[int]]:
        """Make the groups, and open what a process is to write to so that it is in them."""
        if self._allotments is None:
            yield ()
            return
        devices = None if spec.isolation is None else spec.isolation.devices
        self._allotments.make(container_id, spec.limits, devices, inside=spec.inside)
        doors = self._group(container_id).join_files()
        try:
            yield doors
        finally:
            for door in doors:
                os.close(door)

    def _group(self, container_id: str) -> Group:
        assert self._allotments is not None
        return self._allotments.group(container_id)

    def _is_grouped(self, container_id: str) -> bool:
        session = self._sessions.get(container_id)
        return session is not None and session.is_grouped

    def _is_family(self, container_id: str) -> bool:
        return self._allotments is None or (bool(container_id) and self._paths.family(container_id).exists())

    def _members(self, container_id: str) -> tuple[int, ...]:
        """The processes of a container, without the one that does nothing."""
        idler = read_stamp(self._paths.idler(container_id))
        without = None if idler is None else idler.process
        return tuple(one for one in self._group(container_id).processes() if one != without)

    def _alarm(self, session: Session) -> Alarm | None:
        if not session.is_grouped:
            return None
        descriptor = None
        with self._counting_errors():
            descriptor = self._group(session.container_id).oom_watch()
        return None if descriptor is None else Alarm(descriptor)

    def _find_limitation(self, session: Session) -> None:
        if session.is_grouped and session.limitation is None and self._allotments is not None:
            with self._counting_errors():
                session.limitation = self._allotments.limitation(session.container_id)

    def _clear(self, session: Session, *, may_end: bool) -> Remains:
        assert self._allotments is not None
        container_id = session.container_id
        group = self._group(container_id)
        if group.processes():
            # With that one the kernel ends all in its namespace at once. What is in no such, it does not.
            if session.idler is not None and not session.struck:
                session.idler.kill()
                session.struck = True
            else:
                group.kill()
            return Remains.SOMETHING
        if not may_end:
            if session.descriptor is not None and not session.gone:  # It may have left its groups.
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(session.descriptor, signal.SIGKILL)
            return Remains.SOMETHING
        self._find_limitation(session)
        self._remember(container_id)
        session.reap()
        self._fault("linux.remove.before")
        if not self._allotments.remove(container_id):
            group.kill()
            return Remains.SOMETHING
        self._fault("linux.remove.after")
        with contextlib.suppress(OSError):
            self._paths.remove(container_id)
        return Remains.NOTHING

    def _clear_away(self, container_id: str) -> None:
        """End all that may be there of a container that was never told of."""
        idler = read_stamp(self._paths.idler(container_id))
        if idler is not None:
            idler.kill()
        deadline = time.monotonic() + _CLEARING_SECONDS
        with self._counting_errors():
            while self._allotments is not None and not self._allotments.remove(container_id):
                self._group(container_id).kill()
                if time.monotonic() > deadline:
                    self.errors += 1
                    return
                time.sleep(_CLEARING_PAUSE_SECONDS)
            self._paths.remove(container_id)

    def _remember(self, container_id: str) -> None:
        self._past[container_id] = None
        if len(self._past) > _PAST:
            del self._past[next(iter(self._past))]

    @contextlib.contextmanager
    def _counting_errors(self) -> Iterator[None]:
        try:
            yield
        except CgroupError:
            self.errors += 1


def _opened(session: Session) -> int | None:
    """A process that is in all namespaces of a container, if there is one."""
    if session.idler is not None:
        return session.idler.open()
    with contextlib.suppress(ProcessLookupError):
        return os.pidfd_open(session.process or 0)
    return None


def _ended(container_id: str) -> str:
    return f"container {container_id}: has ended"
