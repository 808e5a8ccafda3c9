from __future__ import annotations

from actors.executor.checks.check import Check
from actors.executor.checks.look import Seen
from transport.records.check import CheckInfo, CheckStatusInfo

_Type = CheckInfo.Type


def test_a_check_has_an_empty_result_of_its_kind_before_its_first() -> None:
    assert Check(CheckInfo(type=_Type.COMMAND)).status == CheckStatusInfo(
        type=_Type.COMMAND, command=CheckStatusInfo.Command()
    )
    assert Check(CheckInfo(type=_Type.HTTP)).status.http == CheckStatusInfo.Http()
    assert Check(CheckInfo(type=_Type.TCP)).status.tcp == CheckStatusInfo.Tcp()


def test_only_another_result_than_before_is_news() -> None:
    check = Check(CheckInfo(type=_Type.COMMAND))
    news = [check.take(Seen(exit_code=code)) for code in (0, 0, 3, 3, 0)]
    assert news == [True, False, True, False, True]
    assert check.status.command == CheckStatusInfo.Command(exit_code=0)


def test_a_look_that_shows_nothing_empties_the_result() -> None:
    check = Check(CheckInfo(type=_Type.HTTP))
    assert check.take(Seen(status_code=500))
    assert check.take(Seen(error="no answer"))
    assert check.status.http == CheckStatusInfo.Http()
    assert not check.take(Seen(error="no answer"))


def test_a_refused_connection_is_a_result() -> None:
    check = Check(CheckInfo(type=_Type.TCP))
    assert check.take(Seen(connected=False, error="refused"))
    assert check.status.tcp == CheckStatusInfo.Tcp(succeeded=False)
