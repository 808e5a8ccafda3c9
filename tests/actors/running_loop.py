"""An event loop on a thread of its own, as an HTTP server has one, and a system whose actors live there."""

import asyncio
import threading
from collections.abc import Callable

from actors.process import Process
from actors.pykka_system import PykkaSystem
from actors.stage import Stage
from actors.supervisor import SUPERVISOR
from actors.system import NEVER, Restart
from transport.pid import Pid


class RunningLoop:
    """Runs from its making until it is stopped."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.call_soon = self.loop.call_soon_threadsafe
        self.thread = threading.Thread(target=self._run, name="loop", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """End and close it."""
        self.call_soon(self.loop.stop)
        self.thread.join(20)
        assert not self.thread.is_alive()

    def _run(self) -> None:
        self.loop.run_forever()
        self.loop.close()


class StagedSystem(PykkaSystem):
    """Has all actors but the supervisor on one stage."""

    everybodys_stage: Stage

    def spawn(
        self,
        make: Callable[[], Process],
        name: str,
        *,
        restart: Restart = NEVER,
        vital: bool = False,
        stage: Stage | None = None,
    ) -> Pid:
        stage = None if name == SUPERVISOR else self.everybodys_stage
        return super().spawn(make, name, restart=restart, vital=vital, stage=stage)
