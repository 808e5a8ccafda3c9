"""What an agent knows of itself: frameworks, executors, tasks, and what they take of its resources."""

from __future__ import annotations

from collections import OrderedDict

from actors.agent.executor import ExecutorEntry, ExecutorState
from actors.agent.framework import FrameworkEntry
from actors.agent.memory import Memory
from actors.agent.operation import OperationEntry
from actors.agent.task import Stage, TaskEntry
from transport.records.agent import AgentInfo, DrainConfig
from transport.records.framework import FrameworkInfo
from transport.records.resources import Resources
from transport.records.task_status import TERMINAL, TaskState, TaskStatus

#: Frameworks without executors that are remembered.
_COMPLETED_FRAMEWORKS = 50


class Books:
    """The books. Methods keep the indexes and sums together; they tell nobody."""

    def __init__(self, info: AgentInfo, completed_executors_limit: int = 150) -> None:
        #: Has an id once a master gave one.
        self.info = info
        #: What there is, with the reservations and volumes that operations made.
        self.total = Resources(info.resources)
        #: What tasks and custom executors hold of it, shared volumes left out.
        self.used = Resources()
        self.drain: DrainConfig | None = None
        #: Those that nobody acknowledged yet, by uuid.
        self.operations: dict[bytes, OperationEntry] = {}
        self.frameworks: dict[str, FrameworkEntry] = {}
        self.completed_frameworks: OrderedDict[str, FrameworkEntry] = OrderedDict()
        self.containers: dict[str, ExecutorEntry] = {}
        self.memory = Memory()
        #: How many tasks and executors are in each state, for the metrics.
        self.task_counts: dict[TaskState, int] = dict.fromkeys(TaskState, 0)
        self.executor_counts: dict[ExecutorState, int] = dict.fromkeys(ExecutorState, 0)
        self._completed_executors_limit = completed_executors_limit

    @property
    def agent_id(self) -> str:
        """The agent's id; only for when it has one."""
        assert self.info.id is not None
        return self.info.id.value

    # --- frameworks and executors ---

    def framework(self, info: FrameworkInfo) -> FrameworkEntry:
        """The framework's entry; a new one is not in the books before it has an executor."""
        assert info.id is not None, "a framework without id"
        known = self.frameworks.get(info.id.value)
        return known or FrameworkEntry(info, self._completed_executors_limit)

    def executor(self, framework_id: str, executor_id: str) -> ExecutorEntry | None:
        """An executor that is not forgotten."""
        framework = self.frameworks.get(framework_id)
        return None if framework is None else framework.executors.get(executor_id)

    def task(self, framework_id: str, task_id: str) -> TaskEntry | None:
        """A task that is not forgotten."""
        framework = self.frameworks.get(framework_id)
        return None if framework is None else framework.tasks.get(task_id)

    def add_executor(self, executor: ExecutorEntry) -> bool:
        """An executor, and its framework if that is new here, which is answered."""
        framework = executor.framework
        new = self.frameworks.setdefault(framework.id, framework) is framework and not framework.executors
        assert executor.executor_id not in framework.executors
        framework.executors[executor.executor_id] = executor
        self.containers[executor.container_id] = executor
        self.executor_counts[executor.state] += 1
        if not executor.generated:
            executor.holding = Resources(executor.info.resources).unallocate().non_shared
            self.used += executor.holding
        return new

    def move(self, executor: ExecutorEntry, state: ExecutorState) -> None:
        """An executor's state changes; one whose container is no more holds nothing."""
        self.executor_counts[executor.state] -= 1
        self.executor_counts[state] += 1
        executor.state = state
        if state is ExecutorState.TERMINATED:
            self.used -= executor.holding
            executor.holding = Resources()

    def remove_executor(self, executor: ExecutorEntry) -> bool:
        """Forget an executor that is over; whether its framework has none left, and is forgotten too."""
        assert not executor.tasks
        framework = executor.framework
        self.executor_counts[executor.state] -= 1
        del self.containers[executor.container_id]
        del framework.executors[executor.executor_id]
        framework.completed_executors.append(executor)
        if framework.executors:
            return False
        del self.frameworks[framework.id]
        self.completed_frameworks[framework.id] = framework
        self.completed_frameworks.move_to_end(framework.id)
        while len(self.completed_frameworks) > _COMPLETED_FRAMEWORKS:
            self.completed_frameworks.popitem(last=False)
        return True

    # --- tasks ---

    def add_task(self, task: TaskEntry) -> None:
        """A task of an executor in the books."""
        framework = task.executor.framework
        assert task.task_id not in framework.tasks
        framework.tasks[task.task_id] = task.executor.tasks[task.task_id] = task
        self.task_counts[task.state] += 1
        if not task.terminal:
            task.holding = task.holding.non_shared
            self.used += task.holding

    def note(self, task: TaskEntry, status: TaskStatus) -> None:
        """A task's state changes, unless it is over; from a terminal one on it holds nothing."""
        if task.terminal:
            return
        self.task_counts[task.state] -= 1
        task.note(status)
        self.task_counts[task.state] += 1
        if status.state in TERMINAL:
            self.used -= task.holding
            task.holding = Resources()

    def remove_task(self, task: TaskEntry) -> None:
        """Forget a task; it holds nothing any more."""
        executor = task.executor
        self.task_counts[task.state] -= 1
        self.used -= task.holding
        task.holding = Resources()
        del executor.framework.tasks[task.task_id]
        del executor.tasks[task.task_id]
        executor.completed_tasks.append(task.record)

    def fits(self, more: Resources) -> bool:
        """Whether so much more, allocated to nobody, is there; several tasks may use a shared volume."""
        taken = more.non_shared
        return (taken is more or self.total.contains(more)) and self.total.contains(self.used + taken)

    # --- what must hold ---

    def check_invariants(self) -> None:
        """Raise AssertionError when indexes disagree, or resources are given twice (I1)."""
        used, tasks, executors = Resources(), 0, 0
        for framework in self.frameworks.values():
            assert framework.executors, f"{framework.id}: has no executor"
            tasks += len(framework.tasks)
            for executor in framework.executors.values():
                executors += 1
                used += executor.holding
                _check_executor(executor)
                assert self.containers[executor.container_id] is executor
                for task in executor.tasks.values():
                    tasks -= 1
                    used += task.holding
                    assert framework.tasks[task.task_id] is task, f"{task.task_id}: indexes disagree"
        assert tasks == 0, "a task without executor"
        assert executors == len(self.containers), "a container without executor"
        assert used == self.used, f"{used} is held, {self.used} is booked"
        assert self.total.contains(used), f"{used} is held of {self.total}"


def _check_executor(executor: ExecutorEntry) -> None:
    queued = [info.task_id.value for launch in executor.queue for info in launch.infos]
    assert len(queued) == len(set(queued)), f"{executor.executor_id}: a task is queued twice"
    waiting = [task.task_id for task in executor.tasks.values() if task.stage is Stage.QUEUED]
    live = [name for name in waiting if not executor.tasks[name].terminal]
    assert executor.state is ExecutorState.TERMINATED or sorted(queued) == sorted(live), (queued, live)
    assert executor.state is not ExecutorState.TERMINATED or all(
        task.terminal or task.stage is Stage.PENDING for task in executor.tasks.values()
    ), f"{executor.executor_id}: is over, its tasks are not"
