"""Containers of a real dockerd."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from containerizers import switchboard
from containerizers.containerizer import Ended
from containerizers.spec import ConsoleSpec, DockerVolume, Limits, PortMapping, Spec
from tests.containerizers.docker.harbour import Harbour, eventually, on_dockerd
from tests.dockerd import Dockerd, busybox, client

MIB = 2**20
SMALL = Limits(cpus=0.1, memory_bytes=32 * MIB, memory_limit_bytes=32 * MIB)


@pytest.fixture
def real(own: Dockerd, tmp_path: Path) -> Iterator[Harbour]:
    """Containers of a dockerd that nobody else uses."""
    with on_own(own, tmp_path) as one:
        yield one


def on_own(own: Dockerd, folder: Path, **settings: Any) -> AbstractContextManager[Harbour]:
    return on_dockerd(own.socket, busybox(own.socket), folder, **settings)


def test_a_program_finds_its_sandbox_and_its_variables_and_its_end_is_told(real: Harbour) -> None:
    script = 'echo "$WHO"; echo wrong >&2; cd /mnt/mesos/sandbox && echo here >file; printf end; exit 7'
    real.docker.launch("a", real.spec("sh", "-c", script, environment={"WHO": "grüße"}, limits=SMALL))
    launched = real.launched()
    described = msgspec.json.decode(launched.described)[0]
    assert described["Name"] == "/mesos-a"
    assert described["HostConfig"]["Memory"] == 32 * MIB
    assert described["Config"]["Labels"]["pion.run"] == "a"
    assert real.ended() == Ended("a", 7 << 8)
    assert real.written("stdout") == "grüße\nend"
    assert real.written("stderr") == "wrong\n"
    assert real.written("file") == "here\n"


def test_a_container_is_killed_or_signalled(real: Harbour) -> None:
    real.launch("a", "sleep", "600")
    real.docker.destroy("a")
    assert real.ended() == Ended("a", 137 << 8)
    real.launch("b", "sh", "-c", 'trap "echo bye; exit 3" TERM; echo ready; while true; do sleep 0.1; done')
    eventually(lambda: "ready" in real.written())
    real.docker.signal("b", signal.SIGTERM)
    assert real.ended() == Ended("b", 3 << 8)
    assert real.written() == "ready\nbye\n"


def test_one_that_is_paused_can_be_ended(own: Dockerd, real: Harbour) -> None:
    real.launch("a", "sleep", "600")
    with contextlib.closing(client(own.socket)) as api:
        api.pause("mesos-a")
    real.docker.destroy("a")
    assert real.ended() == Ended("a", 137 << 8)


def test_who_uses_too_much_memory_is_told_so(real: Harbour) -> None:
    real.launch("a", "dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1", limits=SMALL)
    ended = real.ended()
    assert ended.status == 137 << 8
    assert ended.limitation is not None
    assert (ended.limitation.kind, ended.limitation.used) == ("memory", 32 * MIB)


def test_a_program_that_is_not_there_is_told(real: Harbour) -> None:
    real.docker.launch("a", real.spec("nosuch"))
    ended = real.ended()
    assert ended.status is None
    assert '"nosuch": executable file not found' in ended.error


@pytest.mark.parametrize(
    ("image", "text"),
    [
        ("127.0.0.1:9/nosuch:1", "image 127.0.0.1:9/nosuch:1: could not be pulled: "),
        ("Bad Name!", "image 'Bad Name!': invalid reference format"),
    ],
)
def test_an_image_that_cannot_be_had_is_told(real: Harbour, image: str, text: str) -> None:
    real.docker.launch("a", real.spec("true", docker={"image": image}))
    assert real.ended().error.startswith(text)


def test_processes_are_bounded_and_privileges_few(own: Dockerd, tmp_path: Path) -> None:
    script = (
        "grep -E 'CapEff|NoNewPrivs' /proc/self/status; for i in $(seq 60); do sleep 600 & done; sleep 600"
    )
    with on_own(own, tmp_path, processes=20) as one:
        one.launch("a", "sh", "-c", script)
        # The shell gives up then.
        assert one.ended().status != 0
        assert "can't fork" in one.written("stderr")
        told = dict(line.split() for line in one.written().splitlines())
        assert told["NoNewPrivs:"] == "1"
        assert not int(told["CapEff:"], 16) & 1 << 13  # CAP_NET_RAW


def test_ports_of_the_host_lead_to_a_container_and_one_that_is_taken_is_told(
    own: Dockerd, real: Harbour
) -> None:
    ports = (PortMapping(host=8123, container=80), PortMapping(host=8123, container=53, protocol="udp"))
    network = {"network": "bridge", "ports": ports}
    serve = "while true; do nc -l -p 80 -e echo hello; done"
    launched = real.launch("a", "sh", "-c", serve, docker=network)
    assert len(launched.addresses) == 1

    def asked() -> bytes:
        # Its host is what has dockerd's network.
        within = ("nsenter", "--net", "--target", str(own.process))
        command = (*within, "/bin/busybox", "nc", "-w", "10", "127.0.0.1", "8123")
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).stdout

    eventually(lambda: asked() == b"hello\n")
    assert real.docker.usage()["a"].received_bytes
    real.docker.launch("b", real.spec("true", docker=network))
    error = real.ended().error
    assert "8123" in error
    assert "already" in error


def test_a_sandbox_may_have_a_colon_in_its_path_and_volumes_be_read_only(real: Harbour) -> None:
    real.sandbox = real.folder / "a:b"
    real.sandbox.mkdir()
    data = real.folder / "data"
    data.mkdir()
    (data / "file").write_text("data\n")
    volumes = (DockerVolume(source=str(data), target="/data", read_only=True),)
    script = "cat /data/file; touch /data/new || echo refused; touch /mnt/mesos/sandbox/touched"
    real.launch("a", "sh", "-c", script, docker={"volumes": volumes})
    assert real.ended().status == 0
    assert real.written() == "data\nrefused\n"
    assert (real.sandbox / "touched").exists()


def test_options_reach_docker(real: Harbour) -> None:
    options = (("workdir", "/mnt"), ("ulimit", "nofile=77:77"), ("read-only", "true"), ("user", "65534"))
    script = "pwd; ulimit -n; id -u; touch /x 2>/dev/null || echo refused"
    real.launch("a", "sh", "-c", script, docker={"options": options})
    assert real.ended().status == 0
    assert real.written() == "/mnt\n77\n65534\nrefused\n"


def test_what_a_container_uses_is_counted_and_can_be_changed(real: Harbour) -> None:
    real.launch("a", "sleep", "600", limits=SMALL)
    usage = real.docker.usage()["a"]
    assert (usage.processes, usage.memory_limit_bytes) == (1, 32 * MIB)
    assert real.docker.environment("a")["HOME"] == "/"
    real.docker.update("a", Limits(cpus=0.2, memory_bytes=64 * MIB, memory_limit_bytes=64 * MIB))
    eventually(lambda: real.docker.usage()["a"].memory_limit_bytes == 64 * MIB)


def test_nothing_is_lost_and_nothing_twice_when_containerizers_come_and_go(
    own: Dockerd, tmp_path: Path
) -> None:
    count = 40_000
    burst = "j=0; while [ $j -lt 1000 ]; do echo $i; i=$((i+1)); j=$((j+1)); done; usleep 20000"
    script = f"i=0; while [ $i -lt {count} ]; do {burst}; done; exit 9"
    # Docker begins another file for each thousand lines or so, and keeps them all.
    with on_own(own, tmp_path, journal_bytes=100_000, journal_files=99) as one:
        one.launch("a", "sh", "-c", script)
        for _ in range(4):
            seen = len(one.written())
            eventually(lambda seen=seen: len(one.written()) > seen + 1000)  # type: ignore[misc]
            assert one.restart() == ("a",)
            one.docker.adopt("a")
            event = one.event()
            if isinstance(event, Ended):
                break
        else:
            event = one.event()
        assert event == Ended("a", 9 << 8)
        assert one.written() == "".join(f"{number}\n" for number in range(count))


def test_programs_are_run_in_a_container(real: Harbour) -> None:
    real.launch("a", "sleep", "600", environment={"OUTER": "1"})
    spec = real.spec("sh", "-c", "echo $OUTER$INNER; exit 5", environment={"INNER": "2"}, docker={})
    inside = msgspec.structs.replace(spec, docker=None, inside=True)
    real.docker.launch("a.check", inside)
    assert real.launched().container_id == "a.check"
    assert real.ended() == Ended("a.check", 5 << 8)
    assert real.written() == "12\n"
    nowhere = msgspec.structs.replace(inside, arguments=("nosuch",))
    real.docker.launch("a.none", nowhere)
    assert real.ended().error == "it could not be started in its container"
    assert "executable file not found" in real.written()
    real.docker.launch("a.mute", msgspec.structs.replace(nowhere, stdout=None, stderr=None))
    assert "executable file not found" in real.ended().error
    real.docker.launch("x.check", inside)
    assert real.ended() == Ended("x.check", None, "container x: does not run")


def test_a_program_in_a_container_ends_with_all_it_has_begun(real: Harbour) -> None:
    real.launch("a", "sleep", "600")
    for name in ("check", "other"):
        spec = Spec(arguments=("sh", "-c", "sleep 600 & sleep 600 & wait"), directory="/", inside=True)
        real.docker.launch(f"a.{name}", spec)
        assert real.launched().process
    eventually(lambda: len(real.docker.processes()["a"]) == 7)
    real.docker.destroy("a.check")
    assert real.ended() == Ended("a.check", 137 << 8)
    assert len(real.docker.processes()["a"]) == 4
    real.docker.destroy("a")
    assert [real.ended().container_id for _ in range(2)] == ["a.other", "a"]


def test_programs_in_containers_are_found_again(real: Harbour) -> None:
    real.launch("a", "sleep", "600")
    real.docker.launch("a.check", Spec(arguments=("sleep", "600"), directory="/", inside=True))
    real.launched()
    assert real.restart() == ("a", "a.check")
    real.docker.adopt("a")
    real.docker.adopt("a.check")
    assert {real.launched().container_id for _ in range(2)} == {"a", "a.check"}
    real.docker.destroy("a.check")
    assert real.ended() == Ended("a.check", 137 << 8)


def test_a_container_may_have_a_console(real: Harbour) -> None:
    assert real.switchboard is not None
    told: list[switchboard.Event] = []
    real.switchboard.report_to(told.append)
    script = "stty size <&0; read line; echo got $line; exit 4"
    console = ConsoleSpec(terminal=(24, 80), waits=True)
    real.launch("a", "sh", "-c", script, console=console)
    real.switchboard.listen("a", 10_000)
    real.switchboard.write("a", b"this\n")
    assert real.ended() == Ended("a", 4 << 8)
    eventually(lambda: any(isinstance(event, switchboard.Closed) for event in told))
    shown = b"".join(event.data for event in told if isinstance(event, switchboard.Output))
    assert b"got this\r\n" in shown
    assert "got this" in real.written()


def test_a_program_in_a_container_may_have_pipes(real: Harbour) -> None:
    assert real.switchboard is not None
    told: list[switchboard.Event] = []
    real.switchboard.report_to(told.append)
    real.launch("a", "sleep", "600")
    script = "cat; echo over >&2; exit 6"
    real.docker.launch(
        "a.s", Spec(arguments=("sh", "-c", script), directory="/", console=ConsoleSpec(), inside=True)
    )
    real.launched()
    real.switchboard.listen("a.s", 10_000)
    real.switchboard.write("a.s", b"hello")
    real.switchboard.write("a.s", b"")
    assert real.ended() == Ended("a.s", 6 << 8)
    eventually(lambda: any(isinstance(event, switchboard.Closed) for event in told))
    shown = [(event.stream, event.data) for event in told if isinstance(event, switchboard.Output)]
    assert shown == [(1, b"hello"), (2, b"over\n")]


def test_where_docker_keeps_no_journal_output_comes_all_the_same(real: Harbour) -> None:
    script = "echo out; echo err >&2; head -c 300000 /dev/zero | tr '\\0' x"
    real.launch("a", "sh", "-c", script, docker={"options": (("log-driver", "none"),)})
    assert real.ended().status == 0
    assert real.written("stdout") == "out\n" + "x" * 300_000
    assert real.written("stderr") == "err\n"


def test_a_container_that_somebody_starts_again_is_ended_again(own: Dockerd, tmp_path: Path) -> None:
    with (
        on_own(own, tmp_path, resync_seconds=0.1) as one,
        contextlib.closing(client(own.socket)) as api,
    ):
        one.launch("a", "sleep", "600")
        api.restart("mesos-a", timeout=0)
        assert one.ended() == Ended("a", 137 << 8)
        eventually(lambda: not api.containers(filters={"name": "^/mesos-a$"}))


def test_a_container_that_somebody_removes_has_ended(own: Dockerd, real: Harbour) -> None:
    real.launch("a", "sleep", "600")
    with contextlib.closing(client(own.socket)) as api:
        api.remove_container("mesos-a", force=True)
    ended = real.ended()
    # A kernel before 6.15 does not tell how.
    assert (ended.status, ended.error) in ((137 << 8, ""), (None, "somebody removed it"))


def test_containers_of_nobody_are_ended_and_old_ones_removed(own: Dockerd, tmp_path: Path) -> None:
    labels = {"pion.place": str(tmp_path / "run"), "pion.run": "stray"}
    with contextlib.closing(client(own.socket)) as api:
        stray = api.create_container(busybox(own.socket), ["sleep", "600"], labels=labels)
        api.start(stray["Id"])
        with on_own(own, tmp_path, resync_seconds=0.1, remove_delay_seconds=0.1) as one:
            one.launch("a", "true")
            assert one.ended() == Ended("a", 0)
            there = {"label": f"pion.place={tmp_path / 'run'}"}
            eventually(lambda: not api.containers(all=True, filters=there))


def test_eight_at_a_time_all_run(real: Harbour) -> None:
    for number in range(8):
        real.docker.launch(f"a{number}", real.spec("sleep", "600"))
    launched = [real.launched() for _ in range(8)]
    assert all(event.process for event in launched)
    for number in range(8):
        real.docker.destroy(f"a{number}")
    assert {real.ended() for _ in range(8)} == {Ended(f"a{number}", 137 << 8) for number in range(8)}
