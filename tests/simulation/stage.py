"""The stage of the whole-cluster scenarios: a cluster, its frameworks, and who watches them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from functools import partial

import msgspec

from actors.executor.settings import ExecutorSettings
from actors.simulation import Plan, SimulatedNode, Simulation
from containerizers.containerizer import Limitation
from containerizers.fake import Course
from containerizers.fetcher.fake import FetchCourse
from containerizers.fetcher.order import Order
from containerizers.spec import Spec
from frameworks.scheduler import Scheduler
from frameworks.testing import SimulatedCluster
from frameworks.testing.programs import command_of
from tests.simulation.http.door import DOOR, Door
from tests.simulation.http.over_http import OverHttp, Transcript
from tests.simulation.landlord import Deeds
from tests.simulation.notebook import Notebook
from tests.simulation.readers import Readers
from tests.simulation.rest import Rest
from tests.simulation.succession import Succession
from tests.simulation.witness import CERTAIN, Witness
from tests.simulation.workload import WORKSHOP, Workload
from tests.simulation.workshop import Workshop
from transport.http.media_type import Encoding
from transport.pid import Pid

#: How long the faults last, in virtual seconds.
FAULTY_SECONDS = 60.0
#: An agent that is away is given up after 10 minutes at most; updates are repeated every 10 minutes at most.
CONVERGENCE_SECONDS = 2400.0
#: Nothing has happened for so long when it is asked what is true at rest.
_REST_SECONDS = 60.0
_STEP_SECONDS = 5.0


class Stage:
    """One cluster, its frameworks and who watches them."""

    def __init__(
        self,
        sim: Simulation,
        notebooks: Iterable[Notebook],
        *,
        masters: int = 1,
        agents: int,
        cpus: float = 4.0,
        agent_flags: Mapping[str, str] | None = None,
    ) -> None:
        self.sim = sim
        self.rng = random.Random(f"{sim.seed}/stage")
        self.notebooks = tuple(notebooks)
        #: What a landlord has, where there is one.
        self.deeds: Deeds | None = None
        self.witness = Witness(sim)
        self.transcript = Transcript(sim)
        self.readers = Readers(sim)
        #: Whether containers are held to what they may use, and some exceed it.
        self._contains = agent_flags is not None
        self.succession = Succession(sim) if masters > 1 else None
        self.cluster = SimulatedCluster(
            sim=sim,
            masters=masters,
            agents=agents,
            cpus=cpus,
            commands=self._run,
            executors={WORKSHOP: self._workshop},
            fetches=self._fetch,
            agent_flags=agent_flags,
            beside=self._beside,
        )
        self.rest = Rest(self.cluster, self.notebooks, self.witness)
        for notebook in self.notebooks:
            self.cluster.start(partial(self._workload, notebook), notebook.name, restart_seconds=1.0)

    def _beside(self, node: SimulatedNode) -> None:
        node.spawn(Door, DOOR, vital=True)
        self.readers.start(node)

    def _workload(self, notebook: Notebook, detector: Pid) -> Workload | OverHttp:
        workload = Workload(notebook, detector, self.witness.tell)
        return workload if notebook.encoding is None else self.over_http(workload, notebook.encoding)

    def over_http(self, scheduler: Scheduler, encoding: Encoding) -> OverHttp:
        """The same scheduler, which speaks v1 HTTP."""
        return OverHttp(scheduler, encoding, self.transcript)

    def _workshop(self, settings: ExecutorSettings) -> Workshop:
        return Workshop(settings, self._begin)

    def _run(self, spec: Spec) -> Course:
        course = self._begin(command_of(spec))
        if not self._contains:
            return course
        limitation = Limitation("memory", "too much memory", 100 * 2**20) if course.status else None
        addresses = () if spec.docker is None else ("172.17.0.2",)
        return msgspec.structs.replace(course, limitation=limitation, addresses=addresses)

    def _fetch(self, order: Order) -> FetchCourse:
        """Files come at once, slowly, or not at all."""
        seconds = self.rng.choice((0.1, 1.0, 15.0))
        return FetchCourse(seconds=seconds, error="not found" if self.rng.random() < 0.1 else "")

    def _begin(self, words: str) -> Course:
        """What a task does, which is started just now."""
        task_id, seconds, status = words.split()
        notebook = next(one for one in self.notebooks if task_id.startswith(f"{one.name}-"))
        started = notebook.started[task_id] = notebook.started.get(task_id, 0) + 1
        assert started == 1, f"I7: {task_id}: started {started} times"
        state = notebook.tries[task_id].state
        assert state not in CERTAIN, f"I15: {task_id}: started after it was {state.value}"
        if self.succession is not None:
            self.succession.check_order(task_id)
        return Course(seconds=None if seconds == "-" else float(seconds), status=int(status))

    # Acts.

    def disturb(self, plan: Plan, *, power_cuts: bool = True) -> None:
        """Faults for a while."""
        self.sim.chaos(plan)
        for _ in range(self.rng.choice((0, 0, 1, 2)) if power_cuts else 0):
            self.sim.run(self.rng.uniform(1.0, 30.0))
            self._cut_power()
        self.sim.run(FAULTY_SECONDS)

    def _cut_power(self) -> None:
        """Have a host lose its power, and come back some time later."""
        if len(self.cluster.masters.nodes) > 1 and self.rng.random() < 0.5:
            master = self.rng.choice(self.cluster.masters.nodes)
            master.crash()
            master.restart_after(self.rng.choice((1.0, 10.0, 100.0)))
            return
        host = self.rng.choice(self.cluster.hosts)
        host.lose_power()
        for node in (host.executor_node, host.node):
            node.restart_after(self.rng.choice((1.0, 10.0, 100.0)))

    def converge(self, timeout_seconds: float = CONVERGENCE_SECONDS) -> None:
        """Without faults all that is to be done gets done, and then all agree."""
        self.sim.quiet()
        deadline = self.sim.now + timeout_seconds
        while why := self.rest.unsettled() or self._unmade():
            assert self.sim.now < deadline, f"not settled after {timeout_seconds:g} s: {why}"
            self.sim.run(_STEP_SECONDS)
        self.sim.run(_REST_SECONDS)
        self.rest.check()
        self.readers.check(self.cluster)
        if self.deeds is not None:
            self.deeds.check(self._volumes())

    def _unmade(self) -> str:
        return "" if self.deeds is None or self.deeds.done else f"I5: {self.deeds.stands}"

    def _volumes(self) -> list[str]:
        """The ids of the persistent volumes that agents have."""
        return [
            one.disk.persistence.id
            for host in self.cluster.hosts
            for one in host.agent.books.total
            if one.disk is not None and one.disk.persistence is not None
        ]
