from __future__ import annotations

from actors.simulation import Simulation
from tests.actors.agent.kept import RUN, SAVES, Host, agent, executor, framework, task
from transport.messages.checkpointing import Archived, MakeSandbox
from transport.records.agent_state import (
    ExecutorCheckpoint,
    FrameworkCheckpoint,
    RunCheckpoint,
    TaskCheckpoint,
)


def test_what_was_archived_is_there_after_the_power_failed() -> None:
    host = Host(Simulation(1))
    host.admit()
    assert host.archive(*SAVES) == Archived(7)
    checkpoint = host.recovered()
    assert checkpoint.info == agent()
    run = RunCheckpoint(container_id=RUN, tasks=(TaskCheckpoint(task=task()),))
    assert checkpoint.frameworks == (
        FrameworkCheckpoint(info=framework(), executors=(ExecutorCheckpoint(info=executor(), run=run),)),
    )


def test_a_sandbox_is_made_and_its_path_is_told() -> None:
    host = Host(Simulation(1))
    host.admit()
    made = host.archive(MakeSandbox("m1-0000", "e1", RUN))
    assert made == Archived(7, f"/slaves/m1-S0/frameworks/m1-0000/executors/e1/runs/{RUN}")
