"""How nodes tell each other that an actor ended: addressed to the node itself, whose name is empty."""

from __future__ import annotations

from transport.message import Message
from transport.pid import Pid


class Watch(Message):
    """The sender linked `to`: answer `Gone` when it ends, or at once when there is no such actor."""

    to: Pid


class Unwatch(Message):
    """The sender took its link back."""

    to: Pid


class Gone(Message):
    """The actor `to`, which `watcher` had linked under just this Pid, has ended.

    It travels after everything that the actor sent, so `exited` never overtakes a message.
    """

    watcher: Pid
    to: Pid
