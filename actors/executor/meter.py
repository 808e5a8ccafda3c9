"""The actor `meter` of an executor node: tells what the containers use; to look takes it a while."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from actors.process import Process, handles
from containerizers.containerizer import Usage
from transport import decoders
from transport.messages.containing import ContainersMeasured, ContainerUsage, MeasureContainers
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

    @handles(MeasureContainers)
    def _on_measure(self, sender: Pid, message: MeasureContainers) -> None:
        last, now = self._last, self.system.now()
        if last is None or message.anew or now - self._measured_at >= _REST_SECONDS:
            last = self._last = ContainersMeasured(
                {
                    container_id: decoders.convert(usage, ContainerUsage, from_attributes=True)
                    for container_id, usage in self._measure().items()
                },
                self.system.wall(),
            )
            self._measured_at = now
        self.send(sender, last)
