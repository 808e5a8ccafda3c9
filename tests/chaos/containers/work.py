"""The tasks of the rig: what each is to do, and what must come of it."""

from __future__ import annotations

import enum
import random
from collections.abc import Sequence
from pathlib import Path

import msgspec

from frameworks.offered import Offered, command_task
from transport.records.check import HealthCheck, KillPolicy
from transport.records.command import CommandInfo, Environment
from transport.records.container import ContainerInfo
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.time_info import DurationInfo
from transport.records.volume import Volume

#: In the environment of each process of a task: the run of the rig, and the task.
RIG_VARIABLE = "PION_RIG"
TASK_VARIABLE = "PION_RIG_TASK"
#: Where tasks write down what they do: in a volume, where they have one, else in their sandbox.
_TRUTH = "truth"
RUNS = "runs"
PAYLOAD = "these words were fetched"
_NEEDS = Resources.parse("cpus:0.1;mem:64;disk:16")
_GRACE_SECONDS = 1
#: Statuses by which short tasks end.
_STATUSES = (0, 0, 0, 3, 7)
#: What a task ends with that did not find what was to be fetched.
NOT_FETCHED = 99


class Kind(enum.StrEnum):
    """What contains a task."""

    PLAIN = "plain"
    LINUX = "linux"
    DOCKER = "docker"


class Shape(enum.StrEnum):
    """What it does."""

    LONG = "long"
    SHORT = "short"
    HEALTHY = "healthy"
    FETCHING = "fetching"

    @property
    def lasts(self) -> bool:
        """Whether it ends only when it is killed."""
        return self in (Shape.LONG, Shape.HEALTHY)


class Slot(msgspec.Struct, frozen=True):
    """Something that there is always one task of."""

    kind: Kind
    shape: Shape


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What the tasks of a run have in common."""

    run: str
    #: The folder with the file that they write down in what they do.
    truth: Path
    payload: str
    image: str


class Work(msgspec.Struct, frozen=True):
    """One task: so many lines of output, one each half second, and then its end; a lasting one goes on."""

    name: str
    slot: Slot
    lines: int
    status: int

    @classmethod
    def by_chance(cls, name: str, slot: Slot, chance: random.Random) -> Work:
        if slot.shape.lasts:
            return cls(name, slot, 0, 0)
        return cls(name, slot, chance.randint(1, 8), chance.choice(_STATUSES))

    def info(self, offered: Offered, place: Place) -> TaskInfo:
        """As it is launched; takes what it needs of the offer."""
        made = command_task(self.name, offered, _NEEDS, self._command(place))
        return msgspec.structs.replace(
            made,
            container=self._container(place),
            health_check=_HEALTH if self.slot.shape is Shape.HEALTHY else None,
            kill_policy=KillPolicy(grace_period=DurationInfo(nanoseconds=_GRACE_SECONDS * 10**9)),
        )

    def _command(self, place: Place) -> CommandInfo:
        has_volume = self.slot.kind is not Kind.PLAIN
        variables = {RIG_VARIABLE: place.run, TASK_VARIABLE: self.name}
        uris = (CommandInfo.URI(value=place.payload),) if self.slot.shape is Shape.FETCHING else ()
        return CommandInfo(
            value=self._script(f"{_TRUTH}/{RUNS}" if has_volume else RUNS),
            uris=uris,
            environment=Environment(
                variables=tuple(
                    Environment.Variable(name=name, value=value) for name, value in variables.items()
                )
            ),
        )

    def _script(self, runs: str) -> str:
        lines = [f'cd "$MESOS_SANDBOX" && echo "start {self.name}" >>{runs} || exit 98', "i=0"]
        if self.slot.shape is Shape.HEALTHY:
            lines.append("touch well")
        if self.slot.shape is Shape.FETCHING:
            lines.append(f'[ "$(cat payload)" = "{PAYLOAD}" ] || exit {NOT_FETCHED}')
        lines += [
            f"while [ $i -ne {self.lines or -1} ]",
            f'do i=$((i+1)); echo "line $i"; sleep {1 if self.slot.shape.lasts else 0.5}',
            f'done; echo "end {self.name}" >>{runs}; exit {self.status}',
        ]
        return "\n".join(lines)

    def _container(self, place: Place) -> ContainerInfo | None:
        if self.slot.kind is Kind.PLAIN:
            return None
        volume = Volume(container_path=_TRUTH, host_path=str(place.truth), mode=Volume.Mode.RW)
        if self.slot.kind is Kind.LINUX:
            return ContainerInfo(type=ContainerInfo.Type.MESOS, volumes=(volume,))
        docker = ContainerInfo.DockerInfo(image=place.image, network=ContainerInfo.DockerInfo.Network.HOST)
        return ContainerInfo(type=ContainerInfo.Type.DOCKER, docker=docker, volumes=(volume,))


_HEALTH = HealthCheck(
    type=HealthCheck.Type.COMMAND,
    command=CommandInfo(value='test -e "$MESOS_SANDBOX/well"'),
    delay_seconds=0.0,
    interval_seconds=2.0,
    timeout_seconds=20.0,
    grace_period_seconds=60.0,
    consecutive_failures=5,
)


#: How often each shape is there.
SHAPES = (Shape.SHORT, Shape.LONG, Shape.HEALTHY, Shape.FETCHING, Shape.LONG)


def slots(tasks: int, kinds: Sequence[Kind], shapes: Sequence[Shape] = SHAPES) -> tuple[Slot, ...]:
    """So many, of each kind as many, and of each kind every shape, if there are enough."""
    return tuple(
        Slot(kinds[number % len(kinds)], shapes[number // len(kinds) % len(shapes)])
        for number in range(tasks)
    )
