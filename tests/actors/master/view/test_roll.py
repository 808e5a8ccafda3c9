from __future__ import annotations

import json
import random

from actors.master.view.forms import Form
from actors.master.view.roll import BLOCK, Roll
from actors.master.view.tasks import LIVE, ShownTask
from tests.actors.master.http.leader import running
from transport import protobuf
from transport.records.master_response import Response


def task(name: str) -> ShownTask:
    return ShownTask(running("S0", name))


def ids(roll: Roll[str, ShownTask]) -> list[str]:
    """The tasks as readers get them."""
    joined = b"".join(roll.joined(Form.V0))
    assert not joined or joined.startswith(b",")
    found = [one["id"] for one in json.loads(b"[" + joined[1:] + b"]")]
    records = protobuf.decode(b"".join(roll.joined(Form.PROTOBUF)), Response.GetTasks).tasks
    assert [one.task_id.value for one in records] == found
    return found


def test_objects_stand_in_the_order_in_which_they_came() -> None:
    roll: Roll[str, ShownTask] = Roll(LIVE)
    assert roll.joined(Form.V0) == []
    names = [f"t{number}" for number in range(BLOCK * 2 + 1)]
    for name in names:
        roll.put(name, task(name))
    assert ids(roll) == names == list(roll)
    assert len(roll.joined(Form.V0)) == 3


def test_what_did_not_change_is_not_joined_again() -> None:
    roll: Roll[str, ShownTask] = Roll(LIVE)
    for number in range(BLOCK * 2):
        roll.put(f"t{number}", task(f"t{number}"))
    first, second = roll.joined(Form.V0)
    roll.put("t0", task("other"))
    other, same = roll.joined(Form.V0)
    assert other != first
    assert same is second
    roll.changed("t1", Form.JSON)
    assert roll.joined(Form.V0)[0] is other


def test_whatever_comes_and_goes_what_is_there_is_shown_in_few_pieces() -> None:
    rng = random.Random(1)
    roll: Roll[str, ShownTask] = Roll(LIVE)
    there: dict[str, None] = {}
    for number in range(BLOCK * 30):
        there[f"t{number}"] = None
        roll.put(f"t{number}", task(f"t{number}"))
        if len(there) > BLOCK:
            gone = rng.choice(list(there))
            del there[gone]
            assert roll.pop(gone) is not None
    assert roll.pop("none") is None
    assert ids(roll) == list(there)
    assert len(roll) == len(there)
    assert len(roll.joined(Form.V0)) <= 9
