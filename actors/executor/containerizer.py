"""The actor `containerizer` of an executor node: makes containers for other actors, and tells how they ended.

Every container belongs to the actor that launched it, or adopted it later. Should that actor end, its
containers are destroyed. Those left by a containerizer before this one are anybody's to adopt, for a
while; then they are destroyed too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from actors.process import Process, handles
from actors.system import Timer
from containerizers.containerizer import Broken, Containerizer, Ended, Event, Launched, Notify
from containerizers.paths import check_id
from containerizers.spec import Spec
from transport import decoders
from transport.envelope import Envelope
from transport.messages.containing import (
    AdoptContainer,
    AwaitContainer,
    ContainerEnded,
    ContainerInspected,
    ContainerLaunched,
    ContainersFound,
    DestroyContainer,
    FindContainers,
    InspectContainer,
    LaunchContainer,
    SignalContainer,
)
from transport.pid import Pid

Delay: TypeAlias = Callable[[float, Callable[[], None]], object]
#: Makes the containerizer that does the work; the first argument takes its events from any thread.
Make: TypeAlias = Callable[[Notify, Delay], Containerizer]

#: The name of this actor on every executor node.
CONTAINERIZER = "containerizer"
#: How long containers of a containerizer before this one wait to be adopted.
ADOPTION_SECONDS = 30.0


class _Container:
    """One that the containerizer reports on."""

    __slots__ = ("asked", "cause", "owner", "process")

    def __init__(self, owner: Pid | None, cause: Envelope | None) -> None:
        #: None for one that is adopted only to be destroyed.
        self.owner = owner
        #: The message that it comes from: what becomes of the container belongs to the same story.
        self.cause = cause
        #: The number of its first process, once that is known to run.
        self.process: int | None = None


class ContainerizerProcess(Process):
    """Glue between actors and the `Containerizer` that `make` gives; answers as `containing` says."""

    def __init__(self, make: Make) -> None:
        self._make = make

    def initialize(self) -> None:
        """Look what a containerizer before this one left."""
        self._containers: dict[str, _Container] = {}
        self._owned: dict[Pid, dict[str, None]] = {}
        #: By the outermost container, all that are there: nested ones end with it.
        self._families: dict[str, dict[str, None]] = {}
        #: Who waits for the end of a container that is not theirs.
        self._asked: dict[str, dict[Pid, None]] = {}
        self._containerizer = self._make(self._happened, self._later)
        self._orphans = dict.fromkeys(self._containerizer.recover())
        if self._orphans:
            self.log.info("containers found", container_ids=list(self._orphans))
            self.delay(ADOPTION_SECONDS, self._destroy_orphans)

    def finalize(self) -> None:
        """Destroy everything: who ends this actor wants an end of it all. A crash leaves containers be."""
        for family in tuple(self._families):
            self._containerizer.destroy(family)
        self._containerizer.close()

    def check_invariants(self) -> None:
        """The tables agree with each other."""
        owned = {container_id: owner for owner, ids in self._owned.items() for container_id in ids}
        assert owned == {name: one.owner for name, one in self._containers.items() if one.owner is not None}
        families = [container_id for family in self._families.values() for container_id in family]
        assert sorted(families) == sorted(self._containers)
        assert self._orphans.keys().isdisjoint(self._containers)
        assert all(self._remaining(one) or one in self._orphans for one in self._asked)

    # What actors ask for.

    @handles(LaunchContainer)
    def launch(self, sender: Pid, message: LaunchContainer) -> None:
        """Start a container, unless the sender has it already."""
        container_id = message.container_id
        container = self._containers.get(container_id)
        if container is not None and container.owner == sender:
            self._tell_launched(container_id, container)
            return
        try:
            check_id(container_id)
            if container is not None or container_id in self._orphans:
                raise ValueError(f"container {container_id}: is there already")  # noqa: TRY301
        except ValueError as error:
            self.log.warning("container not launched", container_id=container_id, reason=str(error))
            self.send(sender, ContainerEnded(container_id, None, str(error)))
            return
        self._own(container_id, sender)
        self._containerizer.launch(container_id, decoders.convert(message.spec, Spec, from_attributes=True))
        self.system.fault("containerizer.launch.after")

    @handles(SignalContainer)
    def signal(self, sender: Pid, message: SignalContainer) -> None:
        """Send a signal to a container."""
        if message.container_id in self._containers:
            self.log.info("container signalled", container_id=message.container_id, signal=message.signal)
            self._containerizer.signal(message.container_id, message.signal)

    @handles(DestroyContainer)
    def destroy(self, sender: Pid, message: DestroyContainer) -> None:
        """Kill a container with those nested in it, and tell the sender when they are gone."""
        container_id = message.container_id
        for orphan in tuple(self._orphans):
            if _is_within(orphan, container_id):
                self._adopt(orphan, None)
        self._asked.setdefault(container_id, {})[sender] = None
        if self._remaining(container_id):
            self.log.info("container destroyed", container_id=container_id)
            self._containerizer.destroy(container_id)
        else:
            self._answer(container_id, ContainerEnded(container_id))

    @handles(AwaitContainer)
    def wait(self, sender: Pid, message: AwaitContainer) -> None:
        """Tell the sender when a container is gone."""
        if self._is_there(message.container_id):
            self._asked.setdefault(message.container_id, {})[sender] = None
        else:
            self.send(sender, ContainerEnded(message.container_id))

    @handles(InspectContainer)
    def inspect(self, sender: Pid, message: InspectContainer) -> None:
        """Tell how a container is."""
        container_id = message.container_id
        is_there = self._is_there(container_id)
        environment = self._containerizer.environment(container_id) if is_there else {}
        self.send(sender, ContainerInspected(container_id, is_there, environment))

    @handles(AdoptContainer)
    def adopt(self, sender: Pid, message: AdoptContainer) -> None:
        """Have a container be the sender's from now on."""
        container_id = message.container_id
        container = self._containers.get(container_id)
        if container is not None:
            self._disown(container_id, container)
            self._give(container_id, container, sender)
            self._tell_launched(container_id, container)
        elif container_id in self._orphans:
            self._adopt(container_id, sender)
        else:
            self.send(sender, ContainerEnded(container_id))

    @handles(FindContainers)
    def find(self, sender: Pid, message: FindContainers) -> None:
        """Tell what waits to be adopted."""
        self.send(sender, ContainersFound(tuple(self._orphans)))

    def exited(self, pid: Pid) -> None:
        """An owner is gone: what it had is destroyed."""
        for container_id in tuple(self._owned.get(pid, ())):
            self.log.info("container of an ended actor destroyed", container_id=container_id, owner=str(pid))
            self._containerizer.destroy(container_id)

    # What the containerizer tells.

    @handles(Launched)
    def launched(self, sender: Pid, message: Launched) -> None:
        """It runs."""
        container = self._containers[message.container_id]
        container.process = message.process
        self.log.debug("container runs", container_id=message.container_id, process=message.process)
        self._tell_launched(message.container_id, container)

    @handles(Ended)
    def ended(self, sender: Pid, message: Ended) -> None:
        """It is no more."""
        container_id = message.container_id
        container = self._containers.pop(container_id)
        self._disown(container_id, container)
        family = _family(container_id)
        del self._families[family][container_id]
        if not self._families[family]:
            del self._families[family]
        self.log.info(
            "container ended", container_id=container_id, status=message.status, reason=message.error
        )
        told = ContainerEnded(container_id, message.status, message.error)
        if container.owner is not None:
            self.send(container.owner, told)
            self._asked.get(container_id, {}).pop(container.owner, None)
        self._answer_those_who_wait(told)

    @handles(Broken)
    def broken(self, sender: Pid, message: Broken) -> None:
        """Crash: the successor makes another containerizer, and owners adopt what is theirs."""
        raise RuntimeError(message.reason)

    # How it works.

    def _happened(self, event: Event) -> None:
        """Make an event a turn of this actor; called on whatever thread."""
        container = None if isinstance(event, Broken) else self._containers.get(event.container_id)
        self.system.send(self.pid, self.pid, event, None if container is None else container.cause)

    def _later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return self.delay(seconds, callback)

    def _own(self, container_id: str, owner: Pid | None) -> None:
        container = _Container(owner, self._cause)
        self._containers[container_id] = container
        self._families.setdefault(_family(container_id), {})[container_id] = None
        if owner is not None:
            self._give(container_id, container, owner)

    def _give(self, container_id: str, container: _Container, owner: Pid) -> None:
        container.owner = owner
        if owner not in self._owned:
            self.link(owner)
        self._owned.setdefault(owner, {})[container_id] = None

    def _disown(self, container_id: str, container: _Container) -> None:
        owner = container.owner
        owned = self._owned.get(owner) if owner is not None else None
        if owner is not None and owned is not None:
            owned.pop(container_id, None)
            if not owned:
                del self._owned[owner]
                self.unlink(owner)

    def _adopt(self, container_id: str, owner: Pid | None) -> None:
        del self._orphans[container_id]
        self._own(container_id, owner)
        self._containerizer.adopt(container_id)

    def _destroy_orphans(self) -> None:
        for container_id in tuple(self._orphans):
            self.log.warning("container that nobody adopted destroyed", container_id=container_id)
            self._adopt(container_id, None)
            self._containerizer.destroy(container_id)

    def _is_there(self, container_id: str) -> bool:
        return container_id in self._containers or container_id in self._orphans

    def _remaining(self, container_id: str) -> bool:
        """Whether anything of it is left."""
        return any(_is_within(other, container_id) for other in self._families.get(_family(container_id), ()))

    def _tell_launched(self, container_id: str, container: _Container) -> None:
        if container.owner is not None and container.process is not None:
            self.send(container.owner, ContainerLaunched(container_id, container.process))

    def _answer_those_who_wait(self, told: ContainerEnded) -> None:
        """Those who wait for this container or for one that it was nested in."""
        container_id = told.container_id
        while container_id:
            if container_id in self._asked and not self._remaining(container_id):
                own = container_id == told.container_id
                self._answer(container_id, told if own else ContainerEnded(container_id))
            container_id = container_id.rpartition(".")[0]

    def _answer(self, container_id: str, answer: ContainerEnded) -> None:
        for asker in self._asked.pop(container_id, ()):
            self.send(asker, answer)


def _family(container_id: str) -> str:
    return container_id.partition(".")[0]


def _is_within(container_id: str, other: str) -> bool:
    """Whether it is the other one, or nested in it."""
    return container_id == other or container_id.startswith(other + ".")
