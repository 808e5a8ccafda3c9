"""A whole cluster under faults of all kinds: whatever happens, the jobs get done, and each of them once."""

from __future__ import annotations

import random
from functools import partial

from actors.simulation import Plan, Simulation
from containerizers.containerizer import Spec
from containerizers.fake import Course
from frameworks.testing import SimulatedCluster
from frameworks.testing.programs import command_of
from tests.simulation.witness import CERTAIN, Witness
from tests.simulation.workload import Notebook, Workload
from transport.pid import Pid
from transport.records.task_status import TaskState

#: How long the faults last, in virtual seconds.
_FAULTY_SECONDS = 60.0
#: An agent that is away is given up after 10 minutes at most; updates are repeated every 10 minutes at most.
_CONVERGENCE_SECONDS = 2400.0


class Stage:
    """One cluster, its frameworks and who watches them."""

    def __init__(self, sim: Simulation, *, frameworks: int = 1) -> None:
        self.sim = sim
        self._rng = rng = random.Random(f"{sim.seed}/stage")
        self.notebooks = [
            Notebook(f"jobs{number}", rng, rng.randint(10, 40), checkpoint=rng.random() < 0.8)
            for number in range(frameworks)
        ]
        self.witness = Witness(sim)
        self.cluster = SimulatedCluster(sim=sim, agents=rng.randint(1, 3), commands=self._start)
        for notebook in self.notebooks:
            self.cluster.start(
                partial(self._workload, notebook),
                notebook.name,
                restart_seconds=1.0,
            )

    def _workload(self, notebook: Notebook, detector: Pid) -> Workload:
        return Workload(notebook, detector, self.witness.tell)

    def _start(self, spec: Spec) -> Course:
        """What a command does; it was started just now."""
        task_id, seconds, status = command_of(spec).split()
        notebook = next(one for one in self.notebooks if task_id.startswith(one.name))
        started = notebook.started[task_id] = notebook.started.get(task_id, 0) + 1
        assert started == 1, f"I7: {task_id}: started {started} times"
        state = notebook.tries[task_id].state
        assert state not in CERTAIN, f"I15: {task_id}: started after it was {state.value}"
        return Course(seconds=None if seconds == "-" else float(seconds), status=int(status))

    def power_cuts(self) -> list[float]:
        """Seconds between times at which a whole host loses its power; seldom any."""
        return [self._rng.uniform(1.0, 30.0) for _ in range(self._rng.choice((0, 0, 1, 2)))]

    def cut_power(self) -> None:
        """Have a host lose its power, and come back some time later."""
        host = self._rng.choice(self.cluster.hosts)
        host.lose_power()
        for node in (host.executor_node, host.node):
            node.restart_after(self._rng.choice((1.0, 10.0, 100.0)))

    def settled(self) -> bool:
        """Whether every job is done, and nothing runs or is kept for it any more."""
        return (
            all(notebook.done for notebook in self.notebooks)
            and self._up()
            and not any(host.kernel.running for host in self.cluster.hosts)
            and not any(framework.tasks for framework in self.cluster.master.cluster.frameworks.values())
        )

    def _up(self) -> bool:
        try:
            return self.cluster.all_registered()
        except LookupError:
            return False

    def check_at_rest(self) -> None:
        """What must be true when nothing has happened for a while (I2, I3, I14, I16)."""
        cluster = self.cluster.master.cluster
        for agent in cluster.agents.values():
            used = {owner: resources for owner, resources in agent.used.items() if resources}
            assert not used, f"I3: {agent.id}: {used} used by nobody"
        for host in self.cluster.hosts:
            host.agent.check_invariants()
        for notebook in self.notebooks:
            for task_id, attempt in notebook.tries.items():
                self._check_truth(notebook, task_id, attempt.state)

    def _check_truth(self, notebook: Notebook, task_id: str, state: TaskState) -> None:
        job = notebook.jobs[notebook.tries[task_id].job]
        if state is TaskState.TASK_FINISHED:
            assert notebook.started.get(task_id) == 1, f"I16: {task_id}: finished and never started"
            assert job.exit_status == 0, f"I16: {task_id}: finished with status {job.exit_status}"
            assert job.seconds is not None, f"I16: {task_id}: finished and runs for ever"


def get_done(sim: Simulation) -> None:
    """Faults for a minute, then quiet: all jobs are done."""
    _get_done(sim, Plan.swarm(random.Random(f"{sim.seed}/plan"), weather_seconds=0.0))


def get_done_in_bad_weather(sim: Simulation) -> None:
    """The same, and messages get lost, doubled and out of order besides, which no connection does to anybody."""
    _get_done(sim, Plan.swarm(random.Random(f"{sim.seed}/plan"), weather_seconds=3.0))


def _get_done(sim: Simulation, plan: Plan) -> None:
    stage = Stage(sim, frameworks=1 + sim.seed % 2)
    sim.run(random.Random(f"{sim.seed}/begin").uniform(0.0, 10.0))
    sim.chaos(plan)
    for pause_seconds in stage.power_cuts():
        sim.run(pause_seconds)
        stage.cut_power()
    sim.run(_FAULTY_SECONDS)
    sim.quiet()
    sim.run_until(stage.settled, timeout_seconds=_CONVERGENCE_SECONDS)
    sim.run(60.0)
    stage.check_at_rest()


def undisturbed(sim: Simulation) -> None:
    """Without any fault all jobs are done soon."""
    stage = Stage(sim)
    sim.run_until(stage.settled, timeout_seconds=120.0)
    stage.check_at_rest()


def calm(sim: Simulation) -> None:
    """Messages are lost now and then, and nothing else happens."""
    stage = Stage(sim)
    sim.run(5.0)
    sim.chaos(Plan(disconnect_seconds=5.0))
    sim.run(_FAULTY_SECONDS)
    sim.quiet()
    sim.run_until(stage.settled, timeout_seconds=_CONVERGENCE_SECONDS)
    stage.check_at_rest()
