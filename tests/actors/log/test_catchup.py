from __future__ import annotations

import random

from actors.log.catchup import CatchUp
from tests.actors.log.parliament import member
from transport.messages.replication import LearnedRequest, RecoverResponse, Status


def fares(learned: int) -> RecoverResponse:
    """A replica that knows everything up to there."""
    return RecoverResponse("r", "a", Status.VOTING, learned=learned)


def test_who_knows_further_is_asked_for_the_next_position() -> None:
    asked = CatchUp(random.Random(1)).ask(fares(4), {member(1): fares(4), member(2): fares(9)}, 9)
    assert asked == (member(2), LearnedRequest(5))


def test_nobody_is_asked_for_what_is_not_wanted_or_what_nobody_knows() -> None:
    catch_up = CatchUp(random.Random(1))
    assert catch_up.ask(fares(4), {member(1): fares(9)}, 4) is None
    assert catch_up.ask(fares(4), {member(1): fares(4)}, 9) is None


def test_one_question_is_asked_at_a_time() -> None:
    catch_up, others = CatchUp(random.Random(1)), {member(1): fares(9)}
    catch_up.ask(fares(4), others, 9)
    assert catch_up.ask(fares(4), others, 9) is None
    assert not catch_up.answered(member(2))
    assert catch_up.answered(member(1))
    assert catch_up.ask(fares(5), others, 9) == (member(1), LearnedRequest(6))


def test_who_does_not_answer_is_not_asked_next_unless_there_is_nobody_else() -> None:
    others = {member(1): fares(9), member(2): fares(9)}
    for seed in range(8):
        catch_up = CatchUp(random.Random(seed))
        first = catch_up.ask(fares(4), others, 9)
        assert first is not None
        catch_up.late(first[0])
        second = catch_up.ask(fares(4), others, 9)
        assert second is not None
        assert second[0] != first[0]
        catch_up.late(second[0])
        assert catch_up.ask(fares(4), {second[0]: fares(9)}, 9) == (second[0], LearnedRequest(5))


def test_a_warning_about_an_answer_that_came_changes_nothing() -> None:
    catch_up, others = CatchUp(random.Random(1)), {member(1): fares(9)}
    catch_up.ask(fares(4), others, 9)
    catch_up.answered(member(1))
    catch_up.late(member(1))
    assert catch_up.ask(fares(4), others, 9) == (member(1), LearnedRequest(5))
