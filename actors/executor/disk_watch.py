"""The actor `disk_watch` of an executor node: counts what containers have on the disk, and may end those
that have too much (isolator disk/du: `--container_disk_watch_interval`, `--enforce_container_disk_quota`).

A round begins so long after the one before ended, and takes its time: so many entries of folders, a rest, and
so on. All that it found is told to the actor `meter` at its end; a container with too much on the disk is
told to the containerizer as soon as that is known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from typing import Final, Protocol, TypeAlias

import msgspec
from msgspec.structs import replace

from actors.executor.containerizer import CONTAINERIZER
from actors.executor.gauges import DiskMetrics
from actors.executor.meter import METER
from actors.process import Process, handles
from actors.units import Bytes
from containerizers.disk import mount_points
from transport.messages.container_spec import Limits
from transport.messages.containing import (
    ContainersListed,
    DisksMeasured,
    DiskUsage,
    Limitation,
    LimitContainer,
    ListContainers,
    ListedContainer,
    VolumeUsage,
)
from transport.pid import Pid

#: Its name.
DISK_WATCH: Final = "disk_watch"
#: Entries that are counted before there is a rest; it takes the node about as long as the rest.
_ENTRIES: Final = 2000
_REST_SECONDS: Final = 0.005


class Counting(Protocol):
    """One count of a folder; see `containerizers.disk.FolderCount`."""

    used_bytes: int

    def go_on(self, most: int) -> int: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


#: Begins to count a folder, without the paths that are left out; raises OSError when it is not there.
Count: TypeAlias = Callable[[str, Collection[str]], Counting]


class _Place(msgspec.Struct, frozen=True):
    """A folder that is to be counted."""

    container_id: str
    path: str
    limit_bytes: int
    #: Of a persistent volume; None: it is the folder that the container works in.
    persistence_id: str | None = None


class DiskWatch(Process):
    """Counts one folder after the other."""

    def __init__(
        self,
        count: Count,
        *,
        interval_seconds: float,
        enforces: bool,
        mounts: Callable[[], Collection[str]] = mount_points,
        metrics: DiskMetrics | None = None,
    ) -> None:
        self._begin_count = count
        self._interval_seconds = interval_seconds
        self._enforces = enforces
        self._mounts = mounts
        self._metrics = metrics or DiskMetrics()

    def initialize(self) -> None:
        """Nothing was counted yet."""
        self._places: deque[_Place] = deque()
        #: The one that is counted.
        self._place: _Place | None = None
        self._count: Counting | None = None
        #: One that seems to have too much in it, and how much; its limit may have risen since it was told.
        self._doubt: tuple[_Place, int] | None = None
        self._left_out: Collection[str] = ()
        self._begun = 0.0
        #: What this round has found, by container id.
        self._found: dict[str, DiskUsage] = {}
        #: Paths that were found with too much in them, in this round and the one before.
        self._excessive: dict[str, None] = {}
        self._before: dict[str, None] = {}
        self._containerizer = replace(self.pid.whoever(), name=CONTAINERIZER)
        self.every(self._interval_seconds, self._begin)

    def finalize(self) -> None:
        """Let go of the folder that is counted."""
        self._stop()

    @property
    def _is_under_way(self) -> bool:
        return bool(self._places) or self._place is not None or self._doubt is not None

    def _begin(self) -> None:
        # Whoever did not answer has a successor.
        if self._doubt is not None or not self._is_under_way:
            self.send(self._containerizer, ListContainers())

    @handles(ContainersListed)
    def listed(self, sender: Pid, message: ContainersListed) -> None:
        """What there is, and how much each may have."""
        places = tuple(chain.from_iterable(map(_places, message.containers)))
        if self._doubt is not None:
            self._settle(places)
        elif not self._is_under_way:
            self._begin_round(places)

    def _begin_round(self, places: Collection[_Place]) -> None:
        try:
            self._left_out = self._mounts() if places else ()
        except OSError as error:
            self.log.warning("disks not looked at", reason=str(error))
            return
        self._found = {}
        self._before, self._excessive = self._excessive, {}
        self._places.extend(places)
        self._begun = self.system.now()
        self._work()

    def _work(self) -> None:
        """Count for a while."""
        entries = _ENTRIES
        while entries > 0 and self._doubt is None and (self._count is not None or self._next()):
            entries -= self._go_on(entries) + 1
        if self._doubt is not None:
            self.send(self._containerizer, ListContainers())
        elif self._is_under_way:
            self.delay(_REST_SECONDS, self._work)
        else:
            self._metrics.round.record(self.system.now() - self._begun)
            self.send(replace(self._containerizer, name=METER), DisksMeasured(self._found))

    def _go_on(self, entries: int) -> int:
        """Count up to so many entries of the folder; returns how many."""
        assert self._count is not None and self._place is not None
        try:
            counted = self._count.go_on(entries)
        except OSError as error:
            self._pass_over(self._place, error)
            self._stop()
            return 0
        if counted < entries:
            self._finish(self._count.used_bytes)
        return counted

    def _next(self) -> bool:
        """Begin with the next folder that is there; False when there is none."""
        while self._places:
            place = self._places.popleft()
            left_out = [path for path in self._left_out if path.startswith(place.path + "/")]
            try:
                self._count = self._begin_count(place.path, left_out)
            except OSError as error:
                self._pass_over(place, error)
            else:
                self._place = place
                return True
        return False

    def _pass_over(self, place: _Place, error: OSError) -> None:
        """It is gone with its container, or cannot be looked at just now."""
        self.log.debug("folder not counted", path=place.path, reason=str(error))

    def _finish(self, used_bytes: int) -> None:
        place = self._place
        assert place is not None
        self._stop()
        if used_bytes > place.limit_bytes:
            self._doubt = place, used_bytes
        else:
            self._note(place, used_bytes)

    def _settle(self, places: Iterable[_Place]) -> None:
        """Judge by the limits of now."""
        assert self._doubt is not None
        doubted, used_bytes = self._doubt
        self._doubt = None
        for place in places:
            if (place.container_id, place.path) == (doubted.container_id, doubted.path):
                self._note(place, used_bytes)
                if used_bytes > place.limit_bytes:
                    self._exceeded(place, used_bytes)
        self._work()

    def _note(self, place: _Place, used_bytes: int) -> None:
        usage = self._found.get(place.container_id, DiskUsage())
        if place.persistence_id is None:
            usage = replace(usage, limit_bytes=place.limit_bytes, used_bytes=used_bytes)
        else:
            volume = VolumeUsage(
                persistence_id=place.persistence_id, limit_bytes=place.limit_bytes, used_bytes=used_bytes
            )
            usage = replace(usage, volumes=(*usage.volumes, volume))
        self._found[place.container_id] = usage

    def _stop(self) -> None:
        if self._count is not None:
            self._count.close()
        self._count = self._place = None

    def _exceeded(self, place: _Place, used_bytes: int) -> None:
        self._excessive[place.path] = None
        if place.path not in self._before:
            self._metrics.exceeded.increment()
            self.log.warning(
                "container exceeds its disk quota",
                container_id=place.container_id,
                path=place.path,
                used_bytes=used_bytes,
                limit_bytes=place.limit_bytes,
                enforced=self._enforces,
            )
        if self._enforces:
            message = f"Disk usage ({Bytes(used_bytes)}) exceeds quota ({Bytes(place.limit_bytes)})"
            limitation = Limitation(kind="disk", message=message, used=used_bytes)
            self.send(self._containerizer, LimitContainer(place.container_id, limitation))


def _places(container: ListedContainer) -> Iterator[_Place]:
    limits = container.limits or Limits()
    if container.directory is not None and limits.disk_bytes is not None:
        yield _Place(container.container_id, container.directory, limits.disk_bytes)
    for volume in limits.volumes:
        yield _Place(container.container_id, volume.path, volume.limit_bytes, volume.persistence_id)
