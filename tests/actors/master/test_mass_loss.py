from __future__ import annotations

from actors.master.flags import MasterFlags
from actors.master.mass_loss import MassLoss
from tests.actors.master.county import County, reregistration
from transport.messages.registry import MarkAgentUnreachable
from transport.pid import Pid


def mass_loss(share: float | None = 0.5) -> MassLoss:
    return MassLoss(share, window_seconds=75.0, patience_seconds=600.0)


def test_without_a_limit_nobody_is_held_back() -> None:
    loss = mass_loss(None)
    assert not any(loss.lose(f"S{number}", 4, 100.0) for number in range(4))
    assert loss.wait_seconds(100.0) == 0.0


def test_at_the_limit_all_are_held_back_for_a_while() -> None:
    loss = mass_loss()
    assert [loss.lose("S0", 4, 100.0), loss.lose("S1", 3, 174.0), loss.lose("S2", 2, 175.0)] == [
        False,
        True,
        False,
    ]
    assert loss.wait_seconds(175.0) == 599.0
    assert loss.wait_seconds(774.0) == 0.0


def test_agents_that_are_lost_one_after_another_over_a_long_time_are_not() -> None:
    loss = mass_loss()
    assert not any(loss.lose(f"S{number}", 10 - number, 76.0 * number) for number in range(8))


def test_who_comes_back_lets_the_others_go() -> None:
    loss = mass_loss()
    loss.lose("S0", 4, 100.0)
    loss.lose("S1", 4, 100.0)
    loss.lose("S2", 4, 100.0)
    assert [loss.find(one, 101.0) for one in ("S9", "S0", "S1", "S2")] == [False, False, True, False]
    assert loss.wait_seconds(101.0) == 0.0


# --- in the cluster ---


def county() -> tuple[County, list[str]]:
    """Four agents, of which half may not be lost at once."""
    made = County(MasterFlags(agent_mass_loss_limit="50%"), prompt=True)
    agents = [made.join(Pid("agent", f"10.0.1.{number}", 6051, 1), f"host{number}") for number in range(4)]
    return made, [agent.id for agent in agents]


def given_up(made: County) -> list[str]:
    found = [one.info.id for one in made.world.operations if isinstance(one, MarkAgentUnreachable)]
    return [one.value for one in found if one is not None]


def test_half_of_a_cluster_is_not_given_up_at_once() -> None:
    made, ids = county()
    for agent_id in ids[:3]:
        made.agents.removals.suspect(agent_id, "it does not answer pings")
    assert given_up(made) == ids[:1]
    made.world.advance(599.0)
    assert given_up(made) == ids[:1]
    made.world.advance(2.0)
    assert given_up(made) == ids[:3]


def test_when_enough_agents_answer_again_the_others_are_given_up() -> None:
    made, ids = county()
    for agent_id in ids[:3]:
        made.agents.removals.suspect(agent_id, "it does not answer pings")
    made.agents.reregister(Pid("agent", "10.0.1.0", 6051, 1), reregistration(ids[0], hostname="host0"))
    assert given_up(made) == ids[:1]
    made.agents.removals.reprieve(ids[1], "it answers pings again")
    assert given_up(made) == [ids[0], ids[2]]
    made.world.advance(1000.0)
    assert given_up(made) == [ids[0], ids[2]]
    made.check()
