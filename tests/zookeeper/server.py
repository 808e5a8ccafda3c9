"""One real ZooKeeper server, as a child process that tests stop, kill and wipe."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from transport.pid import Address

#: A JVM on a busy machine; far more than it takes.
START_SECONDS = 60.0
#: How often a condition is looked at.
PAUSE_SECONDS = 0.02
INSTALL = (
    "real ZooKeepers are needed here: as root, "
    "apt-get install --no-install-recommends libzookeeper-java default-jre-headless"
)

#: From a server's port for clients to those for its peers: 2888 and 3888, where clients have 2181.
_QUORUM_PORT_OFFSET = 707
_ELECTION_PORT_OFFSET = 1707
_JAVA = Path("/usr/share/java")
#: The first names all that it needs itself, in its manifest.
_JARS = (_JAVA / "zookeeper.jar", _JAVA / "slf4j-simple.jar")
_OPTIONS = (
    "-Xms32m",
    "-Xmx96m",
    # To start quickly matters more than to run quickly.
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-Xshare:auto",
    "-Djava.net.preferIPv4Stack=true",
    "-Dzookeeper.admin.enableServer=false",
    "-Dzookeeper.4lw.commands.whitelist=*",
    "-Dzookeeper.preAllocSize=64",
    # What the machine loses with its power is not what these tests are about.
    "-Dzookeeper.forceSync=no",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a server runs; the same for all of an ensemble."""

    tick_milliseconds: int = 200
    #: The shortest and the longest session; by default 2 and 20 ticks.
    session_milliseconds: tuple[int, int] = (-1, -1)
    #: Ticks that a server may take to find its leader, and to hear from it.
    init_limit_ticks: int = 25
    sync_limit_ticks: int = 10
    #: Further options of Java, as in `-Dname=value`.
    options: tuple[str, ...] = ()


class Server:
    """A server that is told where to listen; `prefix` is put before its command, as in `ip netns exec`.

    `peers` are where clients reach the servers of its ensemble, in order; `number` counts from 1 among them.
    It ends with the thread that started it.
    """

    def __init__(
        self,
        folder: Path,
        peers: Sequence[Address],
        number: int = 1,
        *,
        prefix: Sequence[str] = (),
        settings: Settings | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.address = peers[number - 1]
        #: What it says about itself.
        self.log = folder / "log"
        self._data = folder / "data"
        self._configuration = folder / "zoo.cfg"
        self._number = number
        self._peers = tuple(peers)
        self._prefix = tuple(prefix)
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def pid(self) -> int:
        """Of its process; there is one until it was killed."""
        assert self._process is not None, "it does not run"
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether there is a process, stopped or not."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, with the data that it had; `wait` tells when it serves."""
        assert not self.runs, "it runs already"
        if not all(jar.exists() for jar in _JARS) or not (java := shutil.which("java")):
            raise AssertionError(INSTALL)
        self._data.mkdir(exist_ok=True)
        (self._data / "myid").write_text(str(self._number))
        self._configuration.write_text("\n".join(self._lines()) + "\n")
        command = (
            *self._prefix,
            *("setpriv", "--pdeathsig", "KILL", "--", java),
            *_OPTIONS,
            *self.settings.options,
            *("-cp", ":".join(map(str, _JARS))),
            "org.apache.zookeeper.server.quorum.QuorumPeerMain",
            str(self._configuration),
        )
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait(self, mode: str | None = None) -> None:
        """Wait until it serves, as `leader`, `follower` or `standalone` if that is asked for."""
        deadline = time.monotonic() + START_SECONDS
        while (found := self.mode()) is None or mode not in (None, found):
            assert self.runs, f"{self.address} ended: {self.log.read_text()[-2000:]}"
            assert time.monotonic() < deadline, (
                f"{self.address} does not serve: {self.log.read_text()[-2000:]}"
            )
            time.sleep(PAUSE_SECONDS)

    def mode(self) -> str | None:
        """`leader`, `follower` or `standalone`; None while it serves nobody."""
        for line in self.ask("srvr").splitlines():
            if line.startswith("Mode: "):
                return line.removeprefix("Mode: ")
        return None

    def ask(self, command: str) -> str:
        """The answer to one of ZooKeeper's four-letter words; empty when there is none.

        A server with a prefix is asked by a process with the same prefix.
        """
        if self._prefix:
            return self._ask_there(command)
        try:
            with socket.create_connection(self.address, 2.0) as connection:
                connection.sendall(command.encode())
                return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        except OSError:
            return ""

    def stop(self) -> None:
        """Hold it, connections and all: it does nothing, and its host still accepts connections."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `stop`."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once; harmless when it has ended."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Kill it and start it again, with its data."""
        self.kill()
        self.start()

    def wipe(self) -> None:
        """Forget all data, as a disk that was replaced; it must not run."""
        assert not self.runs, "it still runs"
        shutil.rmtree(self._data, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "it does not run"
        self._process.send_signal(number)

    def _lines(self) -> list[str]:
        settings = self.settings
        lines = [
            f"tickTime={settings.tick_milliseconds}",
            f"initLimit={settings.init_limit_ticks}",
            f"syncLimit={settings.sync_limit_ticks}",
            f"dataDir={self._data}",
            f"clientPort={self.address.port}",
            f"clientPortAddress={self.address.host}",
            "maxClientCnxns=0",
            f"minSessionTimeout={settings.session_milliseconds[0]}",
            f"maxSessionTimeout={settings.session_milliseconds[1]}",
        ]
        if len(self._peers) > 1:
            lines += [
                f"server.{number}={host}:{port + _QUORUM_PORT_OFFSET}:{port + _ELECTION_PORT_OFFSET}"
                for number, (host, port) in enumerate(self._peers, 1)
            ]
        return lines

    def _ask_there(self, command: str) -> str:
        script = f"exec 3<>/dev/tcp/{self.address.host}/{self.address.port}; printf {command} >&3; cat <&3"
        with contextlib.suppress(subprocess.TimeoutExpired):
            ran = subprocess.run(
                (*self._prefix, "bash", "-c", script),
                check=False,
                capture_output=True,
                text=True,
                timeout=2.0,
            )
            return ran.stdout
        return ""
