"""The actor `consoles` of an executor node: lets others attach to the input and output of containers.

A program waits for those who read what it writes, so that nothing is lost and nothing piles up; whoever
reads nothing for a while, and holds up the program, is detached.
"""

from __future__ import annotations

from typing import Final, Protocol, TypeAlias

from msgspec.structs import replace

from actors.executor.audience import Audience
from actors.executor.containerizer import CONTAINERIZER
from actors.process import Process, handles
from actors.system import Timer
from containerizers import switchboard
from containerizers.containerizer import Broken
from transport.messages.attaching import (
    Attached,
    AttachInput,
    AttachOutput,
    ConsoleInput,
    ConsoleOutput,
    Detach,
    Detached,
    DismissConsole,
    InputTaken,
    OutputTaken,
    ResizeConsole,
)
from transport.messages.containing import ContainerInspected, InspectContainer
from transport.pid import Pid

#: The name of this actor on every executor node.
CONSOLES: Final = "consoles"
#: For so long a program waits for somebody who reads nothing.
STALL_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 2.0

#: Who attached, and the number given to that.
Attachment: TypeAlias = tuple[Pid, int]


class Board(Protocol):
    """What the actor needs of `containerizers.switchboard.Switchboard`."""

    def report_to(self, tell: switchboard.Tell) -> None: ...  # noqa: D102
    def listen(self, container_id: str, size: int) -> None: ...  # noqa: D102
    def grant(self, container_id: str, size: int) -> None: ...  # noqa: D102
    def mute(self, container_id: str) -> None: ...  # noqa: D102
    def write(self, container_id: str, data: bytes) -> None: ...  # noqa: D102
    def resize(self, container_id: str, rows: int, columns: int) -> None: ...  # noqa: D102


class _Console:
    """One container's, and who is attached to it."""

    def __init__(self) -> None:
        self.audience: Audience[Attachment] = Audience()
        self.writer: Attachment | None = None


class Consoles(Process):
    """Passes on between attachments and a switchboard; answers as `attaching` says."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def initialize(self) -> None:
        """Take the switchboard's events from now on."""
        self._consoles: dict[str, _Console] = {}
        #: Where each attachment is attached.
        self._attachments: dict[Attachment, str] = {}
        #: By container, those who wait to hear why it has no console.
        self._misses: dict[str, dict[Attachment, None]] = {}
        #: When to look whether somebody reads nothing; only while somebody listens.
        self._look: Timer | None = None
        self._board.report_to(self._happened)

    # What those who attach say.

    @handles(AttachOutput)
    def attach_output(self, sender: Pid, message: AttachOutput) -> None:
        """Somebody listens."""
        container_id = message.container_id
        console = self._found(container_id, (sender, message.attachment))
        if console is None:
            return
        is_first = not console.audience
        if is_first:
            console.audience = Audience()
        attachment = self._attach(sender, message.attachment, container_id)
        more = console.audience.join(attachment, self.system.now())
        self.send(sender, Attached(message.attachment))
        self._look_later()
        if is_first:
            self._board.listen(container_id, more)
        elif more:
            self._board.grant(container_id, more)

    @handles(OutputTaken)
    def output_taken(self, sender: Pid, message: OutputTaken) -> None:
        """A listener can take more."""
        attachment = sender, message.attachment
        container_id = self._attachments.get(attachment)
        if container_id is not None:
            audience = self._consoles[container_id].audience
            self._grant(container_id, audience.take(attachment, message.size, self.system.now()))

    @handles(AttachInput)
    def attach_input(self, sender: Pid, message: AttachInput) -> None:
        """Somebody writes: one at a time."""
        container_id = message.container_id
        console = self._found(container_id, (sender, message.attachment))
        if console is None:
            return
        if console.writer is not None:
            taken = "somebody else is attached to the container's input"
            self.send(sender, Detached(message.attachment, 409, taken))
            return
        console.writer = self._attach(sender, message.attachment, container_id)
        self.send(sender, Attached(message.attachment))

    @handles(ConsoleInput)
    def input(self, sender: Pid, message: ConsoleInput) -> None:
        """The container is to read this."""
        container_id = self._written_by(sender, message.attachment)
        if container_id is not None:
            self._board.write(container_id, message.data)

    @handles(ResizeConsole)
    def resize(self, sender: Pid, message: ResizeConsole) -> None:
        """A terminal changes its size."""
        container_id = self._written_by(sender, message.attachment)
        if container_id is not None:
            self._board.resize(container_id, message.rows, message.columns)

    @handles(Detach)
    def detach(self, sender: Pid, message: Detach) -> None:
        """Somebody has enough."""
        self._leave((sender, message.attachment))

    @handles(DismissConsole)
    def dismiss(self, sender: Pid, message: DismissConsole) -> None:
        """Nobody will listen."""
        console = self._consoles.get(message.container_id)
        if console is not None and not console.audience:
            self._board.mute(message.container_id)

    def exited(self, pid: Pid) -> None:
        """Somebody who was attached is gone."""
        for attachment in tuple(self._attachments):
            if attachment[0] == pid:
                self._leave(attachment)

    # What the switchboard tells.

    @handles(switchboard.Opened)
    def opened(self, sender: Pid, message: switchboard.Opened) -> None:
        """There is a console."""
        self._consoles.setdefault(message.container_id, _Console())

    @handles(switchboard.Output)
    def output(self, sender: Pid, message: switchboard.Output) -> None:
        """Pass it on to all who listen."""
        console = self._consoles.get(message.container_id)
        if console is None:
            return
        console.audience.tell(len(message.data))
        for client, number in console.audience.listeners:
            self.send(client, ConsoleOutput(number, message.data, message.stream == 2))

    @handles(switchboard.InputTaken)
    def input_taken(self, sender: Pid, message: switchboard.InputTaken) -> None:
        """Whoever writes can write more."""
        console = self._consoles.get(message.container_id)
        if console is not None and console.writer is not None:
            client, number = console.writer
            self.send(client, InputTaken(number, message.size))

    @handles(switchboard.Closed)
    def closed(self, sender: Pid, message: switchboard.Closed) -> None:
        """The container is no more, and all was passed on."""
        for attachment, container_id in tuple(self._attachments.items()):
            if container_id == message.container_id:
                del self._attachments[attachment]
                self.send(attachment[0], Detached(attachment[1]))
        self._consoles.pop(message.container_id, None)

    @handles(Broken)
    def broken(self, sender: Pid, message: Broken) -> None:
        """A bug: the node's successor adopts the containers, without consoles."""
        self.system.abort(message.reason)

    @handles(ContainerInspected)
    def inspected(self, sender: Pid, message: ContainerInspected) -> None:
        """Why one has no console."""
        status, text = 404, f"container {message.container_id} cannot be found"
        if message.is_there:
            status = 400
            text = f"container {message.container_id} was launched without a terminal, and not as a session"
        for client, number in self._misses.pop(message.container_id, ()):
            self.send(client, Detached(number, status, text))

    # How it works.

    def _happened(self, event: switchboard.Event) -> None:
        """Make an event a turn of this actor; called on whatever thread."""
        self.system.send(self.pid, self.pid, event)

    def _found(self, container_id: str, attachment: Attachment) -> _Console | None:
        console = self._consoles.get(container_id)
        if console is None:
            self._misses.setdefault(container_id, {})[attachment] = None
            containerizer = replace(self.pid.whoever(), name=CONTAINERIZER)
            self.send(containerizer, InspectContainer(container_id))
        return console

    def _attach(self, client: Pid, number: int, container_id: str) -> Attachment:
        self.link(client)
        self._attachments[client, number] = container_id
        self.log.debug("attached", container_id=container_id, client=str(client))
        return client, number

    def _written_by(self, client: Pid, number: int) -> str | None:
        container_id = self._attachments.get((client, number))
        if container_id is not None and self._consoles[container_id].writer == (client, number):
            return container_id
        return None

    def _leave(self, attachment: Attachment) -> None:
        container_id = self._attachments.pop(attachment, None)
        if container_id is None:
            return
        console = self._consoles[container_id]
        if console.writer == attachment:
            console.writer = None
            return
        more = console.audience.leave(attachment)
        if console.audience:
            self._grant(container_id, more)
        else:
            self._board.mute(container_id)

    def _grant(self, container_id: str, size: int) -> None:
        if size:
            self._board.grant(container_id, size)

    def _look_later(self) -> None:
        if self._look is None and any(console.audience for console in self._consoles.values()):
            self._look = self.delay(_LOOK_SECONDS, self._look_for_stalled)

    def _look_for_stalled(self) -> None:
        self._look = None
        now = self.system.now()
        for container_id, console in tuple(self._consoles.items()):
            for attachment in console.audience.stalled(now, STALL_SECONDS):
                self.log.warning("attached client detached: it reads nothing", container_id=container_id)
                self._leave(attachment)
                self.send(attachment[0], Detached(attachment[1], 408, "nothing was read for too long"))
        self._look_later()
