"""What the driver of a rig says to the framework under load, and what that answers."""

from __future__ import annotations

from transport.message import Message


class SetLoad(Message):
    """Launch so many tasks a second from now on, keep so many long ones running; answered by LoadState."""

    tasks_per_second: float
    long_tasks: int


class ReadLoad(Message):
    """How is it going? Answered by LoadState."""


class LoadState(Message):
    """The tasks launched so far and those that may still change."""

    subscribed: bool
    launched: int
    #: Neither known to be over, nor a long one that is known to run.
    unsettled: tuple[str, ...]
    #: Long ones that are known to run.
    running: tuple[str, ...]


class GiveStaleOrders(Message):
    """Tell the master, which is known to be stopped, to kill half of the long tasks and to launch new ones.

    Nobody is told again, so none of that must ever happen, unless `valid`: the master is to go on before
    its time. Answered by StaleOrders.
    """

    valid: bool = False


class StaleOrders(Message):
    """What was ordered; nothing when the framework was not subscribed any more."""

    kills: tuple[str, ...]
    launches: tuple[str, ...]


class Reconcile(Message):
    """Ask the master for all that it knows; what it tells is noted. Answered by LoadState."""
