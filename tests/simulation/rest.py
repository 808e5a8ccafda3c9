"""What must be true of a whole cluster when nothing has happened for a while (reliability.md §2)."""

from __future__ import annotations

from collections.abc import Sequence

from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.process import AllocatorProcess
from actors.master.cluster import Cluster
from actors.master.daemon import ALLOCATOR
from frameworks.testing import SimulatedCluster, SimulatedHost
from tests.simulation.notebook import Notebook
from tests.simulation.witness import Witness
from transport.records.executor import ExecutorInfo
from transport.records.resources import Resources
from transport.records.task_status import TaskState

_RUNNING = TaskState.TASK_RUNNING
_DEFAULT = ExecutorInfo.Type.DEFAULT


class Rest:
    """Looks into all books of a cluster at once."""

    def __init__(self, cluster: SimulatedCluster, notebooks: Sequence[Notebook], witness: Witness) -> None:
        self._cluster = cluster
        self._notebooks = notebooks
        self._witness = witness

    def unsettled(self) -> str:
        """What is still to come, or nothing."""
        for notebook in self._notebooks:
            if not notebook.done:
                return f"{notebook.name}: {[job for job in notebook.jobs if job.outcome is None]}"
        try:
            if not self._cluster.all_registered():
                return "not all agents are registered"
            books = self._cluster.master.cluster
            return self._unlike(books) or next(filter(None, map(self._leftover, self._cluster.hosts)), "")
        except LookupError as error:
            return str(error)

    def _wanted(self) -> dict[tuple[str, str], Notebook]:
        """What is to run on: framework and task, and who knows of it."""
        return {
            (notebook.framework_id or "", task_id): notebook
            for notebook in self._notebooks
            for task_id in notebook.running
        }

    def _unlike(self, books: Cluster) -> str:
        wanted = self._wanted().keys()
        tasks = {key for agent in books.agents.values() for key in agent.tasks}
        told = {
            (framework_id, task_id)
            for host in self._cluster.hosts
            for framework_id, framework in host.agent.books.frameworks.items()
            for task_id in framework.tasks
        }
        if tasks == told == wanted:
            return ""
        return f"I14: wanted {sorted(wanted)}, with the master {sorted(tasks)}, on agents {sorted(told)}"

    def _leftover(self, host: SimulatedHost) -> str:
        """Containers that nobody knows of (I8), and executors that have none."""
        running = {name.partition(".")[0] for name in host.kernel.running} | {*host.executors.running}
        books = host.agent.books
        phantoms = sorted(running - books.containers.keys())
        if phantoms:
            return f"I8: {phantoms} run on {host.name}, which knows nothing of them"
        gone = sorted(
            name for name in books.containers if name not in running and not self._groups(host, name)
        )
        return f"I8: {gone} are not running on {host.name}" if gone else ""

    def _groups(self, host: SimulatedHost, container_id: str) -> bool:
        """Whether it is one of a default executor, which has no container of its own."""
        return host.agent.books.containers[container_id].info.type is _DEFAULT

    # At rest.

    def check(self) -> None:
        """Raise AssertionError where something is wrong."""
        why = self.unsettled()
        assert not why, f"{why}, and had been settled before"
        books = self._cluster.master.cluster
        for (framework_id, task_id), notebook in self._wanted().items():
            self._check_running(books, framework_id, task_id, notebook)
        self._check_resources(books)
        for notebook in self._notebooks:
            for task_id, attempt in notebook.tries.items():
                _check_truth(notebook, task_id, attempt.state)
        self._check_delivery()

    def _check_running(self, books: Cluster, framework_id: str, task_id: str, notebook: Notebook) -> None:
        """All three agree on the state of a task that runs (I14)."""
        attempt = notebook.tries[task_id]
        agents = [
            framework.tasks[task_id].state
            for host in self._cluster.hosts
            for framework in host.agent.books.frameworks.values()
            if task_id in framework.tasks
        ]
        states = [*agents, books.frameworks[framework_id].tasks[task_id].record.state, attempt.state]
        assert states == [_RUNNING] * 3, f"I14: {task_id}: is {states} at agent, master, scheduler"
        assert notebook.started.get(task_id) == 1, f"I14: {task_id}: runs and was never started"

    def _check_resources(self, books: Cluster) -> None:
        """Nothing is held but by what runs, by all books alike (I1-I3)."""
        allocator = self._cluster.master_node.process(ALLOCATOR, AllocatorProcess)._allocator
        assert isinstance(allocator, HierarchicalAllocator)
        ledger = allocator._ledger
        assert sorted(ledger.agents) == sorted(books.agents), "I2: agents of the master and its allocator"
        for host in self._cluster.hosts:
            agent = books.agents[host.agent.books.agent_id]
            held = sum((one.unallocate() for one in agent.used.values()), Resources()).non_shared
            there = host.agent.books.used
            assert held == there, f"I3: {agent.id}: master has {held} used, the agent {there}"
            assert agent.total == host.agent.books.total, f"I5: {agent.id}: {agent.total} is not its total"
            entry = ledger.agents[agent.id]
            allocated = sum((one.resources for one in entry.held.values()), Resources()).non_shared
            outstanding = held + agent.offered.unallocate().non_shared
            assert allocated == outstanding, f"I2: {agent.id}: {allocated} allocated, {outstanding} in use"
            assert entry.total.resources == agent.total, f"I2: {agent.id}: the allocator's total"

    def _check_delivery(self) -> None:
        """What an agent promised to deliver was delivered, unless it or the framework is no more (I12)."""
        for (framework_id, task_id), promised in self._witness.promised.items():
            notebook = next((one for one in self._notebooks if one.framework_id == framework_id), None)
            if notebook is None or notebook.over or not notebook.checkpoint:
                continue
            if notebook.tries[task_id].agent_id not in self._cluster.master.cluster.agents:
                continue
            lost = [state for state, uuid in promised if uuid not in notebook.told]
            assert not lost, f"I12: {task_id}: {lost} never came to its scheduler"


def _check_truth(notebook: Notebook, task_id: str, state: TaskState) -> None:
    job = notebook.jobs[notebook.tries[task_id].job]
    if state is TaskState.TASK_FINISHED:
        assert notebook.started.get(task_id) == 1, f"I16: {task_id}: finished and never started"
        assert job.exit_status == 0, f"I16: {task_id}: finished with status {job.exit_status}"
        assert job.seconds is not None, f"I16: {task_id}: finished and runs for ever"
