"""A program that is run in a Docker container that runs already: a check, or somebody's session."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from containerizers import groups
from containerizers.containerizer import Ended, Launched
from containerizers.docker.attachments import check_console
from containerizers.docker.container import Container
from containerizers.docker.dock import Dock
from containerizers.docker.errors import DockerError, RefusedError, UnansweredError
from containerizers.docker.ledger import Record
from containerizers.docker.processes import opened
from containerizers.docker.tenant import ENDING_SIGNALS, Phase, Tenant
from containerizers.docker.transcript import open_outputs
from containerizers.spec import ConsoleSpec, Spec

if TYPE_CHECKING:
    from containerizers.docker.client import Client

_FAILED = "it could not be started in its container"


class Exec(Tenant):
    """See `Tenant`. Its user and its place are the container's; its environment is added to that one's."""

    def __init__(
        self,
        container_id: str,
        dock: Dock,
        launched: Callable[[Launched], None],
        over: Callable[[Ended], None],
        around: Container,
    ) -> None:
        super().__init__(container_id, dock, launched, over)
        self._around = around
        self._record = Record()
        self._body: dict[str, Any] = {}
        self._console: ConsoleSpec | None = None
        self._is_started = False

    # What is asked for.

    def launch(self, spec: Spec) -> None:
        """See `Tenant`."""
        self._limit_time()
        self._record = Record(directory=self._around.record.directory, stdout=spec.stdout, stderr=spec.stderr)
        self._console = spec.console
        try:
            if spec.console is not None:
                check_console(self._dock.attachments)
            self._body = exec_body(spec)
            self._dock.ledger.write(self.container_id, self._record)
        except (OSError, ValueError) as error:
            self._end(Ended(self.container_id, None, str(error)))
            return
        self._dock.calls.submit(self._bring_up)

    def adopt(self) -> None:
        """See `Tenant`."""
        self._record = self._dock.ledger.read(self.container_id) or self._record
        if self._record.told is not None:
            self._end(self._record.end(self.container_id))
        elif self._record.exec_id is None:
            self._end(Ended(self.container_id, None, "it was never started"))
        else:
            self._is_started = True
            self._dock.calls.submit(self._find)

    def signal(self, number: int) -> None:
        """See `Tenant`."""
        with self._dock.lock:
            if self.phase is Phase.STAGING and number in ENDING_SIGNALS:
                self._is_doomed = True
        self._signalled(number)

    def destroy(self) -> None:
        """See `Tenant`: with all that is left in its session."""
        with self._dock.lock:
            self._is_doomed = True
            runs = self.phase is Phase.RUNNING
        if runs:
            self._dock.fault("docker.exec.kill.before")
            self._signalled(signal.SIGKILL)

    # Its beginning; on a worker's thread.

    def _bring_up(self, client: Client) -> None:
        if self._is_over():
            return
        try:
            if not self._is_started:
                self._start(client)
        except RefusedError as error:
            self._give_up(str(error))
            return
        except UnansweredError as error:
            # To start it a second time could run it twice.
            if self._record.exec_id is None:
                self._give_up(str(error))
                return
        self._find(client)

    def _start(self, client: Client) -> None:
        if self._is_doomed:
            raise RefusedError(409, "it was ended before it ran")
        self._dock.fault("docker.exec.create.before")
        exec_id = client.create_exec(self._around.name, self._body)
        self._record = msgspec.structs.replace(self._record, exec_id=exec_id)
        try:
            self._dock.ledger.write(self.container_id, self._record)
            outputs = open_outputs(self._record, self._dock.settings)
        except (OSError, ValueError) as error:
            raise RefusedError(500, str(error)) from None
        self._dock.fault("docker.exec.start.before")
        self._is_started = True
        attachments = self._dock.attachments
        if not (self._body["AttachStdout"] or self._body["AttachStderr"]):
            client.start_exec_detached(exec_id)
            return
        try:
            hijacked = client.start_exec(exec_id, terminal=bool(self._body["Tty"]))
        except DockerError:
            outputs.close()
            raise
        self._dock.fault("docker.exec.start.after")
        if self._console is not None:
            attachments.connect(self.container_id, hijacked, self._console, self._resize(exec_id), outputs)
        else:
            attachments.write_files(self.container_id, hijacked, outputs)

    def _resize(self, exec_id: str) -> Callable[[int, int], None]:
        return lambda rows, columns: self._dock.attachments.ask(
            lambda client: client.resize_exec(exec_id, rows, columns)
        )

    def _find(self, client: Client) -> None:
        """What it is as a process."""
        if self._is_over() or self._record.exec_id is None:
            return
        if self._around.phase is Phase.STAGING:  # it is being adopted, too
            self._again(self._find)
            return
        try:
            seen = client.inspect_exec(self._record.exec_id)
        except UnansweredError:
            self._again(self._find)
            return
        except RefusedError as error:
            self._finish(None, str(error))
            return
        process = seen.get("Pid")
        if not isinstance(process, int):
            process = 0
        if seen.get("Running") and not process:
            self._again(self._find)
        elif not seen.get("Running") and not process:
            self._finish(code_of(seen), _FAILED)
        else:
            self._runs(process)

    def _runs(self, process: int) -> None:
        descriptor = opened(process, self._around.docker_id) if process else None
        if not self._enter(process, descriptor):
            return
        self._dock.attachments.show(self.container_id)
        self._launched(Launched(self.container_id, self.process))
        self._watch()
        if self._is_doomed:
            self._signalled(signal.SIGKILL)

    def _give_up(self, error: str) -> None:
        self._finish(None, error)

    # Its end.

    def _learn(self, client: Client) -> None:
        """See `Tenant`."""
        if self._is_over() or self._record.exec_id is None:
            return
        if not self._is_buried():
            self._again(self._learn)
            return
        code, error = self._kernels_code(), ""
        if code is None:
            try:
                seen = client.inspect_exec(self._record.exec_id)
            except RefusedError as refusal:
                error = str(refusal)
            except UnansweredError:
                self._again(self._learn)
                return
            else:
                code = code_of(seen)
                if code is None:
                    self._again(self._learn)
                    return
        self._dock.fault("docker.exec.exit.known")
        self._finish(code, error)

    def _is_buried(self) -> bool:
        """Kill what it has left behind in its session; whether nothing of that runs."""
        session = self.process
        left = self._members(session) if session else []
        groups.kill(left, lambda: self._members(session))
        return not left

    def _members(self, session: int) -> list[int]:
        members = []
        for process in self._dock.figures.processes(self._around.process):
            try:
                if os.getsid(process) == session and groups.runs(process):
                    members.append(process)
            except ProcessLookupError:
                continue
        return members

    def _finish(self, code: int | None, error: str) -> None:
        ended = Ended(self.container_id, None if code is None else code << 8, error)
        self._dock.attachments.finish(self.container_id, lambda: self._end(ended))


def exec_body(spec: Spec) -> dict[str, Any]:
    """What dockerd is asked for; raises ValueError."""
    if not spec.arguments:
        raise ValueError("arguments: must name a program")
    console = spec.console
    return {
        "AttachStdin": console is not None,
        "AttachStdout": console is not None or spec.stdout is not None,
        "AttachStderr": console is not None or spec.stderr is not None,
        "Tty": console is not None and console.terminal is not None,
        "Cmd": list(spec.arguments),
        "Env": [f"{name}={value}" for name, value in spec.environment.items()],
    }


def code_of(seen: Mapping[str, Any]) -> int | None:
    """How an exec ended, by what dockerd says of it; None while it runs."""
    code = seen.get("ExitCode")
    return None if seen.get("Running") or not isinstance(code, int) else code
