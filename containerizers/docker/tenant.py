"""What a container and a program that is run in one have in common: a process, and its end."""

from __future__ import annotations

import enum
import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

from containerizers.containerizer import Ended, Launched
from containerizers.docker.dock import Dock
from containerizers.docker.exits import exit_code
from containerizers.docker.watch import Alarm
from containerizers.spec import Limits, Spec

if TYPE_CHECKING:
    from containerizers.docker.client import Client

#: How soon dockerd is asked again what it did not answer, or does not know yet; pauses double up to this.
_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 1.0
#: Before anything of it runs, these end it.
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)


class Phase(enum.Enum):
    """Where one is."""

    STAGING = "staging"
    RUNNING = "running"
    ENDING = "ending"
    OVER = "over"


class Tenant:
    """Methods without an underscore may be called by any thread, and do not block.

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
        self.phase = Phase.STAGING
        #: The first process; 0 while it does not run, or where it cannot be seen from here.
        self.process = 0
        self._dock = dock
        self._launched = launched
        self._over = over
        self._descriptor: int | None = None
        self._is_doomed = False
        #: Rings when dockerd has taken too long.
        self._bound: Alarm | None = None
        self._pause = _FIRST_PAUSE_SECONDS

    # What is asked for.

    def launch(self, spec: Spec) -> None:
        """Make it and start it."""
        raise NotImplementedError

    def adopt(self) -> None:
        """Go on with what a process before this one began."""
        raise NotImplementedError

    def signal(self, number: int) -> None:
        """Send a signal to its first process."""
        raise NotImplementedError

    def destroy(self) -> None:
        """End it."""
        raise NotImplementedError

    def update(self, limits: Limits) -> None:
        """Change what it may use."""

    def look_again(self) -> None:
        """It may have ended, or been removed, with nobody noticing."""
        with self._dock.lock:
            is_unseen = self.phase is Phase.RUNNING and self._descriptor is None
        if is_unseen:
            self._dock.calls.submit(self._learn)

    def let_go(self) -> None:
        """Nobody reports on it any more; it runs on."""
        with self._dock.lock:
            self.phase = Phase.OVER
            self._close()

    # For those that this is.

    def _learn(self, client: Client) -> None:
        """Have dockerd tell how it ended; on a worker's thread."""
        raise NotImplementedError

    def _give_up(self, error: str) -> None:
        """It could not be launched in time."""
        raise NotImplementedError

    def _is_over(self) -> bool:
        return self.phase is Phase.OVER

    def _limit_time(self) -> None:
        """From now on dockerd has so long to start it."""
        self._take_your_time()
        seconds = self._dock.settings.launch_timeout_seconds
        error = f"dockerd did not start it within {seconds:g} seconds"
        self._bound = self._dock.watch.later(seconds, lambda: self._give_up(error))

    def _take_your_time(self) -> None:
        if self._bound is not None:
            self._bound.cancel()
            self._bound = None

    def _enter(self, process: int, descriptor: int | None) -> bool:
        """It runs, or has; False when nobody waits for that any more."""
        with self._dock.lock:
            if self.phase is not Phase.STAGING:
                if descriptor is not None:
                    os.close(descriptor)
                return False
            self._take_your_time()
            self._descriptor = descriptor
            self.process = 0 if descriptor is None else process
            self.phase = Phase.RUNNING
            return True

    def _watch(self) -> None:
        """Learn of its end as soon as that is."""
        with self._dock.lock:
            descriptor = self._descriptor
        if descriptor is None:
            self._dock.calls.submit(self._learn)
        else:
            self._dock.watch.when_ended(descriptor, self._process_ended)

    def _process_ended(self) -> None:
        with self._dock.lock:
            if self.phase is not Phase.RUNNING:
                return
            self.phase = Phase.ENDING
            self._pause = _FIRST_PAUSE_SECONDS
        self._dock.fault("docker.exit.seen")
        self._dock.calls.submit(self._learn, first=True)

    def _signalled(self, number: int) -> bool:
        """Send a signal without dockerd; False where that is not possible."""
        # As long as the descriptor is open, the number is nobody else's.
        with self._dock.lock:
            if self._descriptor is None:
                return False
            try:
                signal.pidfd_send_signal(self._descriptor, number)
            except ProcessLookupError:
                return True
            except PermissionError:
                return False
            return True

    def _kernels_code(self) -> int | None:
        with self._dock.lock:
            return None if self._descriptor is None else exit_code(self._descriptor)

    def _again(self, job: Callable[[Client], None]) -> None:
        """Have it done a little later."""
        self._dock.watch.later(self._pause, lambda: self._dock.calls.submit(job))
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)

    def _end(self, ended: Ended) -> None:
        with self._dock.lock:
            if self.phase is Phase.OVER:
                return
            self.phase = Phase.OVER
            self._take_your_time()
            self._close()
        self._over(ended)

    def _close(self) -> None:
        """Let go of what is open."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
