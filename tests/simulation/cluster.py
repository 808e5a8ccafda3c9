"""Whole clusters under faults of all kinds: whatever happens, the jobs get done, and each of them once."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import partial

from actors.simulation import Plan, Simulation
from tests.simulation.landlord import Deeds, Landlord
from tests.simulation.notebook import Notebook, Way
from tests.simulation.operator import Operator
from tests.simulation.stage import Stage
from transport.envelope import Envelope
from transport.http.media_type import Encoding
from transport.messages.allocation import MakeOffers
from transport.records.resources import Resources

_LIMIT_CPUS = 3.0
_ALL_WAYS = (Way.COMMAND, Way.GROUP, Way.CUSTOM)


def get_done(sim: Simulation) -> None:
    """Faults for a minute, then quiet: all jobs are done."""
    _get_done(sim, _stage(sim), weather_seconds=0.0)


def get_done_in_bad_weather(sim: Simulation) -> None:
    """The same, and messages get lost, doubled and out of order besides, as on no connection."""
    _get_done(sim, _stage(sim), weather_seconds=3.0)


def get_done_by_executors(sim: Simulation) -> None:
    """Jobs are done in groups and by executors of the frameworks' own, too."""
    _get_done(sim, _stage(sim, _ALL_WAYS), weather_seconds=0.0)


def get_done_in_containers(sim: Simulation) -> None:
    """Jobs run in containers of Docker and of Mesos, and files are fetched for them; some use too much."""
    flags = {"containerizers": "docker,mesos", "isolation": "cgroups/cpu,cgroups/mem,disk/du"}
    stage = _stage(sim, (Way.CONTAINED, Way.GROUP), agent_flags=flags)
    _get_done(sim, stage, weather_seconds=0.0)


def get_done_under_operators(sim: Simulation) -> None:
    """Agents are drained and marked as gone meanwhile, and a framework is torn down."""
    stage = _stage(sim, _ALL_WAYS, agents=3, frameworks=2)
    operator = Operator(lambda: stage.cluster.master_pid)
    sim.node("operator").spawn(lambda: operator, "operator")
    sim.run(random.Random(f"{sim.seed}/begin").uniform(5.0, 20.0))
    drained = _interfere(stage, operator)
    stage.disturb(_plan(sim, weather_seconds=0.0, spared=("operator",)), power_cuts=False)
    sim.quiet()
    sim.run(60.0)
    for agent_id in drained:
        operator.reactivate(agent_id)
    _finish(stage, operator)
    stage.converge()


def fail_over(sim: Simulation) -> None:
    """Three masters lead in turn: any of them dies, hangs or is cut off, and ZooKeeper too."""
    stage = _stage(sim, _ALL_WAYS, masters=3)
    _get_done(sim, stage, weather_seconds=0.0)


def fail_over_in_bad_weather(sim: Simulation) -> None:
    """The same, and messages get lost, doubled and out of order besides."""
    _get_done(sim, _stage(sim, masters=3), weather_seconds=3.0)


def get_done_over_http(sim: Simulation) -> None:
    """Frameworks speak v1 HTTP, in either form, beside native ones."""
    encodings = ((*Encoding,), (Encoding.JSON, None), (None, Encoding.PROTOBUF))[sim.seed % 3]
    stage = _stage(sim, _ALL_WAYS, frameworks=2, encodings=encodings)
    _get_done(sim, stage, weather_seconds=0.0)
    _check_answers(stage)


def fail_over_over_http(sim: Simulation) -> None:
    """The same, and three masters lead in turn."""
    stage = _stage(sim, masters=3, frameworks=2, encodings=(*Encoding,))
    _get_done(sim, stage, weather_seconds=0.0)
    _check_answers(stage)


def keep_volumes(sim: Simulation) -> None:
    """A framework reserves resources, makes volumes and destroys some; the others are there for good."""
    stage = _stage(sim, frameworks=1)
    deeds = stage.deeds = _deeds(sim)
    stage.cluster.start(partial(Landlord, deeds), "landlord", restart_seconds=1.0)
    _get_done(sim, stage, weather_seconds=0.0)


def keep_volumes_over_http(sim: Simulation) -> None:
    """The same framework speaks v1 HTTP, and is told of its operations by events."""
    stage = _stage(sim, frameworks=1)
    deeds = stage.deeds = _deeds(sim)
    encoding = tuple(Encoding)[sim.seed % 2]
    stage.cluster.start(
        lambda detector: stage.over_http(Landlord(deeds, detector), encoding), "landlord", restart_seconds=1.0
    )
    _get_done(sim, stage, weather_seconds=0.0)
    _check_answers(stage)


def keep_within_quota(sim: Simulation) -> None:
    """A role is given no more than its limit, whatever befalls the schedulers and the connections.

    A new master, though, begins to offer when 4 of 5 agents are back (mesos-features.md §5): what the others
    run comes on top.
    """
    rng = random.Random(f"{sim.seed}/notebooks")
    limited = [Notebook(f"jobs{number}", rng, rng.randint(5, 15), role="limited") for number in range(2)]
    stage = Stage(sim, limited, agents=2)
    operator = Operator(lambda: stage.cluster.master_pid)
    sim.node("operator").spawn(lambda: operator, "operator")
    operator.limit("limited", cpus=_LIMIT_CPUS)
    sim.run_until(lambda: operator.done, timeout_seconds=30.0)
    sim.observe(lambda node, envelope: _check_limit(stage, envelope))
    agents = tuple(node.name for host in stage.cluster.hosts for node in (host.node, host.executor_node))
    plan = Plan(
        disconnect_seconds=5.0, kill_seconds=10.0, pause_seconds=20.0, spared=(*agents, "master", "operator")
    )
    stage.disturb(plan, power_cuts=False)
    stage.converge()


def undisturbed(sim: Simulation) -> None:
    """Without any fault all jobs are done soon."""
    stage = _stage(sim, _ALL_WAYS)
    stage.converge(timeout_seconds=180.0)


def calm(sim: Simulation) -> None:
    """Connections break now and then, and nothing else happens."""
    stage = _stage(sim)
    sim.run(5.0)
    stage.disturb(Plan(disconnect_seconds=5.0), power_cuts=False)
    stage.converge()


def _stage(
    sim: Simulation,
    ways: tuple[Way, ...] = (Way.COMMAND,),
    *,
    masters: int = 1,
    agents: int | None = None,
    frameworks: int | None = None,
    encodings: tuple[Encoding | None, ...] = (None,),
    agent_flags: Mapping[str, str] | None = None,
) -> Stage:
    rng = random.Random(f"{sim.seed}/notebooks")
    notebooks = [
        Notebook(
            f"jobs{number}",
            rng,
            rng.randint(5, 20),
            ways=ways,
            checkpoint=rng.random() < 0.8,
            partition_aware=rng.random() < 0.8,
            encoding=encodings[number % len(encodings)],
        )
        for number in range(frameworks or 1 + sim.seed % 2)
    ]
    return Stage(sim, notebooks, masters=masters, agents=agents or rng.randint(1, 3), agent_flags=agent_flags)


def _plan(sim: Simulation, *, weather_seconds: float, spared: tuple[str, ...] = ()) -> Plan:
    rng = random.Random(f"{sim.seed}/plan")
    return Plan.swarm(rng, weather_seconds=weather_seconds, spared=spared)


def _deeds(sim: Simulation) -> Deeds:
    rng = random.Random(f"{sim.seed}/deeds")
    return Deeds(volumes=rng.randint(3, 8), kept=rng.randint(1, 3))


def _get_done(sim: Simulation, stage: Stage, *, weather_seconds: float) -> None:
    sim.run(random.Random(f"{sim.seed}/begin").uniform(0.0, 10.0))
    stage.disturb(_plan(sim, weather_seconds=weather_seconds))
    stage.converge()


def _check_limit(stage: Stage, envelope: Envelope) -> None:
    """What a role has been given is what its tasks hold and what it is offered (I6)."""
    if not isinstance(envelope.message, MakeOffers):
        return
    cluster = stage.cluster.master.cluster
    given = sum(
        (
            one
            for agent in cluster.agents.values()
            for one in (agent.offered, *(task.holding for task in agent.tasks.values()))
        ),
        Resources(),
    )
    cpus = given.scalar_quantities.thousandths.get("cpus", 0) / 1000
    assert cpus <= _LIMIT_CPUS, f"I6: {cpus:g} cpus are given to a role that may have {_LIMIT_CPUS:g}"


def _interfere(stage: Stage, operator: Operator) -> list[str]:
    """Ask for one thing of each kind, by chance; returns the agents that are to be reactivated."""
    agents = sorted(stage.cluster.master.cluster.agents)
    stage.rng.shuffle(agents)
    drained = []
    if len(agents) > 1 and stage.rng.random() < 0.6:
        drained.append(agents[0])
        stage.rng.choice((operator.drain, operator.deactivate))(agents[0])
    if agents and stage.rng.random() < 0.6:
        operator.mark_gone(agents[-1])
    doomed = stage.notebooks[-1]
    if doomed.framework_id is not None and stage.rng.random() < 0.5:
        operator.tear_down(doomed.framework_id)
    return drained


def _finish(stage: Stage, operator: Operator) -> None:
    """See to it that all that was asked for is done, by this reign of the master too."""
    stage.sim.run(60.0)
    assert not operator.asked, f"{operator.asked}: not answered"
    for notebook in stage.notebooks:
        if notebook.over and notebook.framework_id is not None:
            operator.tear_down(notebook.framework_id)


def _check_answers(stage: Stage) -> None:
    """Calls were taken but for those of streams that had ended, or whose master had."""
    transcript = stage.transcript
    refused = {answer: count for answer, count in transcript.answers.items() if answer[0] != 202}
    strange = sorted(answer for answer in refused if answer[0] not in (400, 403, 503))
    assert not strange, f"{strange}: are no answers to a call that is well"
    assert transcript.streams > 0
    assert transcript.answers[202, ""] > 0
