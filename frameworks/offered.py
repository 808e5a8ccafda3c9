"""An offer while it is being used up, and tasks that run on what is taken from it."""

from __future__ import annotations

from transport.records.command import CommandInfo
from transport.records.ids import AgentID, TaskID
from transport.records.offer import Offer
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.task import TaskInfo


class Offered:
    """What is left of an offer."""

    def __init__(self, offer: Offer) -> None:
        self.offer = offer
        self.remaining = Resources(offer.resources)
        self._role = None if offer.allocation_info is None else offer.allocation_info.role
        #: The role for which some of it is reserved, if any is.
        self._reserved = next(
            (one.reserved_role for one in self.remaining.identities if one.reserved_role), None
        )
        #: What was asked for, as it is looked for: often the same for many tasks.
        self._targets: dict[Resources, Resources] = {}

    @property
    def agent_id(self) -> AgentID:
        """The agent whose resources they are."""
        return self.offer.agent_id

    def holds(self, wanted: Resources) -> bool:
        """Whether so much is left, reserved or not."""
        return self._find(wanted) is not None

    def take(self, wanted: Resources) -> tuple[Resource, ...]:
        """Use so much, as it is named in the offer: what is reserved first, then the unreserved.

        Raises ValueError when there is not enough.
        """
        found = self._find(wanted)
        if found is None:
            raise ValueError(f"{wanted} is wanted of an offer that has {self.remaining} left")
        self.remaining -= found
        return tuple(found)

    def _find(self, wanted: Resources) -> Resources | None:
        target = self._targets.get(wanted)
        if target is None:
            target = self._targets[wanted] = self._target(wanted)
        if self._reserved is None and self.remaining.contains(target):
            return target
        return self.remaining.find(target)

    def _target(self, wanted: Resources) -> Resources:
        if self._reserved is not None:
            wanted = wanted.flatten((Resource.ReservationInfo(role=self._reserved),))
        # Resources of a framework with many roles name the one that they are offered to.
        return wanted if self._role is None else wanted.allocate(self._role)


def command_task(task_id: str, offered: Offered, wanted: Resources, command: str | CommandInfo) -> TaskInfo:
    """A task that runs a command (a text is for the shell) on resources that it takes of an offer."""
    return TaskInfo(
        name=task_id,
        task_id=TaskID(value=task_id),
        agent_id=offered.agent_id,
        resources=offered.take(wanted),
        command=CommandInfo(value=command) if isinstance(command, str) else command,
    )
