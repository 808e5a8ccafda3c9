"""Whatever becomes of the network and the master, work gets done, and in the end nothing is left over.

After each turn of master and allocator their own invariants are checked.
"""

from __future__ import annotations

import pytest

from actors.master.allocator.process import AllocatorProcess
from actors.simulation import Plan
from actors.units import Duration
from tests.actors.master.stage import MASTER, PlayedAgent, PlayedScheduler, Stage, State
from tests.actors.master.town import Capability, framework_info
from transport.messages import scheduling
from transport.messages.scheduling import TaskReference
from transport.records.framework import FrameworkInfo
from transport.records.ids import TaskID
from transport.records.offer import Offer
from transport.records.quantities import Quantities
from transport.records.task_status import TERMINAL, TaskState, TaskStatus

_PLAN = Plan(
    kill_seconds=15.0,
    partition_seconds=15.0,
    cut_seconds=20.0,
    disconnect_seconds=3.0,
    pause_seconds=20.0,
    drift_seconds=30.0,
    lasting_seconds=(0.05, 20.0),
)
_TASK = "cpus:1;mem:512"
#: After these a job needs another task.
_FAILED = TERMINAL - {State.TASK_FINISHED} | {State.TASK_UNKNOWN}
#: A task that was said to be over in one of these ways may be said to go on (I9).
_TAKEN_BACK = {State.TASK_LOST, State.TASK_DROPPED, State.TASK_GONE}


class Worker(PlayedScheduler):
    """Has so many jobs done, each by as many tasks as it takes, and asks for those it hears nothing of."""

    def __init__(self, info: FrameworkInfo, jobs: int) -> None:
        super().__init__(info)
        self.waiting = [f"job{number}" for number in range(jobs)]
        #: The job of each task that is under way.
        self.under_way: dict[str, str] = {}
        self.on_offers, self.on_status = self._use, self._hear
        self._launches = 0

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return not self.waiting and not self.under_way

    def initialize(self) -> None:
        super().initialize()
        self.every(20.0, self._ask)

    def _use(self, offers: tuple[Offer, ...]) -> None:
        for offer in offers:
            if self.waiting:
                job = self.waiting.pop(0)
                task_id = f"{job}.{self._launches}"
                self._launches += 1
                self.under_way[task_id] = job
                self.launch(task_id, _TASK, offer)
            else:
                self.offers.pop(offer.id.value, None)
                self.send(MASTER, scheduling.DeclineOffers(self.id, (offer.id.value,)))

    def _hear(self, status: TaskStatus) -> None:
        task_id = status.task_id.value
        if status.state is State.TASK_FINISHED:
            self.under_way.pop(task_id, None)
        elif status.state in _FAILED and task_id in self.under_way:
            self.waiting.append(self.under_way.pop(task_id))

    def _ask(self) -> None:
        references = tuple(TaskReference(task_id=TaskID(value=one)) for one in self.under_way)
        if self.subscribed and references:
            self.send(MASTER, scheduling.Reconcile(self.id, references))


def is_told_truly(states: list[TaskState]) -> bool:
    """Whether nothing is said to go on that was said to be over, unless it was only believed lost."""
    over = [place for place, state in enumerate(states) if state in TERMINAL - _TAKEN_BACK]
    return not over or all(state in TERMINAL for state in states[over[0] :])


def allocated(stage: Stage) -> Quantities:
    """What the allocator believes to be offered or used."""
    return stage.node.process("allocator", AllocatorProcess)._allocator.allocated


def taken(stage: Stage) -> Quantities:
    """What the master knows to be offered or used."""
    total = Quantities()
    for agent in stage.master.cluster.agents.values():
        for resources in (agent.offered, *agent.used.values()):
            total += resources.scalar_quantities
    return total


@pytest.mark.parametrize("seed", range(12))
def test_all_jobs_are_done_in_the_end_and_the_books_agree(seed: int) -> None:
    # So impatient a master gives agents up that a patient one would see again.
    flags = {"agent_ping_timeout": Duration.of(1), "max_agent_ping_timeouts": 2} if seed % 2 else {}
    stage = Stage(seed, **flags)
    agents = [stage.agent(f"agent{number}", "cpus:4;mem:4096") for number in range(3)]
    for agent in agents:
        agent.task_seconds = 5.0
    workers = [
        Worker(framework_info(None, *capabilities, failover_timeout=3600.0, checkpoint=True), jobs=15)
        for capabilities in ((), (Capability.PARTITION_AWARE,))
    ]
    for number, worker in enumerate(workers):
        stage.put(f"worker{number}", worker, "scheduler")
    stage.sim.chaos(_PLAN)
    stage.sim.run(90.0)
    stage.sim.quiet()
    stage.sim.run_until(lambda: all(worker.done for worker in workers), 900.0)
    stage.sim.run_until(lambda: settled(stage, agents), 900.0)
    assert not stage.sim.crashes
    for worker in workers:
        for task_id in {status.task_id.value for status in worker.statuses}:
            assert is_told_truly(worker.states(task_id)), (task_id, worker.states(task_id))


def settled(stage: Stage, agents: list[PlayedAgent]) -> bool:
    """Whether nothing is under way any more, and master and allocator agree on what is offered."""
    cluster = stage.master.cluster
    return (
        len(cluster.agents) == len(agents)
        and not any(agent.tasks for agent in agents)
        and not any(framework.tasks for framework in cluster.frameworks.values())
        and allocated(stage).thousandths == taken(stage).thousandths
    )
