"""The framework of the rig: launches command tasks at a steady rate and writes down all it says and hears.

    python -m tests.chaos.load MASTER IP PORT HISTORY TRUTH SEED

It may be killed at any moment: the next one reads the history, and goes on under the same framework id.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from actors.process import handles
from actors.pykka_system import PykkaSystem
from frameworks.offered import Offered, command_task
from frameworks.scheduler import Scheduler
from tests.chaos import history
from tests.chaos.history import History
from tests.chaos.orders import GiveStaleOrders, LoadState, ReadLoad, Reconcile, SetLoad, StaleOrders
from transport.messages.scheduling import TaskReference
from transport.pid import Address, Pid
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, FrameworkID, TaskID
from transport.records.master import MasterInfo
from transport.records.offer import Filters, Offer
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.task_status import TERMINAL, TaskState, TaskStatus

#: The name of its actor.
LOAD = "load"
_NEEDS = Resources.parse("cpus:0.1;mem:32")
_CAPABILITIES = (FrameworkInfo.Capability(type=FrameworkInfo.Capability.Type.PARTITION_AWARE),)
#: Nothing more is heard of these.
OVER = TERMINAL | {TaskState.TASK_UNKNOWN}
#: What cannot be launched while there are no offers is not made up for beyond so many.
_BACKLOG = 20
_LONG = "long"
#: How often a long task is killed, and replaced by another.
_KILL_EVERY_SECONDS = 7.0


class Load(Scheduler):
    """Each task has an id of its own and is launched once."""

    reconcile_every_seconds = 10.0

    def __init__(self, master: str, path: Path, truth: Path, seed: str) -> None:
        events = history.read(path)
        self._history = History(path)
        self._truth = truth
        self._chance = random.Random(f"{seed} {len(events)}")
        #: Where each task is, and the state that was heard last; None before any was.
        self._tasks: dict[str, tuple[str, TaskState | None]] = {}
        self._load = SetLoad(0.0, 0)
        self._wanted: list[str] = []
        self._offers: dict[str, Offer] = {}
        self._launched = 0
        framework_id = None
        for event in events:
            if event.kind == "subscribed":
                framework_id = FrameworkID(value=event.text("framework"))
            elif event.kind == "launch":
                self._tasks[event.text("task")] = (event.text("agent"), None)
                self._launched += 1
            elif event.kind == "update":
                self._heard(event.text("task"), TaskState[event.text("state")])
            elif event.kind == "load":
                self._load = SetLoad(event.number("hundredths") / 100, event.number("long"))
        info = FrameworkInfo(
            user="root",
            name="rig",
            id=framework_id,
            checkpoint=True,
            failover_timeout=7 * 86400.0,
            capabilities=_CAPABILITIES,
        )
        self._history.note("began", pid=str(framework_id and framework_id.value))
        super().__init__(info, master)

    def initialize(self) -> None:
        super().initialize()
        self.delay(0.0, self._next)
        self.every(_KILL_EVERY_SECONDS, self._kill_one)

    # --- what it is told ---

    def subscribed(self, framework_id: str, master: MasterInfo) -> None:
        self._history.note("subscribed", framework=framework_id, master=master.id, host=master.pid)
        self._offers.clear()

    def disconnected(self) -> None:
        self._history.note("disconnected")
        self._offers.clear()

    def error(self, message: str) -> None:
        self._history.note("error", message=message)
        super().error(message)

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        self._offers |= {offer.id.value: offer for offer in offers}
        self._launch()

    def rescinded(self, offer_id: str) -> None:
        self._offers.pop(offer_id, None)

    def update(self, status: TaskStatus) -> None:
        task = status.task_id.value
        self._history.note(
            "update",
            task=task,
            state=status.state.name,
            uuid=None if status.uuid is None else status.uuid.hex(),
            source=None if status.source is None else status.source.name,
            reason=None if status.reason is None else status.reason.name,
            message=status.message,
            agent=None if status.agent_id is None else status.agent_id.value,
        )
        self._heard(task, status.state)

    def unsettled(self) -> Iterable[TaskReference]:
        return [
            TaskReference(task_id=TaskID(value=task), agent_id=AgentID(value=agent))
            for task, (agent, state) in self._tasks.items()
            if state not in OVER
        ]

    def _heard(self, task: str, state: TaskState) -> None:
        agent, _ = self._tasks.get(task, ("", None))
        if state in OVER and state not in (TaskState.TASK_LOST, TaskState.TASK_UNKNOWN):
            self._tasks.pop(task, None)
        elif task in self._tasks:
            self._tasks[task] = (agent, state)

    # --- what it does ---

    def _next(self) -> None:
        if self._load.tasks_per_second > 0:
            if len(self._wanted) < _BACKLOG:
                self._wanted.append(self._chance.choices(("brief", "short"), (3, 2))[0])
            self.delay(self._chance.expovariate(self._load.tasks_per_second), self._next)
        else:
            self._wanted.clear()
            self.delay(1.0, self._next)
        self._launch()

    def _launch(self) -> None:
        """Use up to one offer of each agent: whatever it holds goes with it."""
        missing = self._load.long_tasks - len(self._long())
        wanted = self._wanted + [_LONG] * missing
        offers = list(self._offers.values())
        self._chance.shuffle(offers)
        while wanted and offers:
            offered = Offered(offers.pop())
            share = max(1, len(wanted) // (len(offers) + 1))
            tasks = [self._task(kind, offered) for kind in wanted[:share] if offered.holds(_NEEDS)]
            del wanted[:share]
            self._send(offered, tasks)
        self._wanted = [kind for kind in wanted if kind != _LONG]

    def _send(self, offered: Offered, tasks: list[TaskInfo]) -> None:
        self._offers.pop(offered.offer.id.value)
        for task in tasks:
            agent = offered.agent_id.value
            self._history.note("launch", task=task.task_id.value, agent=agent, offer=offered.offer.id.value)
            self._tasks[task.task_id.value] = (agent, None)
        self.launch([offered.offer], tasks, Filters(refuse_seconds=0.0))

    def _task(self, kind: str, offered: Offered) -> TaskInfo:
        self._launched += 1
        name = f"{kind}-{self._launched}"
        work = {
            "brief": ":",
            "stale": ":",
            "short": f"sleep {self._chance.uniform(0.2, 4.0):.2f}",
            _LONG: "exec sleep 1000000",
        }[kind]
        return command_task(name, offered, _NEEDS, history.commands(name, self._truth, work))

    def _long(self) -> list[str]:
        """Those that run, or may come to."""
        return [
            task
            for task, (_, state) in self._tasks.items()
            if task.startswith(_LONG) and state not in OVER and state is not TaskState.TASK_KILLING
        ]

    def _kill_one(self) -> None:
        running = [task for task in self._long() if self._tasks[task][1] is TaskState.TASK_RUNNING]
        if self._load.tasks_per_second > 0 and running and self.is_subscribed:
            self._kill(self._chance.choice(running))

    def _kill(self, task: str) -> None:
        self._history.note("kill", task=task)
        self.kill(task, self._tasks[task][0])

    # --- what the driver asks for ---

    @handles(SetLoad)
    def set_load(self, sender: Pid, message: SetLoad) -> None:
        hundredths = round(message.tasks_per_second * 100)
        self._history.note("load", hundredths=hundredths, long=message.long_tasks)
        self._load = message
        self._tell(sender)

    @handles(ReadLoad)
    def read_load(self, sender: Pid, message: ReadLoad) -> None:
        self._tell(sender)

    @handles(Reconcile)
    def reconcile_all(self, sender: Pid, message: Reconcile) -> None:
        self._history.note("reconcile", subscribed=self.is_subscribed)
        self.reconcile(())
        self.reconcile(self.unsettled())
        self._tell(sender)

    @handles(GiveStaleOrders)
    def give_stale_orders(self, sender: Pid, message: GiveStaleOrders) -> None:
        """As if nothing were wrong; the tasks are forgotten here, so that nobody asks for them again."""
        if not self.is_subscribed:
            self.send(sender, StaleOrders((), ()))
            return
        running = [task for task in self._long() if self._tasks[task][1] is TaskState.TASK_RUNNING]
        kills = running[: len(running) // 2]
        stale = "" if message.valid else "stale "
        for task in kills:
            self._history.note(f"{stale}kill", task=task)
            self.kill(task, self._tasks[task][0])
        launches: list[str] = []
        for offer in tuple(self._offers.values()):
            offered = Offered(offer)
            tasks = [self._task("stale", offered)]
            launches += [task.task_id.value for task in tasks]
            self._history.note(f"{stale}launch", task=launches[-1], agent=offered.agent_id.value)
            self._offers.pop(offer.id.value)
            self.launch([offer], tasks)
        self.send(sender, StaleOrders(tuple(kills), tuple(launches)))

    def _tell(self, asker: Pid) -> None:
        settled = {task for task in self._long() if self._tasks[task][1] is TaskState.TASK_RUNNING}
        unsettled = [
            task for task, (_, state) in self._tasks.items() if state not in OVER and task not in settled
        ]
        self.send(
            asker, LoadState(self.is_subscribed, self._launched, tuple(unsettled), tuple(sorted(settled)))
        )


def main(master: str, ip: str, port: str, path: str, truth: str, seed: str) -> int:
    system = PykkaSystem(bind=Address(ip, int(port)))
    make: Callable[[], Load] = lambda: Load(master, Path(path), Path(truth), seed)  # noqa: E731
    system.start()
    system.spawn(make, LOAD, vital=True)
    failure = system.wait()
    system.stop(1.0)
    return int(failure is not None)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
