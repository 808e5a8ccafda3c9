from actors.blueprint import Blueprint, describe
from actors.process import Process
from actors.system import Restart
from transport.pid import Pid


class MuteError(Exception):
    def __str__(self) -> str:
        raise LookupError


def test_an_exception_is_described_in_one_short_line_whatever_it_says() -> None:
    assert describe(ValueError("a\n  b")) == "ValueError: a b"
    assert describe(MuteError()).startswith("MuteError: ")
    assert len(describe(ValueError("x" * 1_000_000))) < 2_000


def test_a_crash_of_an_actor_that_was_told_to_end_asks_for_nothing() -> None:
    blueprint = Blueprint(Process, "a", Restart(), vital=True)
    pid = Pid("a", "host", 1, 1)
    report = blueprint.crashed(pid, ValueError())
    assert (report.intensity, report.vital, blueprint.restarts) == (3, True, True)
    blueprint.wanted = False
    report = blueprint.crashed(pid, ValueError())
    assert (report.intensity, report.vital, blueprint.restarts) == (0, False, False)
    assert blueprint.crashes == 2
