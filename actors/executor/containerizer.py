"""The actor `containerizer` of an executor node: makes containers for other actors, and tells how they ended.

Every container belongs to the actor that launched it, or adopted it later. Should that actor end, its
containers are destroyed. Those left by a containerizer before this one are anybody's to adopt, for a
while; then they are destroyed too. What files a container needs is fetched before anything of it is made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from msgspec.structs import replace

from actors.executor.begun import Begun
from actors.executor.fetcher import FETCHER
from actors.executor.lot import Container, Lot, Stage, family_of, is_within
from actors.process import Process, handles
from actors.system import Timer
from containerizers.containerizer import Broken, Containerizer, Ended, Event, Launched, Notify
from containerizers.paths import check_id
from containerizers.spec import Limits, Spec
from transport.decoders import convert
from transport.messages.container_spec import ContainerSpec
from transport.messages.containing import (
    AdoptContainer,
    AwaitContainer,
    ContainerEnded,
    ContainerInspected,
    ContainerLaunched,
    ContainersFound,
    ContainersListed,
    DestroyContainer,
    FindContainers,
    ForgetContainer,
    InspectContainer,
    LaunchContainer,
    Limitation,
    LimitContainer,
    ListContainers,
    SignalContainer,
    UpdateContainer,
)
from transport.messages.fetching import FetchFiles, FilesFetched, StopFetching
from transport.pid import Pid

Delay: TypeAlias = Callable[[float, Callable[[], None]], object]
#: Makes the containerizer that does the work; the first argument takes its events from any thread.
Make: TypeAlias = Callable[[Notify, Delay], Containerizer]

#: The name of this actor on every executor node.
CONTAINERIZER = "containerizer"
#: How long containers of a containerizer before this one wait to be adopted.
ADOPTION_SECONDS = 30.0
#: The pause before the successor of a fetcher that crashed is asked again.
_FETCH_AGAIN_SECONDS: Final = 0.2


class ContainerizerProcess(Process):
    """Glue between actors and the `Containerizer` that `make` gives; answers as `containing` says."""

    def __init__(self, make: Make, boot_id: str = "") -> None:
        self._make = make
        self._boot_id = boot_id

    def initialize(self) -> None:
        """Look what a containerizer before this one left."""
        self._fetcher = replace(self.pid.whoever(), name=FETCHER)
        self._lot = Lot()
        self._begun = Begun(self.system.disk, self._boot_id)
        #: Those whose files are being fetched.
        self._fetching: dict[str, Container] = {}
        #: Who waits for the end of a container that is not theirs.
        self._asked: dict[str, dict[Pid, None]] = {}
        self._containerizer = self._make(self._happened, self._later)
        self._lot.orphans.update(dict.fromkeys(self._containerizer.recover()))
        if self._lot.orphans:
            self.log.info("containers found", container_ids=list(self._lot.orphans))
            self.delay(ADOPTION_SECONDS, self._destroy_orphans)

    def finalize(self) -> None:
        """Destroy everything: who ends this actor wants an end of it all. A crash leaves containers be."""
        self._containerizer.end()

    def check_invariants(self) -> None:
        """The tables agree with each other."""
        self._lot.check()
        fetching = {name for name, one in self._lot.containers.items() if one.stage is Stage.FETCHING}
        assert fetching == self._fetching.keys()
        assert all(self._lot.within(one) or one in self._lot.orphans for one in self._asked)

    # What actors ask for.

    @handles(LaunchContainer)
    def launch(self, sender: Pid, message: LaunchContainer) -> None:
        """Start a container, unless the sender has it already."""
        container_id = message.container_id
        container = self._lot.containers.get(container_id)
        if container is not None and container.owner == sender:
            self._tell_launched(container)
            return
        try:
            check_id(container_id)
            if self._lot.is_there(container_id):
                raise ValueError(f"container {container_id}: is there already")  # noqa: TRY301
        except ValueError as error:
            self.log.warning("container not launched", container_id=container_id, reason=str(error))
            self.send(sender, ContainerEnded(container_id, None, str(error)))
            return
        self._launch(container_id, sender, message.spec, is_kept=message.is_kept)

    @handles(FilesFetched)
    def fetched(self, sender: Pid, message: FilesFetched) -> None:
        """All is in its folder that a container needs, or cannot be had."""
        container_id = message.container_id
        container = self._fetching.get(container_id)
        if container is None:
            return
        if message.error:
            reason = f"Failed to fetch all URIs for container '{container_id}': {message.error}"
            self._not_made(container_id, reason)
            return
        self._no_longer_fetching(container_id)
        container.stage = Stage.MADE
        self.system.fault("containerizer.fetch.after")
        self._start(container_id, container)

    @handles(UpdateContainer)
    def update(self, sender: Pid, message: UpdateContainer) -> None:
        """Change what a container may use."""
        self._lot.bound(message)
        if message.container_id not in self._fetching:
            limits = convert(message.limits, Limits, from_attributes=True)
            try:
                self._containerizer.update(message.container_id, limits)
            except ValueError as error:  # it keeps those that it has
                self.log.warning("limits not changed", container_id=message.container_id, reason=str(error))

    @handles(SignalContainer)
    def signal(self, sender: Pid, message: SignalContainer) -> None:
        """Send a signal to a container; whatever it is, it ends one of which nothing is made yet."""
        container_id = message.container_id
        if container_id not in self._lot.containers:
            return
        self.log.info("container signalled", container_id=container_id, signal=message.signal)
        if container_id in self._fetching:
            self._stop_fetching(container_id)
        else:
            self._containerizer.signal(container_id, message.signal)

    @handles(DestroyContainer)
    def destroy(self, sender: Pid, message: DestroyContainer) -> None:
        """Kill a container with those nested in it, and tell the sender when they are gone."""
        container_id = message.container_id
        for orphan in tuple(self._lot.orphans):
            if is_within(orphan, container_id):
                self._adopt(orphan, None, None)
        self._asked.setdefault(container_id, {})[sender] = None
        self._lot.unbound(container_id)
        if self._lot.within(container_id):
            self._destroy(container_id)
        else:
            # Of one that runs nothing itself there may be something all the same.
            self._containerizer.destroy(container_id)
            self._answer(container_id, ContainerEnded(container_id))

    @handles(LimitContainer)
    def limit(self, sender: Pid, message: LimitContainer) -> None:
        """Destroy a container, or those nested in it, and tell their owners why."""
        limitation = message.limitation
        within = self._lot.within(message.container_id)
        if within:
            self.log.warning(
                "container uses too much", container_id=message.container_id, reason=limitation.message
            )
            for container_id in within:
                container = self._lot.containers[container_id]
                container.limitation = container.limitation or limitation
            self._destroy(message.container_id)

    @handles(ListContainers)
    def list_them(self, sender: Pid, message: ListContainers) -> None:
        """Tell what there is."""
        self.send(sender, ContainersListed(self._lot.listed()))

    @handles(AwaitContainer)
    def wait(self, sender: Pid, message: AwaitContainer) -> None:
        """Tell the sender when a container is gone."""
        if self._lot.is_there(message.container_id):
            self._asked.setdefault(message.container_id, {})[sender] = None
        else:
            self.send(sender, ContainerEnded(message.container_id))

    @handles(InspectContainer)
    def inspect(self, sender: Pid, message: InspectContainer) -> None:
        """Tell how a container is."""
        container_id = message.container_id
        is_there = self._lot.is_there(container_id)
        environment = self._containerizer.environment(container_id) if is_there else {}
        self.send(sender, ContainerInspected(container_id, is_there, environment))

    @handles(AdoptContainer)
    def adopt(self, sender: Pid, message: AdoptContainer) -> None:
        """Have a container be the sender's from now on."""
        container_id = message.container_id
        container = self._lot.containers.get(container_id)
        if container is not None:
            self._disown(container_id)
            self._give(container_id, sender)
            self._tell_launched(container)
        elif container_id in self._lot.orphans:
            self._adopt(container_id, sender, message.spec)
        elif message.launches and message.spec is not None and self._begun.never(container_id):
            self._launch(container_id, sender, message.spec, is_kept=True)
        else:
            self.send(sender, ContainerEnded(container_id))

    @handles(ForgetContainer)
    def forget(self, sender: Pid, message: ForgetContainer) -> None:
        """Remember no more that a container was begun."""
        try:
            self._begun.forget(message.container_id)
        except OSError as error:  # it is remembered in vain
            self.log.warning("container not forgotten", container_id=message.container_id, reason=str(error))

    @handles(FindContainers)
    def find(self, sender: Pid, message: FindContainers) -> None:
        """Tell what waits to be adopted."""
        self.send(sender, ContainersFound(tuple(self._lot.orphans), self._begun.ids, self._begun.is_complete))

    def exited(self, pid: Pid) -> None:
        """An owner is gone, and what it had is destroyed; or the fetcher, whose successor knows nothing."""
        if pid == self._fetcher:
            self.delay(_FETCH_AGAIN_SECONDS, self._fetch_again)
            return
        for container_id in self._lot.owned(pid):
            if container_id in self._lot.containers:
                self.log.info(
                    "container of an ended actor destroyed", container_id=container_id, owner=str(pid)
                )
                self._destroy(container_id)

    # What the containerizer tells.

    @handles(Launched)
    def launched(self, sender: Pid, message: Launched) -> None:
        """It runs."""
        container = self._lot.containers[message.container_id]
        container.launched = ContainerLaunched(
            message.container_id, message.process, message.addresses, message.described
        )
        self.log.debug("container runs", container_id=message.container_id, process=message.process)
        self._tell_launched(container)

    @handles(Ended)
    def ended(self, sender: Pid, message: Ended) -> None:
        """It is no more, nor is there a place for what was to be nested in it."""
        for container_id in self._lot.within(message.container_id):
            if container_id in self._fetching:
                self._stop_fetching(container_id)
        told = message.limitation
        limitation = None if told is None else convert(told, Limitation, from_attributes=True)
        self._ended(ContainerEnded(message.container_id, message.status, message.error, limitation))

    @handles(Broken)
    def broken(self, sender: Pid, message: Broken) -> None:
        """Crash: the successor makes another containerizer, and owners adopt what is theirs."""
        raise RuntimeError(message.reason)

    # How it works.

    def _happened(self, event: Event) -> None:
        """Make an event a turn of this actor; called on whatever thread."""
        container = None if isinstance(event, Broken) else self._lot.containers.get(event.container_id)
        self.system.send(self.pid, self.pid, event, None if container is None else container.cause)

    def _later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return self.delay(seconds, callback)

    def _launch(self, container_id: str, owner: Pid, spec: ContainerSpec, *, is_kept: bool) -> None:
        """Make a container, after its files were fetched if it needs any."""
        container = self._own(container_id, owner, spec)
        container.is_kept = is_kept
        if spec.files:
            container.stage = Stage.FETCHING
            if not self._fetching:
                self.link(self._fetcher)
            self._fetching[container_id] = container
            self._fetch(container_id, spec)
        else:
            self._start(container_id, container)

    def _start(self, container_id: str, container: Container) -> None:
        if container.is_kept:
            try:
                self._begun.add(container_id)
            except OSError as error:
                self._ended(ContainerEnded(container_id, None, f"it cannot be kept: {error}"))
                return
            self.system.fault("containerizer.begun.after")
        self._containerizer.launch(container_id, convert(container.spec, Spec, from_attributes=True))
        self.system.fault("containerizer.launch.after")

    def _destroy(self, container_id: str) -> None:
        self.log.info("container destroyed", container_id=container_id)
        for one in self._lot.within(container_id):
            self._lot.containers[one].is_ending = True
            if one in self._fetching:
                self._stop_fetching(one)
        self._containerizer.destroy(container_id)

    def _ended(self, ended: ContainerEnded) -> None:
        container_id = ended.container_id
        container = self._lot.containers[container_id]
        owner = container.owner
        self._disown(container_id)
        self._lot.remove(container_id)
        told = replace(ended, limitation=container.limitation or ended.limitation)
        self.log.info("container ended", container_id=container_id, status=told.status, reason=told.error)
        if owner is not None:
            self.send(owner, told)
            self._asked.get(container_id, {}).pop(owner, None)
        self._answer_those_who_wait(told)

    # Fetching.

    def _fetch(self, container_id: str, spec: ContainerSpec) -> None:
        self.send(
            self._fetcher,
            FetchFiles(container_id, spec.directory, spec.files, spec.user, spec.stdout, spec.stderr),
        )

    def _fetch_again(self) -> None:
        if self._fetching:
            self.link(self._fetcher)
        for container_id, container in self._fetching.items():
            assert container.spec is not None
            self._fetch(container_id, container.spec)

    def _stop_fetching(self, container_id: str) -> None:
        self.send(self._fetcher, StopFetching(container_id))
        self._not_made(container_id, "it was ended while its files were fetched")

    def _not_made(self, container_id: str, reason: str) -> None:
        self._no_longer_fetching(container_id)
        self._ended(ContainerEnded(container_id, None, reason))

    def _no_longer_fetching(self, container_id: str) -> None:
        del self._fetching[container_id]
        if not self._fetching:
            self.unlink(self._fetcher)

    # Whose they are.

    def _own(self, container_id: str, owner: Pid | None, spec: ContainerSpec | None) -> Container:
        container = Container(owner, self._cause, spec)
        self._lot.add(container_id, container)
        if owner is not None:
            self._give(container_id, owner)
        return container

    def _give(self, container_id: str, owner: Pid) -> None:
        if self._lot.give(container_id, owner):
            self.link(owner)

    def _disown(self, container_id: str) -> None:
        if (owner := self._lot.take(container_id)) is not None:
            self.unlink(owner)

    def _adopt(self, container_id: str, owner: Pid | None, spec: ContainerSpec | None) -> None:
        self._own(container_id, owner, spec)
        self._containerizer.adopt(container_id)

    def _destroy_orphans(self) -> None:
        for container_id in tuple(self._lot.orphans):
            self.log.warning("container that nobody adopted destroyed", container_id=container_id)
            self._adopt(container_id, None, None)
            self._destroy(container_id)
            if not self._lot.is_wanted(family := family_of(container_id)):
                self._containerizer.destroy(family)

    # Who is told.

    def _tell_launched(self, container: Container) -> None:
        if container.owner is not None and container.launched is not None:
            self.send(container.owner, container.launched)

    def _answer_those_who_wait(self, told: ContainerEnded) -> None:
        """Those who wait for this container or for one that it was nested in."""
        container_id = told.container_id
        while container_id:
            if container_id in self._asked and not self._lot.within(container_id):
                own = container_id == told.container_id
                self._answer(container_id, told if own else ContainerEnded(container_id))
            container_id = container_id.rpartition(".")[0]

    def _answer(self, container_id: str, answer: ContainerEnded) -> None:
        for asker in self._asked.pop(container_id, ()):
            self.send(asker, answer)
