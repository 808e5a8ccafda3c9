"""An agent full of containers dies where its work can be cut in two; `tests.chaos.containers` has more."""

from __future__ import annotations

from tests.chaos.containers.course import Plan, run
from tests.chaos.containers.dress import dressed
from tests.chaos.containers.work import Kind

_POINTS = (
    "agent.updates.after_sync",
    "docker.create.after",
    "docker.exit.known",
    "fetch.done",
    "linux.clone.after",
)


def test_an_agent_that_dies_again_and_again_loses_doubles_and_misreports_no_task() -> None:
    kinds = tuple(Kind)
    flags, docker, image = dressed(kinds)
    course = run(
        Plan(
            kills=len(_POINTS),
            tasks=12,
            seed="short",
            kinds=kinds,
            agent_flags=flags,
            docker=docker,
            image=image,
            patience_seconds=6.0,
            points=_POINTS,
        )
    )
    assert course.found == []
    assert course.struck, "none died at the point that was meant"
