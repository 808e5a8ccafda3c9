"""What the next containerizer makes of what one left, wherever that was."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from containerizers.containerizer import Ended, Event, Launched
from containerizers.docker import containerizer, names
from tests.containerizers.docker.fake_dockerd import Exchange, FakeDockerd
from tests.containerizers.docker.harbour import Harbour, eventually, harbour


class Stop:
    """Holds up whoever passes a fault point, as if the process had died there."""

    def __init__(self, point: str) -> None:
        self._point = point
        self.reached = threading.Event()
        self.over = threading.Event()

    def __call__(self, point: str) -> None:
        if point == self._point and not self.reached.is_set():
            self.reached.set()
            self.over.wait(60)
            raise _Dead


class _Dead(BaseException):
    """Nothing is done any more by this thread."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    "point",
    [
        "docker.launch.recorded",
        "docker.create.before",
        "docker.create.after",
        "docker.start.before",
        "docker.start.after",
        "docker.launched.before",
    ],
)
def test_a_launch_that_was_cut_short_anywhere_is_gone_on_with_and_runs_once(
    dockerd: FakeDockerd, tmp_path: Path, point: str
) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.fault = stop = Stop(point)
        launching = threading.Thread(target=_launch, args=(one,))
        launching.start()
        assert stop.reached.wait(60)
        found = _replace(one, stop)
        launching.join()
        assert found == ("a",)
        one.docker.adopt("a")
        assert one.launched().container_id == "a"
        assert dockerd.starts == {"mesos-a": 1}
        dockerd.end("mesos-a", 4)
        assert one.ended() == Ended("a", 4 << 8)


def _launch(one: Harbour) -> None:
    try:
        one.docker.launch("a", one.spec("true"))
    except _Dead:
        return


def _replace(one: Harbour, stop: Stop) -> tuple[str, ...]:
    """Have a successor, while the old one hangs at its fault point."""
    old, one.fault = one.docker, lambda _point: None
    old._closed = True
    one.docker = one._make()
    found = one.docker.recover()
    closing = threading.Thread(target=old.close)
    stop.over.set()
    closing.start()
    closing.join()
    return found


def test_a_container_that_runs_is_found_and_its_end_told(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        assert one.restart() == ("a",)
        one.docker.adopt("a")
        assert isinstance(one.event(), Launched)
        one.docker.destroy("a")
        assert one.ended() == Ended("a", 137 << 8)


def test_one_that_ended_meanwhile_is_found_too(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        one.docker.close()
        dockerd.end("mesos-a", 7)
        assert one.restart() == ("a",)
        one.docker.adopt("a")
        assert one.event() == Ended("a", 7 << 8)


def test_how_one_ended_can_be_asked_again_for_a_while(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        dockerd.end("mesos-a", 137, OOMKilled=True)
        told = one.ended()
        assert told.limitation is not None
        del dockerd.containers["mesos-a"]
        assert one.restart() == ("a",)
        one.docker.adopt("a")
        assert one.event() == told


def test_but_not_for_ever(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path, remembered_seconds=0.0) as one:
        one.launch("a", "true")
        dockerd.end("mesos-a")
        one.ended()
        eventually(lambda: not list((tmp_path / "run/docker").iterdir()))
        assert one.restart() == ()


def test_recovery_does_not_wait_for_dockerd(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path, answer_timeout_seconds=0.2) as one:
        one.launch("a", "true")
        dockerd.plan(".*", dockerd.stall, 10**6)
        assert one.restart() == ("a",)
        one.docker.adopt("a")
        eventually(lambda: dockerd.count("GET /containers/mesos-a/json") > 2)
        assert one.silent()
        dockerd.released.set()
        assert one.launched().container_id == "a"


def test_an_answer_that_makes_no_sense_ends_nothing(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        one.restart()
        dockerd.plan("GET /containers/mesos-a/json", lambda exchange: exchange.refuse(500, "no memory"), 2)
        dockerd.plan("GET /containers/mesos-a/json", Exchange.truncate, 2)
        one.docker.adopt("a")
        assert one.launched().container_id == "a"
        assert dockerd.count("DELETE .*") == 0


def test_nobody_knows_a_container_that_was_never_there(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.docker.adopt("x")
        assert one.ended() == Ended("x", None, "it was never made, or was removed")


def test_records_that_make_no_sense_do_no_harm(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        for name, text in {"a": b"{", "b": b"[]", "c": b'{"stdout": 3}', "not an id": b"{}"}.items():
            folder = tmp_path / "run/docker" / name
            folder.mkdir(parents=True)
            (folder / "record.json").write_bytes(text)
        found = one.restart()
        assert found == ("a", "b", "c")
        for container_id in found:
            one.docker.adopt(container_id)
            assert one.ended().container_id == container_id


def foreign(dockerd: FakeDockerd, labels: dict[str, str]) -> dict[str, Any]:
    return {
        **dockerd.containers["mesos-a"],
        "Id": f"{10**9 + len(dockerd.containers):064x}",
        "Config": {"Labels": labels},
    }


def test_strays_of_this_agent_are_ended_and_those_of_others_are_not(
    dockerd: FakeDockerd, tmp_path: Path
) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        ours = {names.PLACE: str(tmp_path / "run"), names.RUN: "stray"}
        dockerd.containers["mesos-other"] = foreign(dockerd, {**ours, names.PLACE: "elsewhere"})
        dockerd.containers["mesos-stray"] = foreign(dockerd, ours)
        eventually(lambda: "mesos-stray" not in dockerd.containers)
        assert set(dockerd.containers) == {"mesos-a", "mesos-other"}


def test_strays_of_this_agent_from_older_times_are_known_by_their_names(
    dockerd: FakeDockerd, tmp_path: Path
) -> None:
    with harbour(dockerd, tmp_path, labels={"agent": "S1"}) as one:
        one.launch("a", "true")
        for name in ("mesos-S1.x", "mesos-S2.x", "mesos-S1"):
            dockerd.containers[name] = foreign(dockerd, {})
        eventually(lambda: "mesos-S1.x" not in dockerd.containers)
        assert set(dockerd.containers) == {"mesos-a", "mesos-S2.x", "mesos-S1"}


def test_strays_stay_where_that_is_wanted(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path, kills_orphans=False) as one:
        one.launch("a", "true")
        ours = {names.PLACE: str(tmp_path / "run"), names.RUN: "stray"}
        dockerd.containers["mesos-stray"] = foreign(dockerd, ours)
        before = dockerd.count("GET .*")
        dockerd.end("mesos-a")
        one.ended()
        assert dockerd.count("GET .*") > before
        assert "mesos-stray" in dockerd.containers


def test_what_waits_to_be_adopted_is_no_stray(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        one.restart()
        listed = dockerd.count("GET /containers/json")
        eventually(lambda: dockerd.count("GET /containers/json") > listed + 3)
        assert "mesos-a" in dockerd.containers


def test_a_container_is_removed_some_time_after_its_end(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path, remove_delay_seconds=0.05) as one:
        one.launch("a", "true")
        dockerd.end("mesos-a")
        one.ended()
        eventually(lambda: not dockerd.containers)


def test_one_whose_end_was_told_before_a_crash_is_removed_when_it_is_time(
    dockerd: FakeDockerd, tmp_path: Path
) -> None:
    events: list[Event] = []
    with harbour(dockerd, tmp_path) as one:
        for name in ("a", "b"):
            one.launch(name, "true")
        # Long ago, by the clock of the one that comes next.
        dockerd.end("mesos-a", FinishedAt="2020-01-01T00:00:00Z")
        events.append(one.ended())
        dockerd.end("mesos-b", FinishedAt="2999-01-01T00:00:00Z")
        events.append(one.ended())
        one.restart()
        eventually(lambda: "mesos-a" not in dockerd.containers)
        assert "mesos-b" in dockerd.containers


def test_an_end_for_good_leaves_nothing_of_this_agent(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        for name in ("a", "b", "c"):
            one.launch(name, "true")
        dockerd.end("mesos-b")
        one.ended()
        dockerd.containers["mesos-other"] = foreign(dockerd, {names.PLACE: "elsewhere", names.RUN: "x"})
        one.docker.end()
        assert set(dockerd.containers) == {"mesos-other"}
        assert not (tmp_path / "run/docker").exists()
        assert one.silent()


def test_it_does_not_wait_long_for_a_dockerd_that_hangs(
    dockerd: FakeDockerd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containerizer, "_ENDING_SECONDS", 0.1)
    with harbour(dockerd, tmp_path, answer_timeout_seconds=0.3, launch_timeout_seconds=0.3) as one:
        dockerd.plan(".*", dockerd.stall, 10**6)
        one.docker.launch("a", one.spec("true"))
        one.docker.end()
        assert one.silent()
