"""Map and reduce over real files: tasks on the agents count words, the scheduler adds up what they find.

    python -m frameworks.examples.word_count --master=127.0.0.1:5050 --folder=.

The tasks of an agent share one executor of the framework's own (`counting_executor`). They outlive the death
of their agent's daemon and of the master; what is lost all the same is counted again, and each part once. The
agents must see the folder at the same path.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from actors.flags import Flags, flag, required
from frameworks.examples.programs import executor_info, main_of
from frameworks.examples.words import Job, JobError, Part, divide
from frameworks.offered import Offered
from frameworks.scheduler import Scheduler
from transport.messages.scheduling import TaskReference
from transport.pid import Pid
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, TaskID
from transport.records.offer import Offer
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.task_status import TERMINAL, TaskState, TaskStatus

#: The executor of the tasks.
COUNTER = "frameworks.examples.counting_executor:CountingExecutor"
_NEEDS = Resources.parse("cpus:0.1;mem:16")
_FAILOVER_SECONDS = 3600.0


class WordCount(Scheduler):
    """Counts the words of the files below a folder that have one of these endings, in so many parts.

    Each part takes at least `seconds`, for whoever wants to see what happens meanwhile.
    """

    reconcile_every_seconds = 10.0

    def __init__(
        self,
        master: Pid | str,
        folder: Path,
        endings: tuple[str, ...] = (".py", ".md", ".txt"),
        parts: int = 20,
        seconds: float = 0.0,
        role: str = "*",
        user: str = "",
    ) -> None:
        """`master` is its address, or the Pid of a detector. Raises ValueError when there are no files."""
        info = FrameworkInfo(
            user=user or getpass.getuser(),
            name="word count",
            role=role,
            checkpoint=True,
            failover_timeout=_FAILOVER_SECONDS,
        )
        super().__init__(info, master)
        files = [
            (str(path), path.stat().st_size) for path in _files(folder.resolve()) if path.suffix in endings
        ]
        if not files:
            raise ValueError(f"folder {folder}: has no files that end in {', '.join(endings)}")
        self.job = Job(divide(files, parts))
        self.files = len(files)
        self._seconds = seconds
        #: Where each task runs.
        self._agents: dict[str, AgentID] = {}
        #: Why it ended early, if it did.
        self.problem: str | None = None

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        """Launch a task for each part that waits, as far as there are resources."""
        for offer in offers:
            tasks = self._fill(Offered(offer))
            if tasks:
                self.launch((offer,), tasks)
            else:
                self.decline((offer,))
        if not self.job.waits:
            self.suppress()

    def update(self, status: TaskStatus) -> None:
        """Add up what was counted; what is lost must be counted again."""
        task_id = status.task_id.value
        # The master's answer to a question tells no counts; the task's own update will.
        finished = status.state is TaskState.TASK_FINISHED
        if finished and status.data is not None:
            self.job.finish(task_id, msgspec.json.decode(status.data, type=dict[str, int]))
            counted, parts = self.job.progress
            self.log.info("part counted", task_id=task_id, counted=counted, parts=parts)
            if self.job.done:
                self._finish()
        elif status.state in TERMINAL and not finished:
            self._lose(task_id, f"{status.state.name} {status.message or ''}")

    def unsettled(self) -> tuple[TaskReference, ...]:
        """The tasks that are not over."""
        return tuple(
            TaskReference(task_id=TaskID(value=task_id), agent_id=self._agents[task_id])
            for task_id in self.job.running
        )

    def error(self, message: str) -> None:
        """There is no going on."""
        self.problem = message
        self.terminate()

    def _fill(self, offered: Offered) -> list[TaskInfo]:
        executor = executor_info("counter", COUNTER)
        tasks: list[TaskInfo] = []
        if executor.executor_id not in offered.offer.executor_ids:
            if not offered.holds(_NEEDS + Resources(executor.resources)):
                return tasks
            offered.take(Resources(executor.resources))
        while offered.holds(_NEEDS) and (begun := self.job.begin()) is not None:
            task_id, files = begun
            self._agents[task_id] = offered.agent_id
            tasks.append(
                TaskInfo(
                    name=task_id,
                    task_id=TaskID(value=task_id),
                    agent_id=offered.agent_id,
                    resources=offered.take(_NEEDS),
                    executor=executor,
                    data=msgspec.json.encode(Part(files, self._seconds)),
                )
            )
        return tasks

    def _lose(self, task_id: str, reason: str) -> None:
        self.log.warning("task lost", task_id=task_id, reason=reason)
        try:
            self.job.fail(task_id, reason)
        except JobError as error:
            self.problem = str(error)
            self.log.error("words not counted", reason=self.problem)
            self.teardown()
        else:
            self.revive()

    def _finish(self) -> None:
        words = self.job.words
        self.log.info("words counted", files=self.files, words=words.total(), top=words.most_common(10))
        self.teardown()


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder, but for what is hidden, in order."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path


class WordCountFlags(Flags):
    """Counts the words of the files in a folder, on a cluster, and shows the most frequent ones."""

    master: str = required("Where the master is found: host:port, or zk://host:port,host:port/path.")
    folder: Path = flag(Path(), "The folder, which the agents must see at the same path.")
    endings: tuple[str, ...] = flag((".py", ".md", ".txt"), "Which files to read, by their endings.")
    parts: int = flag(20, "How many tasks share the work.")
    seconds: float = flag(0.0, "How long each task takes at least.")
    top: int = flag(10, "How many words to show.")
    role: str = flag("*", "The role whose resources are used.")


def main(words: list[str] | None = None) -> int:
    """Run it; returns the exit status."""
    top = 0

    def make(flags: WordCountFlags, detector: Pid) -> WordCount:
        nonlocal top
        top = flags.top
        return WordCount(detector, flags.folder, flags.endings, flags.parts, flags.seconds, flags.role)

    def report(scheduler: WordCount) -> int:
        if scheduler.problem is not None:
            sys.stdout.write(f"{scheduler.problem}\n")
            return 1
        found = scheduler.job.words
        lines = [f"{found.total():,} words in {scheduler.files:,} files, of which most often:"]
        lines += [f"{count:>9,}  {word}" for word, count in found.most_common(top)]
        sys.stdout.write("\n".join(lines) + "\n")
        return 0

    return main_of("word_count", WordCountFlags, make, report, words)


if __name__ == "__main__":
    sys.exit(main())
