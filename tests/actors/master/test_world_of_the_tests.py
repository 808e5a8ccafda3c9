from __future__ import annotations

from actors.master.world import World
from tests.actors.master.recorder import MASTER, Recorder
from transport.messages.membership import PingAgent
from transport.messages.registry import PruneAgents, RegistryApplied


def test_a_recorder_is_a_world() -> None:
    world: World = Recorder()
    assert world.info.id == "m1"


def test_timers_fire_in_order_of_time_and_not_when_cancelled() -> None:
    world, fired = Recorder(), list[str]()
    world.delay(2.0, fired.append, "later")
    world.delay(1.0, fired.append, "sooner")
    world.delay(1.5, fired.append, "never").cancel()
    world.advance(1.0)
    assert fired == ["sooner"]
    assert world.timers == 1
    world.advance(5.0)
    assert fired == ["sooner", "later"]


def test_what_a_timer_sets_fires_in_the_same_stretch_of_time() -> None:
    world, fired = Recorder(), list[float]()

    def again() -> None:
        world.delay(1.0, lambda: fired.append(world.now()))

    world.delay(1.0, again)
    world.advance(3.0)
    assert fired == [1_002.0]


def test_changes_of_the_registry_wait_until_they_are_committed() -> None:
    world, answers = Recorder(), list[RegistryApplied]()
    world.save(PruneAgents(), answers.append)
    world.save(PruneAgents(), answers.append)
    assert not answers
    world.commit()
    world.refuse("not so")
    assert [answer.error for answer in answers] == [None, "not so"]


def test_a_prompt_recorder_commits_at_once() -> None:
    world, answers = Recorder(prompt=True), list[RegistryApplied]()
    world.save(PruneAgents(), answers.append)
    assert answers[0].mutated


def test_messages_are_found_by_who_got_them() -> None:
    world = Recorder()
    world.send(MASTER, PingAgent(connected=True))
    assert world.told_of(MASTER, PingAgent) == [PingAgent(connected=True)]
    assert world.told(MASTER.whoever()) == []
