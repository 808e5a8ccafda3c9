"""One Docker container, from the wish for it until its end was told."""

from __future__ import annotations

import contextlib
import enum
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from containerizers.containerizer import Ended, Launched, Limitation
from containerizers.docker import names
from containerizers.docker.bringing_up import Look, NoImageError, Wanted, bring_up, look
from containerizers.docker.dock import Dock
from containerizers.docker.errors import DockerError, NotThereError, RefusedError, UnansweredError
from containerizers.docker.exits import exit_code
from containerizers.docker.ledger import Record
from containerizers.docker.options import Body
from containerizers.docker.position import PositionFile
from containerizers.docker.processes import opened
from containerizers.docker.request import create_body, limits_body
from containerizers.docker.sandbox_file import SandboxFile
from containerizers.docker.seen import Seen
from containerizers.docker.transcript import Outputs, Transcript
from containerizers.docker.watch import Alarm
from containerizers.spec import Limits, Spec

if TYPE_CHECKING:
    from containerizers.docker.client import Client

#: How soon dockerd is asked again what it did not answer, or does not know yet; pauses double up to this.
_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 1.0
#: So often dockerd may not say when a process ended of which the kernel has told how.
_VAGUE_ANSWERS = 10


class Phase(enum.Enum):
    """Where a container is."""

    STAGING = "staging"
    RUNNING = "running"
    ENDING = "ending"
    OVER = "over"


class Container:
    """Its methods may be called by any thread, and do not block.

    `launched` and `over` are told what there is to be told; after `over` nothing comes any more.
    """

    def __init__(
        self,
        container_id: str,
        dock: Dock,
        launched: Callable[[Launched], None],
        over: Callable[[Ended], None],
    ) -> None:
        self.container_id = container_id
        self.name = names.name(container_id)
        self.phase = Phase.STAGING
        #: The first process and its cgroups; 0 while it does not run, or where it cannot be seen from here.
        self.process = 0
        self._dock = dock
        self._launched = launched
        self._over = over
        self._descriptor: int | None = None
        self._image: str | None = None
        self._body: Body | None = None
        self._outputs: Outputs | None = None
        self._kept: PositionFile | None = None
        self._is_doomed = False
        self._is_pulling = False
        self._signals: list[int] = []
        self._limits: Limits | None = None
        self._pause = _FIRST_PAUSE_SECONDS
        self._vague = 0
        #: Rings when dockerd has taken too long.
        self._bound: Alarm | None = None

    # What is asked for.

    def launch(self, spec: Spec) -> None:
        """Make it and start it."""
        assert spec.docker is not None
        dock = self._dock
        self._set_bound()
        try:
            own = names.labels(dock.place, self.container_id, dock.settings.labels, spec.docker.labels)
            self._body = create_body(spec, own, dock.settings, dock.host_memory_bytes)
            record = Record(directory=spec.directory, stdout=spec.stdout, stderr=spec.stderr)
            self._open(record)
            dock.ledger.write(self.container_id, record)
        except (OSError, ValueError) as error:
            self._end(Ended(self.container_id, None, str(error)))
            return
        dock.fault("docker.launch.recorded")
        self._image = spec.docker.image
        if spec.docker.pulls:
            self._pull()
        else:
            dock.calls.submit(self._bring_up)

    def adopt(self) -> None:
        """Go on with what a process before this one began."""
        record = self._dock.ledger.read(self.container_id)
        if record is not None:
            # Without its files it still runs, and ends.
            with contextlib.suppress(OSError, ValueError):
                self._open(record)
        self._dock.calls.submit(self._bring_up)

    def signal(self, number: int) -> None:
        """Send a signal to its first process."""
        with self._dock.lock:
            if self.phase is Phase.STAGING:
                if self._is_pulling and number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
                    self.destroy()
                else:
                    self._signals.append(number)
                return
            runs = self.phase is Phase.RUNNING
        if runs:
            self._send(number)

    def destroy(self) -> None:
        """End it."""
        with self._dock.lock:
            was_doomed, self._is_doomed = self._is_doomed, True
            if self.phase is Phase.STAGING and self._is_pulling and self._image is not None:
                self._dock.pulls.forget(self._image, self.container_id)
                self._end(Ended(self.container_id, None, "it was ended while its image was pulled"))
                return
            runs = self.phase is Phase.RUNNING
        if runs and not was_doomed:
            self._kill()

    def update(self, limits: Limits) -> None:
        """Change what it may use."""
        with self._dock.lock:
            self._limits = limits
            runs = self.phase is Phase.RUNNING
        if runs:
            self._dock.calls.submit(self._update)

    def look_again(self) -> None:
        """It may have ended, or been removed: look."""
        with self._dock.lock:
            runs = self.phase is Phase.RUNNING
        if runs and self._descriptor is None:
            self._dock.calls.submit(self._learn)

    def let_go(self) -> None:
        """Nobody reports on it any more; it runs on."""
        with self._dock.lock:
            self.phase = Phase.OVER
            self._close()

    # Its beginning.

    def _open(self, record: Record) -> None:
        self._kept = PositionFile(self._dock.ledger.position(self.container_id))
        self._outputs = Outputs(*(self._file(record, path) for path in (record.stdout, record.stderr)))

    def _file(self, record: Record, path: str | None) -> SandboxFile | None:
        if path is None:
            return None
        settings = self._dock.settings
        folder = str(Path(path).parent)
        root = record.directory if Path(path).is_relative_to(record.directory) else folder
        return SandboxFile(root, path, settings.log_max_bytes, settings.log_files)

    def _pull(self) -> None:
        assert self._image is not None
        with self._dock.lock:
            if self.phase is not Phase.STAGING:
                return
            self._is_pulling = True
            self._set_bound(rings=False)
        self._dock.fault("docker.pull.before")
        self._dock.pulls.want(self._image, self.container_id, self._pulled)

    def _pulled(self, error: str) -> None:
        self._dock.fault("docker.pull.after")
        with self._dock.lock:
            if self.phase is not Phase.STAGING:
                return
            self._is_pulling = False
            self._set_bound()
        self._image = None
        if error:
            self._fail(error)
        else:
            self._dock.calls.submit(self._bring_up)

    def _wanted(self) -> Wanted:
        return Wanted(
            name=self.name,
            body=self._body,
            is_ours=lambda seen: names.is_ours(seen.labels, self._dock.place, self.container_id),
            goes_on=self._goes_on,
            fault=self._dock.fault,
        )

    def _bring_up(self, client: Client) -> None:
        """On a worker's thread."""
        if self._is_over():
            return
        try:
            found = bring_up(client, self._wanted()) if self._goes_on() or self._body is None else None
        except UnansweredError:
            self._again(self._bring_up)
        except NoImageError as error:
            if self._image is None:
                self._fail(str(error))
            else:
                self._pull()
        except RefusedError as error:
            is_nowhere = isinstance(error, NotThereError) and self._body is None
            self._fail("it was never made, or was removed" if is_nowhere else str(error))
        else:
            if found is None:
                self._fail("it was ended before it ran")
            else:
                self._runs(found)
        if self._is_over():
            # Given up meanwhile, and cleaned up perhaps before this was done.
            self._dock.calls.submit(self._clean_up)

    def _goes_on(self) -> bool:
        return self.phase is Phase.STAGING and not self._is_doomed

    def _is_over(self) -> bool:
        return self.phase is Phase.OVER

    def _runs(self, found: Look) -> None:
        seen = found.seen
        descriptor = opened(seen.process, seen.docker_id) if seen.process else None
        with self._dock.lock:
            if self.phase is not Phase.STAGING:
                if descriptor is not None:
                    os.close(descriptor)
                return
            self._set_bound(rings=False)
            self._descriptor = descriptor
            self.process = seen.process if descriptor is not None else 0
            self.phase = Phase.RUNNING
            waiting, self._signals = self._signals, []
        self._follow(seen)
        if seen.runs or self._body is not None:
            described = json.dumps([found.described]).encode()
            self._dock.fault("docker.launched.before")
            self._launched(Launched(self.container_id, seen.process, seen.addresses, described))
        if not seen.runs or self._descriptor is None:
            self._dock.calls.submit(self._learn)
        else:
            self._dock.watch.when_ended(self._descriptor, self._process_ended)
        if self._limits is not None:
            self._dock.calls.submit(self._update)
        for number in waiting:
            self._send(number)
        if self._is_doomed:
            self._kill()

    def _follow(self, seen: Seen) -> None:
        if self._kept is None or self._outputs is None or not seen.journal:
            return
        transcript = Transcript(seen.journal, self._kept, self._outputs, self._dock.fault)
        self._kept = self._outputs = None
        self._dock.logs.follow(self.container_id, str(Path(seen.journal).parent), transcript)

    def _set_bound(self, *, rings: bool = True) -> None:
        if self._bound is not None:
            self._bound.cancel()
            self._bound = None
        if rings:
            self._bound = self._dock.watch.later(self._dock.settings.launch_timeout_seconds, self._give_up)

    def _give_up(self) -> None:
        """dockerd took too long: what comes of it later is removed."""
        seconds = self._dock.settings.launch_timeout_seconds
        with self._dock.lock:
            if self.phase is not Phase.STAGING or self._is_pulling:
                return
            self._fail(f"dockerd did not start it within {seconds:g} seconds")

    def _fail(self, error: str) -> None:
        with self._dock.lock:
            if self.phase is not Phase.STAGING:
                return
            self._set_bound(rings=False)
            self._end(Ended(self.container_id, None, error))
        self._dock.calls.submit(self._clean_up)

    def _clean_up(self, client: Client) -> None:
        """Of a launch that failed nothing is left, whenever dockerd answers again."""
        try:
            if self._is_ours(client):
                client.remove(self.name)
        except NotThereError:
            pass
        except DockerError:
            self._again(self._clean_up)

    def _is_ours(self, client: Client) -> bool:
        try:
            look(client, self._wanted())
        except RefusedError as error:
            if error.status != 409:
                raise
            return False
        return True

    # While it runs.

    def _send(self, number: int) -> None:
        # The number stays its own for as long as the descriptor is open.
        with self._dock.lock:
            if self._descriptor is not None:
                try:
                    signal.pidfd_send_signal(self._descriptor, number)
                except ProcessLookupError:
                    return
                except PermissionError:
                    pass
                else:
                    return

        def ask(client: Client) -> None:
            with contextlib.suppress(RefusedError):
                try:
                    client.kill(self.name, number)
                except UnansweredError:
                    if number == signal.SIGKILL:
                        self._again(ask)

        self._dock.calls.submit(ask, first=True)

    def _kill(self) -> None:
        self._dock.fault("docker.kill.before")
        patience = self._dock.settings.stop_timeout_seconds
        if patience > 0:
            self._send(signal.SIGTERM)
            self._dock.watch.later(patience, lambda: self._send(signal.SIGKILL))
        else:
            self._send(signal.SIGKILL)

    def _update(self, client: Client) -> None:
        limits = self._limits
        if limits is None or self.phase is not Phase.RUNNING:
            return
        try:
            client.update(self.name, limits_body(limits, self._dock.host_memory_bytes))
        except UnansweredError:
            self._again(self._update)
        except RefusedError:
            # It uses more memory now than it is to, for instance: the limits stay as they were.
            return

    # Its end.

    def _process_ended(self) -> None:
        with self._dock.lock:
            if self.phase is not Phase.RUNNING:
                return
            self.phase = Phase.ENDING
            self._pause = _FIRST_PAUSE_SECONDS
        self._dock.fault("docker.exit.seen")
        self._dock.calls.submit(self._learn, first=True)

    def _learn(self, client: Client) -> None:
        """Have dockerd tell how it ended; it learns it somewhat later than this process."""
        if self.phase is Phase.OVER:
            return
        try:
            seen = look(client, self._wanted()).seen
        except RefusedError as error:
            if error.status not in (404, 409):
                self._again(self._learn)
                return
            code = self._kernels_code()
            self._drain(code, "somebody removed it" if code is None else "", None)
            return
        except UnansweredError:
            self._again(self._learn)
            return
        self._judge(seen)

    def _judge(self, seen: Seen) -> None:
        has_ended = self.phase is Phase.ENDING
        if seen.runs:
            if has_ended and seen.process != self.process:
                # Somebody started it once more: that is not what was asked for.
                self._dock.calls.submit(self._stop_again, first=True)
            elif has_ended:
                self._again(self._learn)
            return
        code = self._kernels_code()
        self._vague += 1
        if seen.exit_code is None and (code is None or self._vague < _VAGUE_ANSWERS):
            self._again(self._learn)
            return
        code = seen.exit_code if code is None else code
        limitation = None
        # It may also have got over the loss of one of its processes.
        if seen.out_of_memory and code != 0:
            message = f"memory limit exceeded: the container may use {seen.memory_limit_bytes} bytes"
            limitation = Limitation("memory", message, seen.memory_limit_bytes)
        self._drain(code, "", limitation)

    def _stop_again(self, client: Client) -> None:
        with contextlib.suppress(DockerError):
            client.kill(self.name, signal.SIGKILL)
        self._again(self._learn)

    def _kernels_code(self) -> int | None:
        with self._dock.lock:
            return None if self._descriptor is None else exit_code(self._descriptor)

    def _drain(self, code: int | None, error: str, limitation: Limitation | None) -> None:
        self._dock.fault("docker.exit.known")
        status = None if code is None else code << 8
        ended = Ended(self.container_id, status, error, limitation)
        self._dock.logs.finish(self.container_id, lambda: self._end(ended))

    def _end(self, ended: Ended) -> None:
        with self._dock.lock:
            if self.phase is Phase.OVER:
                return
            self.phase = Phase.OVER
            self._set_bound(rings=False)
            self._close()
        self._over(ended)

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        for one in (self._kept, self._outputs):
            if one is not None:
                one.close()
        self._kept = self._outputs = None

    def _again(self, job: Callable[[Client], None]) -> None:
        self._dock.watch.later(self._pause, lambda: self._dock.calls.submit(job))
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)
