"""The actor `meter` of an executor node: tells what the containers use; to look takes it a while."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from msgspec.structs import replace

from actors.process import Process, handles
from containerizers.containerizer import Usage
from transport import decoders
from transport.messages.containing import (
    ContainersMeasured,
    ContainerUsage,
    DisksMeasured,
    DiskUsage,
    MeasureContainers,
)
from transport.pid import Pid

#: Its name.
METER: Final = "meter"
#: Of those who ask for statistics, as many as do so within this time are told the same (§5.2: two a second).
_REST_SECONDS: Final = 0.5

#: Measures all containers, by id.
Measure: TypeAlias = Callable[[], Mapping[str, Usage]]


class Meter(Process):
    """Measures for whoever asks."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure

    def initialize(self) -> None:
        """Nothing was measured yet."""
        self._last: ContainersMeasured | None = None
        self._measured_at = 0.0
        #: By container id, what is on the disk.
        self._disks: Mapping[str, DiskUsage] = {}

    @handles(DisksMeasured)
    def _on_disks(self, sender: Pid, message: DisksMeasured) -> None:
        self._disks = message.usages

    @handles(MeasureContainers)
    def _on_measure(self, sender: Pid, message: MeasureContainers) -> None:
        last, now = self._last, self.system.now()
        if last is None or message.anew or now - self._measured_at >= _REST_SECONDS:
            try:
                last = ContainersMeasured(self._look(), self.system.wall())
            except OSError as error:  # there may be no descriptor left, just now
                self.log.warning("containers not measured", reason=str(error))
                last = last or ContainersMeasured({}, self.system.wall())
            self._last = last
            self._measured_at = now
        self.send(sender, last)

    def _look(self) -> Mapping[str, ContainerUsage]:
        measured = self._measure()
        # One that runs nothing itself, but for those nested in it, may have a folder of its own.
        families = dict.fromkeys(container_id.partition(".")[0] for container_id in measured)
        found = {family: Usage() for family in families if family in self._disks}
        found.update(measured)
        return {container_id: self._told(container_id, usage) for container_id, usage in found.items()}

    def _told(self, container_id: str, usage: Usage) -> ContainerUsage:
        told = decoders.convert(usage, ContainerUsage, from_attributes=True)
        disk = self._disks.get(container_id)
        if disk is None:
            return told
        return replace(
            told, disk_bytes=disk.used_bytes, disk_limit_bytes=disk.limit_bytes, volumes=disk.volumes
        )
