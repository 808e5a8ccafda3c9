"""The framework of the rig: has a task in each of its slots, and notes all that it says and hears."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence

import msgspec

from actors.process import handles
from frameworks.offered import Offered
from frameworks.scheduler import Scheduler
from tests.chaos.containers.work import Place, Slot, Work
from transport.message import DomesticMessage
from transport.messages.scheduling import TaskReference
from transport.pid import Pid
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, TaskID
from transport.records.offer import Filters, Offer
from transport.records.task_status import TaskState, TaskStatus

_CAPABILITIES = (FrameworkInfo.Capability(type=FrameworkInfo.Capability.Type.PARTITION_AWARE),)
_LAUNCH_EVERY_SECONDS = 0.2
_LAUNCHES_AT_ONCE = 8
_KILL_EVERY_SECONDS = 5.0


class Told(msgspec.Struct, frozen=True):
    """What was heard of a task, and when."""

    at: float
    state: TaskState
    reason: str
    message: str
    #: None: nothing was said of it.
    healthy: bool | None
    #: The master's own word, not that of whoever runs the task.
    is_answer: bool


class Story(msgspec.Struct):
    """One task, from its launch on; times are of the machine's monotonic clock."""

    work: Work
    agent_id: str
    launched: float
    killed: float | None = None
    told: tuple[Told, ...] = ()

    @property
    def state(self) -> TaskState | None:
        """What was heard last."""
        return self.told[-1].state if self.told else None

    @property
    def is_over(self) -> bool:
        return self.state is not None and self.state.terminal


class Fill(DomesticMessage):
    """Have a task in each slot from now on, or launch none any more."""

    goes_on: bool


class Clear(DomesticMessage):
    """Kill all that runs."""


class Ask(DomesticMessage):
    """Have the master tell all that it knows."""


class Close(DomesticMessage):
    """End the framework."""


class Crowd(Scheduler):
    """What it knows is read by another thread: of `stories`, take a copy first."""

    reconcile_every_seconds = 10.0

    def __init__(self, master: str, slots: Sequence[Slot], place: Place, seed: str) -> None:
        super().__init__(
            FrameworkInfo(
                user="root",
                name="crowd",
                checkpoint=True,
                failover_timeout=86400.0,
                capabilities=_CAPABILITIES,
            ),
            master,
        )
        self._place = place
        self._chance = random.Random(f"{seed} crowd")
        self._goes_on = False
        self._offers: dict[str, Offer] = {}
        #: Each slot, and the task in it.
        self._slots: list[tuple[Slot, str | None]] = [(slot, None) for slot in slots]
        self.stories: dict[str, Story] = {}
        self.is_closed = False

    def initialize(self) -> None:
        super().initialize()
        self.every(_LAUNCH_EVERY_SECONDS, self._fill)
        self.every(_KILL_EVERY_SECONDS, self._kill_one)

    # --- what it is told ---

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        self._offers |= {offer.id.value: offer for offer in offers}

    def rescinded(self, offer_id: str) -> None:
        self._offers.pop(offer_id, None)

    def disconnected(self) -> None:
        self._offers.clear()

    def torn_down(self) -> None:
        self.is_closed = True

    def update(self, status: TaskStatus) -> None:
        story = self.stories[status.task_id.value]
        reason = "" if status.reason is None else status.reason.name.removeprefix("REASON_")
        told = Told(
            time.monotonic(), status.state, reason, status.message or "", status.healthy, status.uuid is None
        )
        story.told = (*story.told, told)

    def unsettled(self) -> Iterable[TaskReference]:
        return tuple(
            TaskReference(task_id=TaskID(value=name), agent_id=AgentID(value=story.agent_id))
            for name, story in self.stories.items()
            if not story.is_over
        )

    # --- what it does ---

    def _fill(self) -> None:
        if not self._goes_on:
            return
        launched = 0
        for index, (slot, name) in enumerate(self._slots):
            if name is not None and not self.stories[name].is_over:
                continue
            if launched == _LAUNCHES_AT_ONCE or not self._offers:
                break
            launched += 1
            self._slots[index] = (slot, self._launch(slot))

    def _launch(self, slot: Slot) -> str:
        """Launch a task on the oldest offer; its rest comes back as another offer."""
        offer = self._offers.pop(next(iter(self._offers)))
        work = Work.by_chance(f"{slot.kind}-{slot.shape}-{len(self.stories)}", slot, self._chance)
        task = work.info(Offered(offer), self._place)
        self.stories[work.name] = Story(work, offer.agent_id.value, time.monotonic())
        self.launch([offer], [task], Filters(refuse_seconds=0.0))
        return work.name

    def _kill_one(self) -> None:
        lasting = [
            name
            for name, story in self.stories.items()
            if story.state is TaskState.TASK_RUNNING and story.work.slot.shape.lasts and story.killed is None
        ]
        if self._goes_on and lasting and self.is_subscribed:
            self._kill(self._chance.choice(lasting))

    def _kill(self, name: str) -> None:
        story = self.stories[name]
        story.killed = time.monotonic()
        self.kill(name, story.agent_id)

    # --- what the driver asks for ---

    @handles(Fill)
    def fill(self, sender: Pid, message: Fill) -> None:
        self._goes_on = message.goes_on

    @handles(Clear)
    def clear(self, sender: Pid, message: Clear) -> None:
        self._goes_on = False
        for name, story in self.stories.items():
            if not story.is_over:
                self._kill(name)

    @handles(Ask)
    def ask(self, sender: Pid, message: Ask) -> None:
        self.reconcile(tuple(self.unsettled()))

    @handles(Close)
    def close(self, sender: Pid, message: Close) -> None:
        self.teardown()
