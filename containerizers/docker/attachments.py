"""Where the bytes of attached containers and execs go: to files of the sandbox, or to a console."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from containerizers.console import Console, Ends
from containerizers.docker.calls import Calls
from containerizers.docker.errors import DockerError, RefusedError
from containerizers.docker.streams import FileSink, PipeSink, Sink, Stream, Streams
from containerizers.docker.transcript import Outputs
from containerizers.docker.watch import Watch
from containerizers.spec import ConsoleSpec
from containerizers.switchboard import Switchboard

if TYPE_CHECKING:
    from containerizers.docker.client import Client, Hijacked

#: A connection may be held open by who is left of a program that has ended: it is waited for so long.
_PATIENCE_SECONDS = 1.0

_Resize = Callable[[int, int], None]


class DockerConsole(Console):
    """A console of which dockerd has the terminal; its pipes lead to a stream."""

    def __init__(self, spec: ConsoleSpec, resize: _Resize) -> None:
        super().__init__(ConsoleSpec(waits=spec.waits))
        self._is_terminal = spec.terminal is not None
        self._resize = resize

    def end_input(self) -> bool:
        """See `Console.end_input`."""
        return not self._is_terminal and super().end_input()

    def resize(self, rows: int, columns: int) -> None:
        """See `Console.resize`."""
        if self._is_terminal and rows > 0 and columns > 0:
            self._resize(rows, columns)

    def take_ends(self) -> Ends:
        """What a program would be given; they are the caller's from now on."""
        ends, self.ends = self.ends, Ends(-1, -1, -1)
        return ends

    def _close_ends(self) -> None:
        if self.ends.stdin >= 0:
            super()._close_ends()


class Attachments:
    """May be called by any thread."""

    def __init__(
        self, calls: Calls, watch: Watch, switchboard: Switchboard | None, broken: Callable[[str], None]
    ) -> None:
        self._calls = calls
        self._watch = watch
        self.switchboard = switchboard
        self._streams = Streams(broken)
        #: Those that are not shown yet.
        self._consoles: dict[str, tuple[DockerConsole, ConsoleSpec]] = {}

    def write_files(self, container_id: str, hijacked: Hijacked, outputs: Outputs | None) -> None:
        """Have what comes go to files."""
        sinks: dict[int, Sink] = {}
        for stream, file in () if outputs is None else ((1, outputs.out), (2, outputs.err)):
            if file is not None:
                sinks[stream] = FileSink(file)
        self._streams.add(
            container_id, Stream(hijacked.connection, hijacked.read, sinks, None, terminal=False)
        )

    def open_console(self, client: Client, container_id: str, name: str, spec: ConsoleSpec) -> None:
        """Attach to a container that is to be started; raises DockerError."""
        if container_id in self._consoles:
            return

        def resize(rows: int, columns: int) -> None:
            self.ask(lambda client: client.resize(name, rows, columns))

        self.connect(container_id, client.attach(name), spec, resize, None)

    def connect(
        self,
        container_id: str,
        hijacked: Hijacked,
        spec: ConsoleSpec,
        resize: _Resize,
        outputs: Outputs | None,
    ) -> None:
        """Have what comes go to a console, and from there to files if there are."""
        try:
            console = DockerConsole(spec, resize)
        except OSError as error:
            hijacked.connection.close()
            raise RefusedError(500, f"console: {error.strerror}") from None
        if outputs is not None:
            console.files = outputs.detach()
        ends = console.take_ends()
        sinks: dict[int, Sink] = {1: PipeSink(ends.stdout), 2: PipeSink(ends.stderr)}
        stream = Stream(
            hijacked.connection, hijacked.read, sinks, ends.stdin, terminal=spec.terminal is not None
        )
        self._streams.add(container_id, stream)
        self._consoles[container_id] = console, spec

    def show(self, container_id: str) -> None:
        """It runs: whoever wants to may use its console, if it has one."""
        console, spec = self._consoles.pop(container_id, (None, None))
        if console is None or spec is None:
            return
        assert self.switchboard is not None
        self.switchboard.add(container_id, console)
        if spec.terminal is not None:
            console.resize(*spec.terminal)

    def finish(self, container_id: str, done: Callable[[], None]) -> None:
        """The program has ended: tell when what it wrote is where it belongs."""
        if self.switchboard is not None:
            switchboard = self.switchboard
            # Whoever listens may take their time, which its end does not wait for.
            self._streams.when_over(container_id, lambda: switchboard.finish(container_id))
        self._streams.when_written(container_id, done)
        self._watch.later(_PATIENCE_SECONDS, lambda: self._streams.hang_up(container_id))

    def hang_up(self, container_id: str) -> None:
        """It was never started, or is not to be."""
        self._streams.hang_up(container_id)
        console, _ = self._consoles.pop(container_id, (None, None))
        if console is not None:
            console.close()

    def close(self) -> None:
        """Let go of all."""
        self._streams.close()
        for container_id in tuple(self._consoles):
            self._consoles.pop(container_id)[0].close()

    def ask(self, job: Callable[[Client], None]) -> None:
        """Have dockerd do what is of no great importance."""

        def ask(client: Client) -> None:
            # A terminal of another size is no reason for anything.
            with contextlib.suppress(DockerError):
                job(client)

        self._calls.submit(ask)


def check_console(attachments: Attachments) -> None:
    """Raise ValueError where nobody holds consoles."""
    if attachments.switchboard is None:
        raise ValueError("console: there is nobody who holds it")
