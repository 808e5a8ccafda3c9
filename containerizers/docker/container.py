"""One Docker container, from the wish for it until its end was told."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from containerizers.containerizer import Ended, Launched, Limitation
from containerizers.docker import names
from containerizers.docker.attachments import check_console
from containerizers.docker.bringing_up import Look, NoImageError, Wanted, bring_up, look
from containerizers.docker.dock import Dock
from containerizers.docker.errors import (
    ConflictError,
    DockerError,
    NotThereError,
    RefusedError,
    UnansweredError,
)
from containerizers.docker.ledger import Record
from containerizers.docker.processes import opened
from containerizers.docker.request import create_body, journals
from containerizers.docker.seen import Seen
from containerizers.docker.tenant import ENDING_SIGNALS, Phase, Tenant
from containerizers.docker.transcript import Writing
from containerizers.docker.updating import update
from containerizers.spec import ConsoleSpec, Limits, Spec

if TYPE_CHECKING:
    from containerizers.docker.client import Client

#: So often dockerd may say that it has ended, but not when (reliability.md D6).
_VAGUE_ANSWERS: Final = 20
#: What was killed and runs so much longer may be paused.
_PAUSED_SECONDS: Final = 1.0


class Container(Tenant):
    """See `Tenant`."""

    def __init__(
        self,
        container_id: str,
        dock: Dock,
        launched: Callable[[Launched], None],
        over: Callable[[Ended], None],
    ) -> None:
        super().__init__(container_id, dock, launched, over)
        self.name = names.name(container_id)
        #: Docker's own id; nothing before it runs.
        self.docker_id = ""
        self.record = Record()
        self._console: ConsoleSpec | None = None
        #: What takes what it writes, until somebody moves it there.
        self._writing: Writing | None = None
        self._may_pull = True
        self._is_pulling = False
        self._is_called_off = False
        self._is_killed = False
        #: Whether a thread has had time for it.
        self._has_begun = False
        self._limits: Limits | None = None
        self._vague = 0

    # What is asked for.

    def launch(self, spec: Spec) -> None:
        """See `Tenant`."""
        dock = self._dock
        assert spec.docker is not None
        try:
            if spec.console is not None:
                check_console(dock.attachments)
            labels = names.labels(dock.place, self.container_id, dock.settings.labels, spec.docker.labels)
            body = create_body(spec, labels, dock.settings, dock.host_memory_bytes)
            self.record = Record(
                directory=spec.directory,
                stdout=spec.stdout,
                stderr=spec.stderr,
                attached=not journals(body) or os.geteuid() != 0,
                image=spec.docker.image,
                pulls=spec.docker.pulls,
                body=body,
            )
            self._console = spec.console
            self._writing = Writing(dock.ledger.position(self.container_id), self.record, dock.settings)
            dock.ledger.write(self.container_id, self.record)
        except (OSError, ValueError) as error:
            self._end(Ended(self.container_id, None, str(error)))
            return
        dock.fault("docker.launch.recorded")
        self._begin()

    def adopt(self) -> None:
        """See `Tenant`."""
        self.record = self._dock.ledger.read(self.container_id) or self.record
        if self.record.told is not None:
            self._end(self.record.end(self.container_id))
            return
        # Without its files it still runs, and ends.
        with contextlib.suppress(OSError, ValueError):
            path = self._dock.ledger.position(self.container_id)
            self._writing = Writing(path, self.record, self._dock.settings)
        self._begin()

    def signal(self, number: int) -> None:
        """See `Tenant`; before it runs, what would end it calls it off."""
        with self._dock.lock:
            if self.phase is Phase.STAGING and number in ENDING_SIGNALS:
                self._is_called_off = True
                self._stop_pulling()
            runs = self.phase is Phase.RUNNING
        if runs:
            self._send(number)

    def destroy(self) -> None:
        """See `Tenant`."""
        with self._dock.lock:
            self._is_doomed = True
            self._stop_pulling()
        self._kill()

    def update(self, limits: Limits) -> None:
        """See `Tenant`."""
        with self._dock.lock:
            self._limits = limits
            runs = self.phase is Phase.RUNNING
        if runs:
            self._dock.calls.submit(self._update)

    # Its beginning.

    def _begin(self) -> None:
        """Have it run, if it is still to be made: else look for it, however long dockerd takes."""
        if self.record.body is not None:
            self._limit_time()
            if self.record.pulls:
                self._pull()
                return
        self._dock.calls.submit(self._bring_up)

    def _pull(self) -> None:
        with self._dock.lock:
            if self.phase is not Phase.STAGING:
                return
            self._may_pull = False
            self._is_pulling = True
            self._take_your_time()
        self._dock.fault("docker.pull.before")
        self._dock.pulls.want(self.record.image, self.container_id, self._pulled)

    def _pulled(self, error: str) -> None:
        self._dock.fault("docker.pull.after")
        with self._dock.lock:
            if self.phase is not Phase.STAGING:
                return
            self._is_pulling = False
            self._limit_time()
        if error:
            self._fail(error)
        else:
            self._dock.calls.submit(self._bring_up)

    def _stop_pulling(self) -> None:
        if self.phase is Phase.STAGING and self._is_pulling:
            self._dock.pulls.forget(self.record.image, self.container_id)
            self._end(Ended(self.container_id, None, "it was ended while its image was pulled"))

    def _wanted(self) -> Wanted:
        return Wanted(
            name=self.name,
            body=self.record.body,
            is_ours=lambda seen: names.is_ours(seen.labels, self._dock.place, self.container_id),
            goes_on=self._goes_on,
            prepare=self._attach,
            fault=self._dock.fault,
        )

    def _goes_on(self) -> bool:
        return self.phase is Phase.STAGING and not self._is_doomed and not self._is_called_off

    def _bring_up(self, client: Client) -> None:
        """On a worker's thread, as many times as it takes."""
        if self._is_over():
            return
        if not self._has_begun and self.record.body is not None:
            self._limit_time()
        self._has_begun = True
        try:
            found = bring_up(client, self._wanted())
        except UnansweredError:
            self._again(self._bring_up)
        except NoImageError as error:
            if self._may_pull and self._goes_on():
                self._pull()
            else:
                self._fail(str(error))
        except RefusedError as error:
            is_nowhere = isinstance(error, NotThereError) and self.record.body is None
            self._fail("it was never made, or was removed" if is_nowhere else str(error))
        else:
            if found is None:
                self._fail("it was ended before it ran")
            else:
                self._runs(found)
        if self._is_over():
            # Given up meanwhile, and cleaned up perhaps before this was done.
            self._dock.calls.submit(self._clean_up)

    def _attach(self, client: Client) -> None:
        """What it writes, and where that is to go otherwise than from its journal."""
        attachments = self._dock.attachments
        if self._console is not None:
            attachments.open_console(client, self.container_id, self.name, self._console)
        elif self.record.attached and self._writing is not None and self._writing.has_outputs:
            hijacked = client.attach(self.name)
            attachments.write_files(self.container_id, hijacked, self._writing.take_outputs())

    def _runs(self, found: Look) -> None:
        seen = found.seen
        if not self._enter(seen.process, opened(seen.process, seen.docker_id) if seen.process else None):
            return
        self.docker_id = seen.docker_id
        self._follow(seen)
        self._dock.attachments.show(self.container_id)
        is_new = self.record.body is not None
        if seen.runs or is_new:
            self._dock.fault("docker.launched.before")
            described = json.dumps([found.described]).encode()
            self._launched(Launched(self.container_id, seen.process, seen.addresses, described))
        if is_new:
            self.record = msgspec.structs.replace(self.record, body=None)
            with contextlib.suppress(OSError):
                self._dock.ledger.write(self.container_id, self.record)
        self._watch()
        if self._limits is not None:
            self._dock.calls.submit(self._update)
        self._kill()

    def _follow(self, seen: Seen) -> None:
        writing, self._writing = self._writing, None
        if writing is not None and seen.journal and not self.record.attached:
            self._dock.logs.follow(self.container_id, writing.read_from(seen.journal, self._dock.fault))
        elif writing is not None:
            writing.close()

    def _give_up(self, error: str) -> None:
        """dockerd took too long: what comes of it later is removed."""
        with self._dock.lock:
            if self._is_pulling:
                return
            if not self._has_begun and self._dock.calls.is_answered(
                self._dock.settings.launch_timeout_seconds
            ):
                # Others were before it, and have their way.
                self._limit_time()
                return
            self._fail(error)

    def _fail(self, error: str) -> None:
        with self._dock.lock:
            if self.phase is not Phase.STAGING:
                return
            self._end(Ended(self.container_id, None, error))
        self._dock.calls.submit(self._clean_up)

    def _clean_up(self, client: Client) -> None:
        """Of a launch that failed nothing is left, whenever dockerd answers again."""
        self._dock.attachments.hang_up(self.container_id)
        try:
            look(client, self._wanted())
            self._dock.fault("docker.cleanup.before")
            client.remove(self.name)
        except (NotThereError, ConflictError):  # or is somebody else's
            return
        except DockerError:
            self._again(self._clean_up)

    # While it runs.

    def _send(self, number: int) -> None:
        if self._signalled(number):
            return

        def ask(client: Client) -> None:
            # It may not run any more, or dockerd may not have heard.
            with contextlib.suppress(DockerError):
                client.kill(self.name, number)
            if number == signal.SIGKILL:
                self._learn(client)
                if self.phase is Phase.RUNNING:
                    self._again(ask)

        self._dock.calls.submit(ask, first=True)

    def _kill(self) -> None:
        """End it, if that is what somebody wants, and it runs; once."""
        with self._dock.lock:
            if self.phase is not Phase.RUNNING or not self._is_doomed or self._is_killed:
                return
            self._is_killed = True
        self._dock.fault("docker.kill.before")
        patience = self._dock.settings.stop_timeout_seconds
        if patience > 0:
            self._send(signal.SIGTERM)
            self._dock.watch.later(patience, lambda: self._send(signal.SIGKILL))
        else:
            self._send(signal.SIGKILL)
        self._dock.watch.later(patience + _PAUSED_SECONDS, self._insist)

    def _insist(self) -> None:
        """Whoever is paused does not end either."""

        def resume(client: Client) -> None:
            with contextlib.suppress(DockerError):
                client.resume(self.name)

        if self.phase is Phase.RUNNING:
            self._dock.calls.submit(resume)

    def _update(self, client: Client) -> None:
        limits = self._limits
        if limits is None or self.phase is not Phase.RUNNING:
            return
        self._dock.fault("docker.update.before")
        try:
            update(client, self.name, limits, self._dock.host_memory_bytes)
        except UnansweredError:
            self._again(self._update)
        except RefusedError:
            # It uses more memory now than it is to, for instance: the limits stay as they were.
            return

    # Its end.

    def _learn(self, client: Client) -> None:
        """See `Tenant`; dockerd learns it somewhat later than this process."""
        if self._is_over():
            return
        try:
            seen = look(client, self._wanted()).seen
        except UnansweredError:
            self._again(self._learn)
        except RefusedError:  # there is none, or it is somebody else's
            code = self._kernels_code()
            self._drain(code, "somebody removed it" if code is None else "")
        else:
            self._judge(client, seen)

    def _judge(self, client: Client, seen: Seen) -> None:
        if seen.runs:
            if self.phase is Phase.ENDING:
                if seen.process != self.process:
                    # Somebody started it once more: that is not what was asked for.
                    with contextlib.suppress(DockerError):
                        client.kill(self.name, signal.SIGKILL)
                self._again(self._learn)
            return
        code = self._kernels_code()
        if seen.exit_code is None:
            self._vague += 1
            if self._vague < _VAGUE_ANSWERS:
                self._again(self._learn)
                return
            if code is None:
                self._drain(None, "dockerd does not know how it ended")
                return
        code = seen.exit_code if code is None else code
        # It may also have got over the loss of one of its processes.
        self._drain(code, "", seen.limitation if code != 0 else None)

    def _drain(self, code: int | None, error: str, limitation: Limitation | None = None) -> None:
        """What it wrote is to be in its sandbox when its end is told."""
        self._dock.fault("docker.exit.known")
        status = None if code is None else code << 8
        ended = Ended(self.container_id, status, error, limitation)
        self._dock.logs.finish(
            self.container_id,
            lambda: self._dock.attachments.finish(self.container_id, lambda: self._end(ended)),
        )

    def _close(self) -> None:
        super()._close()
        if self._writing is not None:
            self._writing.close()
            self._writing = None
