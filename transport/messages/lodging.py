"""An agent's operators, and the actor `guests` of the executor node, which runs their containers.

A guest is a container that no executor of the node launched: nested in one of a task or an executor, or a
standalone one (mesos-protocol.md §4.3). Each request is answered by GuestAnswer, but for those that say
otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

from transport.message import Message
from transport.messages.container_spec import ContainerSpec
from transport.pid import Pid


class GuestAnswer(Message):
    """What became of a request: `status` is as in HTTP, `message` tells why."""

    request_id: int
    status: int = 200
    message: str = ""


class LaunchGuest(Message):
    """Start a container: 202 when it was started before, 404 when that around it is not there."""

    request_id: int
    container_id: str
    spec: ContainerSpec
    #: The sandbox around it, in which its own is made; empty when it works in that, and has none.
    sandbox: str = ""
    #: Paths in that of its own, and which of the one around it they lead to.
    shared: Mapping[str, str] = {}
    #: Whether it ends with the actor that launched it.
    is_session: bool = False
    #: Whether it finds in its environment, before what `spec` says, what the container around it does.
    inherits: bool = False
    #: The executor that the outermost container stands for, where nothing runs in that one itself.
    host: Pid | None = None


class EndSession(Message):
    """Kill a session, whose client is gone; not answered."""

    container_id: str


class SignalGuest(Message):
    """Send a signal to a container, whoever launched it: 404 when there is none."""

    request_id: int
    container_id: str
    signal: int


class WaitForGuest(Message):
    """Tell how a container ends, whoever launched it: 404 when there is none.

    Answered at once by GuestAnswer, with 202 while it runs, and then by GuestEnded.
    """

    request_id: int
    container_id: str


class StopWaiting(Message):
    """Whoever waited for a container does not any more; not answered."""

    request_id: int
    container_id: str


class GuestEnded(Message):
    """It has ended; the status is as `waitpid` gives it, None when that is not known."""

    request_id: int
    status: int | None = None
    message: str = ""


class RemoveGuest(Message):
    """Delete the sandbox of a container that has ended, and forget it: 409 while it runs."""

    request_id: int
    container_id: str
    #: The sandbox around it.
    sandbox: str
