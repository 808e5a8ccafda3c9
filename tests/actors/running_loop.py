"""An event loop on a thread of its own, as an HTTP server has one."""

import asyncio
import threading


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
