"""Two frameworks share a cluster: what one does not take, the other is offered.

    python -m frameworks.examples.sharing --master=127.0.0.1:5050

On an agent with 4 CPUs and 4 GB, the first framework takes 2 CPUs and 1 GB for one task and 1 CPU and 2 GB
for another. The second framework is then offered the 1 CPU and 1 GB that are left.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable

from actors.flags import Flags, required
from actors.process import handles
from frameworks.examples.programs import main_of
from frameworks.offered import Offered, command_task
from frameworks.scheduler import Scheduler
from transport.message import Message
from transport.pid import Pid
from transport.records.framework import FrameworkInfo
from transport.records.offer import Offer
from transport.records.resources import Resources
from transport.records.task_status import TaskState, TaskStatus

#: What the tasks of either framework need.
FIRST = ("cpus:2;mem:1024", "cpus:1;mem:2048")
SECOND = ("cpus:1;mem:1024",)


class AllRun(Message):
    """All tasks of that framework run."""

    framework: str


class Sharer(Scheduler):
    """Runs one task for each of `needs`, tells what it is offered, and `watcher` when all tasks run."""

    def __init__(
        self,
        master: Pid | str,
        name: str,
        needs: tuple[str, ...],
        watcher: Pid | None = None,
        command: str = "sleep 3600",
        user: str = "",
        say: Callable[[str], None] | None = None,
    ) -> None:
        """`master` is its address, or the Pid of a detector; `say` shows a line to the user."""
        super().__init__(FrameworkInfo(user=user or getpass.getuser(), name=name), master)
        self.name = name
        self._waiting = {f"{name}-{number}": Resources.parse(text) for number, text in enumerate(needs, 1)}
        self._tasks = len(needs)
        self._watcher = watcher
        self._command = command
        self._say = say
        #: The resources of each offer, oldest first.
        self.offered: list[Resources] = []
        self.running: dict[str, None] = {}

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        """Launch what fits."""
        for offer in offers:
            offered = Offered(offer)
            self.offered.append(offered.remaining)
            self.tell(f"{self.name} is offered {amounts(offered.remaining)}")
            tasks = []
            for task_id, needs in tuple(self._waiting.items()):
                if offered.holds(needs):
                    del self._waiting[task_id]
                    self.tell(f"{self.name} launches {task_id} with {amounts(needs)}")
                    tasks.append(command_task(task_id, offered, needs, self._command))
            if tasks:
                self.launch((offer,), tasks)
            else:
                self.decline((offer,))
        if not self._waiting:
            self.suppress()

    def update(self, status: TaskStatus) -> None:
        """Note what runs."""
        task_id = status.task_id.value
        self.tell(f"{task_id} is in state {status.state.name}")
        if status.state is TaskState.TASK_RUNNING:
            self.running[task_id] = None
            if len(self.running) == self._tasks:
                self.all_run()

    def all_run(self) -> None:
        """All tasks run."""
        if self._watcher is not None:
            self.send(self._watcher, AllRun(self.name))

    def tell(self, line: str) -> None:
        """Say what happens."""
        self.log.info("sharing", what=line)
        if self._say is not None:
            self._say(line)


class Sharing(Sharer):
    """The first framework; when its tasks run it starts the second, and when those run it ends both."""

    def __init__(self, master: Pid | str, user: str = "", say: Callable[[str], None] | None = None) -> None:
        super().__init__(master, "first", FIRST, user=user, say=say)
        self._user = user

    def all_run(self) -> None:
        """Start the second framework."""
        detector = self.detector
        self.second = Sharer(detector, "second", SECOND, self.pid, user=self._user, say=self._say)
        self._second = self.spawn(lambda: self.second, f"{self.pid.name}-second")

    @handles(AllRun)
    def second_runs(self, sender: Pid, message: AllRun) -> None:
        """End both."""
        self.tell("both frameworks run what they want on the same cluster, and end")
        self.terminate(self._second)
        self.teardown()


def amounts(resources: Resources) -> str:
    """How much there is, for people."""
    quantities = resources.quantities
    return f"{quantities['cpus'] / 1000:g} CPUs and {quantities['mem'] / 1000:g} MB"


class SharingFlags(Flags):
    """Shows two frameworks that share a cluster, of which an agent has 4 CPUs and 4 GB to offer."""

    master: str = required("Where the master is found: host:port, or zk://host:port,host:port/path.")


def main(words: list[str] | None = None) -> int:
    """Run both; returns the exit status."""

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def make(_flags: SharingFlags, detector: Pid) -> Sharing:
        return Sharing(detector, say=say)

    return main_of("sharing", SharingFlags, make, lambda _scheduler: 0, words)


if __name__ == "__main__":
    sys.exit(main())
