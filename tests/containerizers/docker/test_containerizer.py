"""What becomes of containers when dockerd does not do what it should."""

from __future__ import annotations

import os
import random
import signal
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from containerizers.containerizer import Ended, Limitation
from containerizers.docker.settings import DockerSettings
from containerizers.spec import Limits
from tests.containerizers.docker.fake_dockerd import NEVER, Answer, Exchange, FakeDockerd
from tests.containerizers.docker.harbour import Harbour, descriptors, eventually, harbour, threads


def test_a_container_is_made_started_and_its_end_told(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        launched = one.launch("a", "true")
        assert msgspec.json.decode(launched.described)[0]["Id"]
        assert (launched.container_id, dockerd.starts) == ("a", {"mesos-a": 1})
        dockerd.end("mesos-a", 3)
        assert one.ended() == Ended("a", 3 << 8)


def test_no_more_is_asked_before_it_runs_than_to_make_start_and_look(
    dockerd: FakeDockerd, tmp_path: Path
) -> None:
    with harbour(dockerd, tmp_path, resync_seconds=600.0) as one:
        eventually(lambda: dockerd.count("GET /containers/json") == 2)
        before = len(dockerd.asked)
        one.launch("a", "true")
        asked = ["POST /containers/create", "POST /containers/mesos-a/start", "GET /containers/mesos-a/json"]
        assert dockerd.asked[before : before + 3] == asked


@pytest.mark.parametrize("how", [Exchange.lose, Exchange.truncate])
@pytest.mark.parametrize(
    "call", ["POST /containers/create", "POST /containers/mesos-a/start", "GET /containers/mesos-a/json"]
)
def test_an_answer_that_is_lost_or_cut_off_costs_nothing(
    dockerd: FakeDockerd, tmp_path: Path, call: str, how: object
) -> None:
    assert callable(how)
    dockerd.plan(call, how)
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        assert dockerd.starts == {"mesos-a": 1}
        assert one.silent()


def test_an_inspect_that_fails_is_asked_again(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        dockerd.plan("GET /containers/mesos-a/json", lambda exchange: exchange.refuse(500, "no memory"), 3)
        dockerd.plan("GET /containers/mesos-a/json", lambda exchange: exchange.say(200, {"Id": "x"}), 2)
        dockerd.plan("GET /containers/mesos-a/json", lambda exchange: exchange.say(200, []), 2)
        dockerd.end("mesos-a", 0)
        assert one.ended() == Ended("a", 0)


def test_a_start_that_is_refused_is_told_and_nothing_is_left(dockerd: FakeDockerd, tmp_path: Path) -> None:
    text = "driver failed programming external connectivity: listen tcp4 0.0.0.0:8080: address already in use"
    dockerd.plan("POST /containers/mesos-a/start", lambda exchange: exchange.refuse(500, text))
    with harbour(dockerd, tmp_path) as one:
        one.docker.launch("a", one.spec("true"))
        assert one.ended() == Ended("a", None, text)
        eventually(lambda: not dockerd.containers)


def test_a_start_that_was_refused_but_happened_is_one(dockerd: FakeDockerd, tmp_path: Path) -> None:
    def start_and_refuse(exchange: Exchange) -> None:
        dockerd.containers["mesos-a"]["State"].update(Status="running", Running=True, Pid=2**30)
        exchange.refuse(500, "context deadline exceeded")

    dockerd.plan("POST /containers/mesos-a/start", start_and_refuse)
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")


def test_a_name_that_is_taken_by_somebody_else_is_told_and_left_alone(
    dockerd: FakeDockerd, tmp_path: Path
) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        dockerd.containers["mesos-b"] = {**dockerd.containers["mesos-a"], "Config": {"Labels": {}}}
        one.docker.launch("b", one.spec("true"))
        assert "of somebody else" in one.ended().error
        one.docker.destroy("a")
        assert one.ended().container_id == "a"
        assert "mesos-b" in dockerd.containers


def test_a_dockerd_that_takes_too_long_costs_the_launch_and_what_it_makes_later_is_removed(
    dockerd: FakeDockerd, tmp_path: Path
) -> None:
    dockerd.plan("POST /containers/create", dockerd.stall)
    with harbour(dockerd, tmp_path, launch_timeout_seconds=0.3) as one:
        one.docker.launch("a", one.spec("true"))
        assert one.ended() == Ended("a", None, "dockerd did not start it within 0.3 seconds")
        assert not dockerd.containers
        dockerd.released.set()
        # On a busy machine it may have been given up before dockerd was asked at all.
        created = dockerd.count("POST /containers/create")
        eventually(lambda: dockerd.count("DELETE .*") >= created and not dockerd.containers)
        assert dockerd.starts == {}


def test_many_launches_at_once_take_their_time_as_long_as_dockerd_answers(
    dockerd: FakeDockerd, tmp_path: Path
) -> None:
    def slowly(exchange: Exchange) -> None:
        dockerd.released.wait(0.25)
        exchange.perform()

    dockerd.plan("POST /containers/create", slowly, 1000)
    with harbour(dockerd, tmp_path, launch_timeout_seconds=2.0) as one:
        for number in range(120):
            one.docker.launch(f"a{number}", one.spec("true"))
        assert len({one.launched().container_id for _ in range(120)}) == 120


def test_a_container_that_starts_too_late_does_not_run_on(dockerd: FakeDockerd, tmp_path: Path) -> None:
    dockerd.plan("POST /containers/mesos-a/start", dockerd.stall)
    with harbour(dockerd, tmp_path, launch_timeout_seconds=0.3) as one:
        one.docker.launch("a", one.spec("true"))
        assert "within 0.3 seconds" in one.ended().error
        dockerd.released.set()
        eventually(lambda: not dockerd.containers)


def test_where_there_is_no_dockerd_a_launch_fails_and_others_can_be_told(tmp_path: Path) -> None:
    one = Harbour(tmp_path, DockerSettings(socket=str(tmp_path / "none"), launch_timeout_seconds=0.2))
    one.docker.recover()
    one.docker.launch("a", one.spec("true"))
    assert "dockerd did not start it" in one.ended().error
    one.docker.close()


def test_a_kill_while_dockerd_hangs_is_done_when_it_goes_on(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        dockerd.plan("POST /containers/mesos-a/kill", dockerd.stall)
        one.docker.destroy("a")
        eventually(lambda: dockerd.count("POST /containers/mesos-a/kill") == 1)
        dockerd.released.set()
        assert one.ended() == Ended("a", 137 << 8)


def test_a_kill_that_comes_while_it_is_made_is_done(dockerd: FakeDockerd, tmp_path: Path) -> None:
    dockerd.plan("POST /containers/create", dockerd.stall)
    with harbour(dockerd, tmp_path) as one:
        one.docker.launch("a", one.spec("true"))
        eventually(lambda: dockerd.asked.count("POST /containers/create") == 1)
        one.docker.destroy("a")
        dockerd.released.set()
        assert one.ended() == Ended("a", None, "it was ended before it ran")
        eventually(lambda: not dockerd.containers)
        assert dockerd.starts == {}


def test_a_term_that_comes_while_it_is_started_waits_for_whoever_says_it_again(
    dockerd: FakeDockerd, tmp_path: Path
) -> None:
    dockerd.plan("POST /containers/mesos-a/start", dockerd.stall)
    with harbour(dockerd, tmp_path) as one:
        one.docker.launch("a", one.spec("true"))
        eventually(lambda: "POST /containers/mesos-a/start" in dockerd.asked)
        one.docker.signal("a", signal.SIGTERM)
        dockerd.released.set()
        one.launched()
        one.docker.signal("a", signal.SIGTERM)
        assert one.ended().status == 143 << 8


def test_with_a_stop_timeout_a_container_may_end_by_itself_first(
    dockerd: FakeDockerd, tmp_path: Path
) -> None:
    with harbour(dockerd, tmp_path, stop_timeout_seconds=600.0) as one:
        one.launch("a", "true")
        one.docker.destroy("a")
        assert one.ended().status == 143 << 8


def test_an_exit_counts_only_when_dockerd_says_when_that_was(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        dockerd.end("mesos-a", 0, FinishedAt=NEVER)
        before = dockerd.count("GET /containers/mesos-a/json")
        eventually(lambda: dockerd.count("GET /containers/mesos-a/json") > before + 3)
        assert one.silent()
        dockerd.end("mesos-a", 5)
        assert one.ended() == Ended("a", 5 << 8)


def test_who_used_too_much_memory_is_told_so(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        limits = Limits(memory_bytes=2**26, memory_limit_bytes=2**26)
        one.launch("a", "true", limits=limits)
        dockerd.end("mesos-a", 137, OOMKilled=True)
        message = "Memory limit exceeded: Requested: 64MB Maximum Used: 64MB"
        assert one.ended() == Ended("a", 137 << 8, "", Limitation("memory", message, 2**26))


def test_who_got_over_a_lack_of_memory_has_just_ended(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        dockerd.end("mesos-a", 0, OOMKilled=True)
        assert one.ended() == Ended("a", 0)


def test_a_container_that_somebody_removed_has_ended(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        del dockerd.containers["mesos-a"]
        assert one.ended() == Ended("a", None, "somebody removed it")


def test_another_version_of_the_api_is_spoken_when_dockerd_knows_no_older(
    dockerd: FakeDockerd, tmp_path: Path
) -> None:
    text = "client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade"

    def insist(exchange: Exchange) -> None:
        if exchange.path.startswith("/v1.44/"):
            exchange.perform()
        else:
            exchange.refuse(400, text)

    dockerd.plan(".*", insist, 10**6)
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")


def test_bad_requests_are_told_and_never_sent(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.docker.launch("a", one.spec("true", docker={"options": (("restart", "always"),)}))
        assert "'restart': is refused" in one.ended().error
        os.mkfifo(one.sandbox / "stdout")
        one.docker.launch("b", one.spec("true"))
        assert "not a regular file" in one.ended().error
        assert "POST /containers/create" not in dockerd.asked


def test_an_image_with_a_bad_name_is_named(dockerd: FakeDockerd, tmp_path: Path) -> None:
    text = "invalid reference format"
    dockerd.plan("POST /containers/create", lambda exchange: exchange.refuse(400, text))
    with harbour(dockerd, tmp_path) as one:
        one.docker.launch("a", one.spec("true", docker={"image": "Bad Image"}))
        assert one.ended().error == "image 'Bad Image': invalid reference format"


def test_an_id_is_used_once(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        with pytest.raises(ValueError, match="is there already"):
            one.docker.launch("a", one.spec("true"))


def test_limits_change_while_it_runs(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true", limits=Limits(cpus=1.0, memory_limit_bytes=2**26))
        one.docker.update("a", Limits(cpus=2.0, memory_bytes=2**27, memory_limit_bytes=2**27))
        host = dockerd.containers["mesos-a"]["HostConfig"]
        eventually(lambda: host.get("Memory") == 2**27)
        assert (host["CpuShares"], host["MemorySwap"]) == (2048, 2**28)


def test_a_hanging_dockerd_takes_no_more_than_sixteen_threads_and_gives_them_back(
    dockerd: FakeDockerd, tmp_path: Path
) -> None:
    dockerd.plan("POST /containers/create", dockerd.stall, 100)
    dockerd.plan("POST /images/create", dockerd.stall, 100)
    with harbour(dockerd, tmp_path, launch_timeout_seconds=0.5, resync_seconds=600.0) as one:
        for number in range(40):
            one.docker.launch(f"a{number}", one.spec("true", docker={"pulls": number % 2 == 0}))
        ended = {one.ended().container_id for _ in range(20)}
        assert ended == {f"a{number}" for number in range(1, 40, 2)}
        working = [name for name in threads() if name in ("docker calls", "docker pulls")]
        assert len(working) <= 16
        dockerd.released.set()
    eventually(lambda: not threads(), "the end of all threads")
    eventually(lambda: dockerd.open == 0, "the end of all connections")


def test_nothing_is_left_open_when_it_is_closed(dockerd: FakeDockerd, tmp_path: Path) -> None:
    before = descriptors()
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
    eventually(lambda: dockerd.open == 0)
    assert descriptors() == before
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("docker")]


def test_what_a_container_writes_is_in_its_sandbox_before_its_end_is_told(
    dockerd: FakeDockerd, tmp_path: Path
) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        lines = [
            {"log": "one\n", "stream": "stdout", "time": "t"},
            {"log": "two", "stream": "stderr", "time": "t"},
        ]
        dockerd.journal("mesos-a").write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        dockerd.end("mesos-a")
        one.ended()
        assert (one.written("stdout"), one.written("stderr")) == ("one\n", "two")


def test_whatever_dockerd_answers_each_container_ends_once_and_none_runs_on(
    dockerd: FakeDockerd, tmp_path: Path
) -> None:
    chance = random.Random(17)
    nonsense: list[Any] = [None, 0, [], {}, "x", [None], [{}], {"Id": 3}, {"State": {}}, {"message": ["x"]}]
    answers: list[Answer] = [
        Exchange.lose,
        Exchange.truncate,
        Exchange.perform,
        lambda exchange: exchange.say(chance.choice((200, 201, 404, 409, 500)), chance.choice(nonsense)),
    ]
    for _ in range(150):
        dockerd.plan(".*", chance.choice(answers))
    with harbour(dockerd, tmp_path) as one:
        wanted = [f"a{number}" for number in range(12)]
        for container_id in wanted:
            one.docker.launch(container_id, one.spec("true"))
        for container_id in wanted:
            one.docker.destroy(container_id)
        told: list[str] = []
        while len(told) < len(wanted):
            event = one.event()
            if isinstance(event, Ended):
                told.append(event.container_id)
        assert sorted(told) == sorted(wanted)
        eventually(lambda: not any(box["State"]["Running"] for box in dockerd.containers.values()))
        assert one.silent()
