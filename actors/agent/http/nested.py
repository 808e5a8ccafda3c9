"""Calls that launch containers, signal them, wait for them, and remove what they leave (§4.3).

The older calls are for nested containers alone; the newer ones are for standalone ones, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from actors.agent.http.containers import Containers, actor_of, granted, id_text
from actors.executor.container_spec import PATH, variables
from actors.executor.containment.containment import Contained, Containment
from actors.executor.containment.volumes import Place
from actors.executor.guests import GUESTS
from actors.gateway.operator import Answer, CallHandler
from transport.http.exchange import HttpError, Response, refusal, unavailable
from transport.http.media_type import MediaType
from transport.message import Message
from transport.messages.agent_reading import ContainerFound
from transport.messages.lodging import (
    EndSession,
    GuestEnded,
    LaunchGuest,
    RemoveGuest,
    SignalGuest,
    StopWaiting,
    WaitForGuest,
)
from transport.records import agent_response
from transport.records.agent_call import Call
from transport.records.enumeration import Enumeration

_Type = Call.Type
_SIGKILL: Final = 9
_SIGNALS: Final = 64
#: What a terminal is, as far as its programs are told.
_TERM: Final = "xterm"


class GuestCalls:
    """Handlers of these calls; `work_dir` is where standalone containers have their sandboxes.

    `containment` says what containers are made from; None: plain processes.
    """

    def __init__(
        self,
        containers: Containers,
        work_dir: Path,
        containment: Containment | None = None,
        *,
        switch_user: bool,
    ) -> None:
        self._containers = containers
        self._containment = containment or Containment()
        self._work_dir = str(work_dir.absolute())
        #: Whether containers may be those of other users than the agent's.
        self._switch_user = switch_user

    def handlers(self) -> Mapping[Enumeration, CallHandler[Call]]:
        """Who answers which call."""
        return {
            _Type.LAUNCH_NESTED_CONTAINER: self.launch,
            _Type.LAUNCH_CONTAINER: self.launch,
            _Type.WAIT_NESTED_CONTAINER: self.wait,
            _Type.WAIT_CONTAINER: self.wait,
            _Type.KILL_NESTED_CONTAINER: self.kill,
            _Type.KILL_CONTAINER: self.kill,
            _Type.REMOVE_NESTED_CONTAINER: self.remove,
            _Type.REMOVE_CONTAINER: self.remove,
        }

    async def launch(self, call: Call, _form: MediaType) -> Answer:
        """Start a container: 200, or 202 if that was done before."""
        wanted = _Wanted(call)
        found = await self._find(wanted)
        if found.known and not wanted.parent:
            return Response(202)
        launch = self._launch(wanted, found)
        answer = await self._containers.ask(found.node, launch)
        return Response(answer.status)

    async def launch_session(self, call: Call) -> tuple[str, ContainerFound]:
        """Start a session; returns the container's id, and where it is."""
        wanted = _Wanted(call)
        found = await self._find(wanted)
        launch = self._launch(wanted, found)
        try:
            answer = await self._containers.ask(found.node, launch)
        except (HttpError, asyncio.CancelledError) as error:
            # It may be launched yet, and nobody would listen.
            if not isinstance(error, HttpError) or error.response.status == 503:
                end = EndSession(wanted.container_id)
                self._containers.porter.send(actor_of(found.node, GUESTS), end)
            raise
        if answer.status == 202:
            raise refusal(409, answer.message)
        return wanted.container_id, found

    async def wait(self, call: Call, form: MediaType) -> Answer:
        """Tell how a container ended, once it has."""
        wanted = _Wanted(call)
        found = await self._find(wanted)
        heard: asyncio.Queue[Message | None] = asyncio.Queue()
        porter, container_id = self._containers.porter, wanted.container_id
        number = porter.begin(
            actor_of(found.node, GUESTS), lambda number: WaitForGuest(number, container_id), heard.put_nowait
        )
        try:
            granted(await heard.get())
            ended = await heard.get()
        finally:
            porter.say(number, StopWaiting(number, container_id))
            porter.end(number)
        if not isinstance(ended, GuestEnded):
            raise HttpError(unavailable("the executor node is gone; another takes its place"))
        return _ending(call, ended)

    async def kill(self, call: Call, _form: MediaType) -> Answer:
        """Send a signal."""
        wanted = _Wanted(call)
        number = wanted.inner.signal
        signal = _SIGKILL if number is None else number
        if not 0 < signal <= _SIGNALS:
            raise refusal(400, f"{wanted.field}.signal: must be from 1 to {_SIGNALS}, not {signal}")
        found = await self._find(wanted)
        container_id = wanted.container_id
        await self._containers.ask(found.node, lambda number: SignalGuest(number, container_id, signal))
        return Response()

    async def remove(self, call: Call, _form: MediaType) -> Answer:
        """Delete what a container left."""
        wanted = _Wanted(call)
        found = await self._find(wanted)
        if found.known and not wanted.parent:
            raise refusal(409, f"{wanted.field}: container {wanted.container_id} has not terminated yet")
        container_id, sandbox = wanted.container_id, self._sandbox_around(wanted, found)
        if not found.known and wanted.parent and not await asyncio.to_thread(Path(sandbox).is_dir):
            raise refusal(404, f"{wanted.field}: container {wanted.parent} cannot be found")
        await self._containers.ask(found.node, lambda number: RemoveGuest(number, container_id, sandbox))
        return Response()

    # How it works.

    async def _find(self, wanted: _Wanted) -> ContainerFound:
        return await self._containers.find(wanted.container_id)

    def _launch(self, wanted: _Wanted, found: ContainerFound) -> Callable[[int], LaunchGuest]:
        is_session = wanted.is_session
        around = self._sandbox_around(wanted, found)
        # A session works where the container around it does; any other has a sandbox of its own.
        place = _Place(
            directory=around if is_session else f"{around}/containers/{wanted.name}",
            around=around if wanted.parent and not is_session else None,
            user=self._user(wanted, found),
            role=found.role if wanted.parent else None,
        )
        container_id, host = wanted.container_id, found.host
        try:
            contained = _contained(wanted, place, self._containment)
            spec = self._containment.session(contained) if is_session else self._containment.guest(contained)
            shared = self._containment.links(contained.container)
        except ValueError as error:
            raise refusal(400, f"{wanted.field}.{error}") from None

        def launch(number: int) -> LaunchGuest:
            if is_session:
                return LaunchGuest(number, container_id, spec, is_session=True, inherits=True, host=host)
            return LaunchGuest(number, container_id, spec, around, shared, host=host)

        return launch

    def _user(self, wanted: _Wanted, found: ContainerFound) -> str | None:
        """Whose user it runs as: its own, or that of the executor around it; None: the agent's."""
        command = wanted.inner.command
        own = command.user if command is not None and self._switch_user else None
        return own or found.user

    def _sandbox_around(self, wanted: _Wanted, found: ContainerFound) -> str:
        """The sandbox of the container around it: those of standalone ones are in the work directory."""
        around = found.sandbox if found.known else self._work_dir
        parts = wanted.container_id.split(".")[:-1]
        for name in parts[1:] if found.known else parts:
            around = f"{around}/containers/{name}"
        return around


class _Place(NamedTuple):
    """Where a container works, and that around it; whose user it runs as, and for which role."""

    directory: str
    around: str | None
    user: str | None
    role: str | None


class _Wanted:
    """What all of these calls have in common; raises HttpError."""

    def __init__(self, call: Call) -> None:
        assert call.type is not None
        self.field = call.type.value.lower()
        #: The part of the call that its type names.
        self.inner: Any = getattr(call, self.field)
        self.container_id = id_text(self.field, self.inner.container_id)
        self.parent = self.container_id.rpartition(".")[0]
        self.name = self.container_id.rpartition(".")[2]
        self.is_session = call.type is _Type.LAUNCH_NESTED_CONTAINER_SESSION
        if "nested" in self.field and not self.parent:
            raise refusal(400, f"{self.field}.container_id.parent: must be given")


def _contained(wanted: _Wanted, place: _Place, containment: Containment) -> Contained:
    """What is to be contained: a session in the environment of what is around it, which is added later."""
    inner, command = wanted.inner, wanted.inner.command
    container = containment.container_of(inner.container)
    environment = {} if wanted.is_session else {"PATH": PATH}
    if place.role is not None and not wanted.is_session:
        environment["MESOS_ALLOCATION_ROLE"] = place.role
    environment["MESOS_SANDBOX"] = place.directory
    if container is not None and container.tty_info is not None:
        environment["TERM"] = _TERM
    # Only the newer calls say what a container may use.
    resources = getattr(inner, "resources", ())
    limits = getattr(inner, "limits", {})
    return Contained(
        container_id=wanted.container_id,
        command=command,
        container=container,
        place=Place(place.directory, place.around),
        user=place.user,
        environment=environment | variables(None if command is None else command.environment),
        resources=resources,
        limits=containment.limits(resources, limits) if resources or limits else None,
    )


def _ending(call: Call, ended: GuestEnded) -> agent_response.Response:
    """What is answered to a call that waited."""
    status, message = ended.status, ended.message or None
    response = agent_response.Response
    if call.type is _Type.WAIT_CONTAINER:
        return response(
            type=response.Type.WAIT_CONTAINER,
            wait_container=response.WaitContainer(exit_status=status, message=message),
        )
    return response(
        type=response.Type.WAIT_NESTED_CONTAINER,
        wait_nested_container=response.WaitNestedContainer(exit_status=status, message=message),
    )
