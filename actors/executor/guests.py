"""The actor `guests` of an executor node: runs the containers that operators ask for.

A nested one ends with that around it, a session with the actor that launched it; all of them with the node.
An agent that is restarted disturbs none but the sessions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from msgspec.structs import replace

from actors.executor.consoles import CONSOLES
from actors.executor.containerizer import CONTAINERIZER
from actors.executor.guest import End, Ends, Guest, Stage, is_within
from actors.executor.lodgers import Lodgers
from actors.executor.sandboxes import SANDBOXES
from actors.process import Process, handles
from containerizers.paths import check_id
from transport.messages.attaching import DismissConsole
from transport.messages.containing import (
    AdoptContainer,
    AwaitContainer,
    ContainerEnded,
    ContainerInspected,
    ContainerLaunched,
    DestroyContainer,
    ForgetContainer,
    InspectContainer,
    LaunchContainer,
    SignalContainer,
)
from transport.messages.lodging import (
    EndSession,
    GuestAnswer,
    GuestEnded,
    LaunchGuest,
    RemoveGuest,
    SignalGuest,
    StopWaiting,
    WaitForGuest,
)
from transport.messages.nesting import (
    MakeNestedSandbox,
    NestedSandboxMade,
    NestedSandboxRemoved,
    RemoveNestedSandbox,
)
from transport.pid import Pid

#: The name of this actor on every executor node.
GUESTS: Final = "guests"
#: The pause before the successor of a containerizer that crashed is asked for the containers.
_ADOPTION_PAUSE_SECONDS: Final = 0.2


class Guests(Process):
    """Glue between operators, the containerizer and those who make sandboxes; answers as `lodging` says."""

    def initialize(self) -> None:
        """Nobody lodges here yet."""
        here = self.pid.whoever()
        self._containerizer = replace(here, name=CONTAINERIZER)
        self._consoles = replace(here, name=CONSOLES)
        self._sandboxes = replace(here, name=SANDBOXES)
        self._guests: dict[str, Guest] = {}
        self._ends = Ends()
        #: What goes on when a container was looked up, by its id.
        self._lookups: dict[str, list[Callable[[ContainerInspected], None]]] = {}
        #: Containers of others that guests are nested in, or somebody waits for, and who that is.
        self._watched: dict[str, dict[tuple[Pid, int], None]] = {}
        #: Who waits for the end of a guest.
        self._waiting: dict[str, dict[tuple[Pid, int], None]] = {}
        #: Executors that outermost containers stand for, and these.
        self._hosts: dict[Pid, str] = {}
        #: Who asked for a sandbox to be removed, by that around it and its name.
        self._removals: dict[tuple[str, str], list[tuple[Pid, RemoveGuest]]] = {}
        self.link(self._containerizer)
        self._lodgers = Lodgers(self.system.disk)
        for launch in self._lodgers.load():
            self._resume(launch)

    def check_invariants(self) -> None:
        """Nobody is here and has ended."""
        assert not any(container_id in self._ends for container_id in self._guests)
        assert self._waiting.keys() <= self._guests.keys()

    # What operators ask for.

    @handles(LaunchGuest)
    def launch(self, sender: Pid, message: LaunchGuest) -> None:
        """Start a container, once."""
        container_id = message.container_id
        self.link(sender)
        if container_id in self._guests or container_id in self._ends:
            self._answer(sender, message.request_id, 202, f"container {container_id} was launched before")
            return
        try:
            check_id(container_id)
        except ValueError as error:
            self._answer(sender, message.request_id, 400, str(error))
            return
        guest = self._guests[container_id] = Guest(sender, message)
        if message.host is not None and "." not in guest.parent:
            self._hosts[message.host] = guest.parent
            self.link(message.host)
            self._lodge(guest)
        elif guest.parent:
            self._look_up(guest.parent, partial(self._looked_up, guest))
        else:
            self._lodge(guest)

    @handles(SignalGuest)
    def signal(self, sender: Pid, message: SignalGuest) -> None:
        """Send a signal, to whomever there is."""
        self._look_up(message.container_id, partial(self._signal, sender, message))

    @handles(WaitForGuest)
    def wait(self, sender: Pid, message: WaitForGuest) -> None:
        """Tell of an end."""
        self.link(sender)
        container_id, waiter = message.container_id, (sender, message.request_id)
        end = self._ends.get(container_id)
        if container_id in self._guests:
            self._waiting.setdefault(container_id, {})[waiter] = None
            self._answer(*waiter, 202)
        elif end is not None:
            self._answer(*waiter, 202)
            self.send(sender, GuestEnded(message.request_id, end.status, end.message))
        else:
            self._look_up(container_id, partial(self._wait_for_other, waiter))

    @handles(StopWaiting)
    def stop_waiting(self, sender: Pid, message: StopWaiting) -> None:
        """Tell somebody no more."""
        for waiters in (self._waiting, self._watched):
            waiters.get(message.container_id, {}).pop((sender, message.request_id), None)

    @handles(RemoveGuest)
    def remove(self, sender: Pid, message: RemoveGuest) -> None:
        """Delete what is left of a container."""
        if message.container_id in self._guests:
            self._refuse_removal(sender, message)
        else:
            self._look_up(message.container_id, partial(self._remove, sender, message))

    @handles(EndSession)
    def end_session(self, sender: Pid, message: EndSession) -> None:
        """A client has enough of its session."""
        guest = self._guests.get(message.container_id)
        if guest is not None and guest.launch.is_session and guest.client == sender:
            self._destroy(guest)
        self.send(self._consoles, DismissConsole(message.container_id))

    # What is answered to this actor.

    @handles(ContainerInspected)
    def inspected(self, sender: Pid, message: ContainerInspected) -> None:
        """A container was looked up."""
        for go_on in self._lookups.pop(message.container_id, ()):
            go_on(message)

    @handles(NestedSandboxMade)
    def sandbox_made(self, sender: Pid, message: NestedSandboxMade) -> None:
        """A guest has a place to be."""
        for guest in tuple(self._guests.values()):
            launch = guest.launch
            if (launch.sandbox, guest.name) == (message.sandbox, message.name):
                if message.error is not None:
                    self._refuse(guest, 400, message.error)
                elif guest.stage is Stage.LODGING:
                    self._start(guest)

    @handles(NestedSandboxRemoved)
    def sandbox_removed(self, sender: Pid, message: NestedSandboxRemoved) -> None:
        """Nothing is left of a guest."""
        for client, request in self._removals.pop((message.sandbox, message.name), ()):
            self._ends.forget(request.container_id)
            status = 200 if message.error is None else 409
            self._answer(client, request.request_id, status, message.error or "")

    @handles(ContainerLaunched)
    def launched(self, sender: Pid, message: ContainerLaunched) -> None:
        """A guest runs."""
        guest = self._guests.get(message.container_id)
        if guest is None or guest.stage is Stage.RUNNING:
            return
        guest.stage = Stage.RUNNING
        if guest.is_resumed:
            return
        self.log.info("guest launched", container_id=guest.container_id)
        self._answer(guest.client, guest.launch.request_id, 200)

    @handles(ContainerEnded)
    def ended(self, sender: Pid, message: ContainerEnded) -> None:
        """A guest is no more, or a container that somebody waits for."""
        container_id = message.container_id
        guest = self._guests.get(container_id)
        if guest is not None and guest.stage is not Stage.RUNNING and not guest.is_resumed:
            self._refuse(guest, 400, message.error or "the container ended before it ran")
        elif guest is not None:
            self._end(guest, End(message.status, message.error))
        waiters = self._watched.pop(container_id, None)
        if waiters is None:
            return
        for client, request_id in waiters:
            self.send(client, GuestEnded(request_id, message.status, message.error))
        self._close(container_id)

    def exited(self, pid: Pid) -> None:
        """An operator's agent is gone, or an executor with all that was nested in it."""
        if pid == self._containerizer:
            self.delay(_ADOPTION_PAUSE_SECONDS, self._adopt)
            return
        container_id = self._hosts.pop(pid, None)
        if container_id is not None:
            self._close(container_id)
        for guest in tuple(self._guests.values()):
            if guest.client == pid and guest.launch.is_session:
                self.log.info("session ended with its client", container_id=guest.container_id)
                self._destroy(guest)
                self.send(self._consoles, DismissConsole(guest.container_id))
        for waiters in (*self._waiting.values(), *self._watched.values()):
            for waiter in tuple(waiters):
                if waiter[0] == pid:
                    del waiters[waiter]

    # Launching.

    def _looked_up(self, guest: Guest, parent: ContainerInspected) -> None:
        if self._guests.get(guest.container_id) is not guest:
            return
        if not parent.is_there:
            self._refuse(guest, 404, f"container {guest.parent} cannot be found")
            return
        if guest.parent not in self._guests:
            self._watch(guest.parent)
        guest.inherit(parent.environment)
        self._lodge(guest)

    def _lodge(self, guest: Guest) -> None:
        """Have its sandbox made, if it gets one."""
        launch = guest.launch
        if not launch.sandbox:
            self._start(guest)
            return
        guest.stage = Stage.LODGING
        wanted = MakeNestedSandbox(launch.sandbox, guest.name, user=guest.spec.user, shared=launch.shared)
        self.send(self._sandboxes, wanted)

    def _start(self, guest: Guest) -> None:
        guest.stage = Stage.LAUNCHING
        is_kept = not guest.parent
        if is_kept:
            try:
                self._lodgers.keep(guest.launch)
            except OSError as error:
                self._refuse(guest, 503, f"it cannot be kept: {error}")
                return
        self.send(self._containerizer, LaunchContainer(guest.container_id, guest.spec, is_kept=is_kept))

    def _resume(self, launch: LaunchGuest) -> None:
        """Go on with a standalone one after the death of the node."""
        guest = self._guests[launch.container_id] = Guest(self.pid, launch)
        guest.stage = Stage.LAUNCHING
        guest.is_resumed = True
        self.log.info("guest resumed", container_id=guest.container_id)
        self.send(self._containerizer, AdoptContainer(guest.container_id, guest.spec, launches=True))

    def _forget(self, guest: Guest) -> None:
        if guest.parent or guest.stage not in (Stage.LAUNCHING, Stage.RUNNING):
            return
        try:
            self._lodgers.forget(guest.container_id)
        except OSError as error:  # the next node asks for it in vain
            self.log.warning("guest not forgotten", container_id=guest.container_id, reason=str(error))
        self.send(self._containerizer, ForgetContainer(guest.container_id))

    def _refuse(self, guest: Guest, status: int, reason: str) -> None:
        """It never ran."""
        self.log.info("guest not launched", container_id=guest.container_id, reason=reason)
        self._answer(guest.client, guest.launch.request_id, status, reason)
        self._forget(guest)
        del self._guests[guest.container_id]
        self._tell_waiters(guest.container_id, End(None, reason))

    # Looking up, signals, ends.

    def _look_up(self, container_id: str, go_on: Callable[[ContainerInspected], None]) -> None:
        waiting = self._lookups.setdefault(container_id, [])
        waiting.append(go_on)
        if len(waiting) == 1:
            self.send(self._containerizer, InspectContainer(container_id))

    def _signal(self, client: Pid, request: SignalGuest, found: ContainerInspected) -> None:
        container_id = request.container_id
        if not found.is_there:
            self._answer(client, request.request_id, 404, f"container {container_id} cannot be found")
            return
        self.send(self._containerizer, SignalContainer(container_id, request.signal))
        self._answer(client, request.request_id, 200)

    def _wait_for_other(self, waiter: tuple[Pid, int], found: ContainerInspected) -> None:
        if found.is_there:
            self._watch(found.container_id)
            self._watched[found.container_id][waiter] = None
            self._answer(*waiter, 202)
        else:
            self._answer(*waiter, 404, f"container {found.container_id} cannot be found")

    def _watch(self, container_id: str) -> None:
        if container_id not in self._watched:
            self._watched[container_id] = {}
            self.send(self._containerizer, AwaitContainer(container_id))

    def _remove(self, client: Pid, request: RemoveGuest, found: ContainerInspected) -> None:
        if found.is_there or request.container_id in self._guests:
            self._refuse_removal(client, request)
            return
        name = request.container_id.rpartition(".")[2]
        self._removals.setdefault((request.sandbox, name), []).append((client, request))
        self.send(self._sandboxes, RemoveNestedSandbox(request.sandbox, name))

    def _refuse_removal(self, client: Pid, request: RemoveGuest) -> None:
        self._answer(
            client, request.request_id, 409, f"container {request.container_id} has not terminated yet"
        )

    def _destroy(self, guest: Guest) -> None:
        if guest.stage in (Stage.LAUNCHING, Stage.RUNNING):
            self.send(self._containerizer, DestroyContainer(guest.container_id))
        else:
            self._refuse(guest, 404, "nobody wants it any more")

    def _end(self, guest: Guest, end: End) -> None:
        container_id = guest.container_id
        self.log.info("guest ended", container_id=container_id, status=end.status, reason=end.message)
        self._forget(guest)
        del self._guests[container_id]
        self._ends.add(container_id, end)
        self._tell_waiters(container_id, end)

    def _tell_waiters(self, container_id: str, end: End) -> None:
        for client, request_id in self._waiting.pop(container_id, ()):
            self.send(client, GuestEnded(request_id, end.status, end.message))

    def _close(self, container_id: str) -> None:
        """A container of others is no more: nor is anything in it, and nobody is to know of it."""
        for guest in tuple(self._guests.values()):
            if is_within(guest.container_id, container_id):
                self._destroy(guest)
        self._ends.forget(container_id)

    def _adopt(self) -> None:
        """The containerizer has a successor, who has all that runs."""
        self.link(self._containerizer)
        for guest in tuple(self._guests.values()):
            if guest.stage in (Stage.LAUNCHING, Stage.RUNNING):
                self.send(self._containerizer, AdoptContainer(guest.container_id))
        for container_id in self._lookups:
            self.send(self._containerizer, InspectContainer(container_id))
        for container_id in self._watched:
            self.send(self._containerizer, AwaitContainer(container_id))

    def _answer(self, client: Pid, request_id: int, status: int, message: str = "") -> None:
        self.send(client, GuestAnswer(request_id, status, message))
