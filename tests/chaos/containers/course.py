"""The course of a run: deaths one after the other under load, then rest, then the verdict."""

from __future__ import annotations

import enum
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec

from actors.brief_log import BriefLog
from actors.pykka_system import PykkaSystem
from tests.chaos.containers import points, traces
from tests.chaos.containers.crowd import Ask, Clear, Close, Crowd, Fill, Story
from tests.chaos.containers.house import House
from tests.chaos.containers.judge import Evidence, given_up, violations
from tests.chaos.containers.work import PAYLOAD, RUNS, SHAPES, Kind, Place, Shape, slots
from tests.chaos.course import Spread
from transport.message import DomesticMessage
from transport.pid import Address, Pid
from transport.records.task_status import TaskState

_LOOK_SECONDS = 0.01
#: All is as before after so long (reliability.md R4).
RECOVERED_SECONDS = 60.0
_REST_SECONDS = 120.0
_GONE_SECONDS = 60.0
_SHOWN = 30


class Victim(enum.StrEnum):
    """What dies."""

    AGENT = "agent"
    NODE = "node"
    BOTH = "both"


class Death(msgspec.Struct, frozen=True):
    """What is to die, at which point, passed how often; without a point: at any moment."""

    victim: Victim
    point: str = ""
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.victim} at {self.point}:{self.nth}" if self.point else f"{self.victim} at any moment"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A run."""

    kills: int
    tasks: int = 50
    seed: str = "0"
    kinds: tuple[Kind, ...] = (Kind.PLAIN,)
    shapes: tuple[Shape, ...] = SHAPES
    agent_flags: tuple[str, ...] = ()
    #: Where dockerd listens, and an image with a shell.
    docker: str | None = None
    image: str = ""
    #: How long to wait for the point to be passed.
    patience_seconds: float = 15.0
    #: Only points that begin so; none: all that there are.
    points: tuple[str, ...] = ()
    speaks: bool = False


def deaths(plan: Plan, chance: random.Random) -> Iterator[Death]:
    """All points in an order by chance, and then in another."""
    of_node = points.of_executor_node()
    every = [
        *((Victim.AGENT, point) for point in points.of_agent()),
        *((Victim.NODE, point) for point in of_node),
    ]
    chosen = [one for one in every if not plan.points or one[1].startswith(plan.points)]
    if not plan.points:
        chosen += [(victim, "") for victim in Victim]
    while True:
        for victim, point in chance.sample(chosen, len(chosen)):
            both = point and chance.random() < 0.3
            yield Death(Victim.BOTH if both else victim, point, chance.choice((1, 1, 2, 3, 5, 8)))


class Course:
    """Runs in its `with` block's house; `found` is what must never happen and did."""

    def __init__(self, plan: Plan, house: House) -> None:
        self._plan = plan
        self._house = house
        self._chance = random.Random(f"{plan.seed} course")
        self._node_points = frozenset(points.of_executor_node())
        self._agent_deaths: list[float] = []
        self._node_deaths: list[float] = []
        #: Tasks that never began, because something died just then; they were told to have failed.
        self.given_up: list[str] = []
        payload = house.folder / "payload"
        payload.write_text(PAYLOAD)
        place = Place(run=house.run, truth=house.truth, payload=str(payload), image=plan.image)
        wanted = slots(plan.tasks, plan.kinds, plan.shapes)
        self._crowd = Crowd(house.master_address, wanted, place, plan.seed)
        self._system = PykkaSystem(
            bind=Address("127.0.0.1", 0),
            logger=lambda pid: BriefLog(pid.name, "error"),
            network_log=lambda *_, **__: None,
        )
        self._pid: Pid | None = None
        self._is_over = threading.Event()
        self.found: list[str] = []
        self.recoveries: list[float] = []
        #: Deaths at a point that was passed.
        self.struck: list[Death] = []

    def run(self) -> None:
        self._system.start()
        watch = threading.Thread(target=self._watch, name="watch")
        watch.start()
        self._pid = self._system.spawn(lambda: self._crowd, "crowd")
        try:
            self._tell(Fill(goes_on=True))
            self._wait(self._is_full, RECOVERED_SECONDS, "every slot has a task that runs")
            for number, death in zip(range(self._plan.kills), deaths(self._plan, self._chance), strict=False):
                self._say(f"{number + 1}: {death}")
                self._suffer(death)
            self._rest()
            self._leave()
        finally:
            self._is_over.set()
            watch.join()
            self._system.stop(2.0)

    # --- what is done ---

    def _suffer(self, death: Death) -> None:
        """Have it happen, at its point if that is passed in time; then wait until all is as before."""
        house = self._house
        if death.point:
            self._kill_agent()
            if death.point in self._node_points:
                self._kill_node()
            house.agent.start(f"{death.point}:{death.nth}")
            if self._strikes(death):
                self.struck.append(death)
            else:
                self._say(f"   {death.point} was not passed {death.nth} times")
        else:
            time.sleep(self._chance.uniform(0.0, 2.0))
        if death.victim is not Victim.NODE or death.point:
            self._kill_agent()
        if death.victim is not Victim.AGENT:
            self._kill_node()
        since = time.monotonic()
        if house.agent.status is not None:
            house.agent.start()
        self._wait(lambda: self._is_as_before(since), RECOVERED_SECONDS, f"all is as before {death}")
        self.recoveries.append(time.monotonic() - since)
        self._say(f"   recovered in {self.recoveries[-1]:.1f} s")

    def _strikes(self, death: Death) -> bool:
        """Wait until one dies at the point; False: none did in time."""
        deadline, node = time.monotonic() + self._plan.patience_seconds, self._house.node
        while time.monotonic() < deadline:
            if self._house.agent.status is not None:
                self._agent_deaths.append(time.monotonic())
                return True
            now = self._house.node
            if death.point in self._node_points and node is not None and now != node:
                # The agent starts another, which dies at the same point: for a while that is to be borne.
                time.sleep(self._chance.uniform(0.0, 2.0))
                return True
            node = now
            time.sleep(_LOOK_SECONDS)
        return False

    def _kill_agent(self) -> None:
        self._agent_deaths.append(time.monotonic())
        self._house.agent.kill()

    def _kill_node(self) -> None:
        self._house.kill_node()

    def _watch(self) -> None:
        """Note whenever the executor node is another, or none."""
        node = None
        while not self._is_over.wait(_LOOK_SECONDS):
            now = self._house.node
            if node is not None and now != node:
                self._node_deaths.append(time.monotonic())
            node = now

    def _rest(self) -> None:
        """Let all come to its end that has one, and judge."""
        self._tell(Fill(goes_on=False))
        self._look_until(self._is_at_rest, _REST_SECONDS)
        self._tell(Ask())
        time.sleep(2.0)
        stories = self._stories()
        truth = traces.Truth([self._house.truth / RUNS, *self._house.files("*", RUNS)])
        evidence = Evidence(
            stories=stories,
            starts=truth.starts,
            ends=truth.ends,
            processes=traces.processes(self._house.run),
            output={name: traces.numbers(self._house.stdout(name)) for name in stories},
            agent_deaths=self._agent_deaths,
            node_deaths=self._node_deaths,
        )
        self.found += violations(evidence)
        self.given_up += [
            name for name, story in stories.items() if story.is_over and given_up(name, story, evidence)
        ]
        running = sum(story.work.slot.kind is Kind.DOCKER and not story.is_over for story in stories.values())
        docker = traces.containers(self._plan.docker, self._house.truth)
        if len(docker) != running:
            self.found.append(f"Docker runs {len(docker)} containers, and {running} tasks are its")
        for name in self.given_up:
            self._say(
                f"   never began: {name}: {stories[name].told[-1].reason}: {stories[name].told[-1].message}"
            )
        self._say(f"{len(stories)} tasks were launched, of which {sum(truth.starts.values())} starts")

    def _leave(self) -> None:
        """End all, and look for what stays behind."""
        self._tell(Clear())
        self._look_until(lambda: all(story.is_over for story in self._stories().values()), _REST_SECONDS)
        left = [name for name, story in self._stories().items() if not story.is_over]
        self.found += [f"{name}: was killed, and nothing was told" for name in left]
        self._tell(Close())
        self._look_until(lambda: self._crowd.is_closed, _REST_SECONDS)
        docker = self._plan.docker
        self._look_until(lambda: not traces.containers(docker, self._house.truth, ended=True), _GONE_SECONDS)
        self._house.empty()
        self._look_until(lambda: not self._left_behind(), _GONE_SECONDS)
        self.found += [f"left behind: {what}" for what in self._left_behind()]
        crashes = self._house.crashes()
        self.found += [f"{len(crashes)} crashes; the first: {crashes[0]}"] if crashes else []

    # --- what is known ---

    def _stories(self) -> dict[str, Story]:
        return dict(self._crowd.stories)

    def _is_full(self) -> bool:
        running = [one for one in self._stories().values() if one.state is TaskState.TASK_RUNNING]
        return len(running) >= self._plan.tasks * 0.9

    def _is_as_before(self, since: float) -> bool:
        """Whether tasks of each kind were launched and run, and those run that ran before."""
        stories = self._stories().values()
        anew = {
            story.work.slot.kind
            for story in stories
            if story.launched > since and any(told.state is TaskState.TASK_RUNNING for told in story.told)
        }
        if anew != set(self._plan.kinds):
            return False
        running = traces.processes(self._house.run)
        return all(story.work.name in running for story in stories if _is_to_run(story))

    def _is_at_rest(self) -> bool:
        running = traces.processes(self._house.run)
        return all(
            story.is_over
            if story.killed is not None or not story.work.slot.shape.lasts
            else _is_to_run(story)
            for story in self._stories().values()
            if not story.is_over
        ) and not any(story.is_over and story.work.name in running for story in self._stories().values())

    def _left_behind(self) -> list[str]:
        plan, house = self._plan, self._house
        found = [f"process {process} of {task}" for task, ones in self._processes() for process in ones]
        found += [f"container {one}" for one in traces.containers(plan.docker, house.truth, ended=True)]
        found += [f"mount {target}" for target in traces.mounts(house.folder)]
        found += [f"cgroup {group}" for group in traces.cgroups(house.run)]
        return found

    def _processes(self) -> Sequence[tuple[str, list[int]]]:
        return sorted(traces.processes(self._house.run).items())

    # --- waiting ---

    def _tell(self, message: DomesticMessage) -> None:
        assert self._pid is not None
        self._system.send(self._pid, self._pid, message)

    def _look_until(self, true: Callable[[], object], seconds: float) -> bool:
        """Whether it came true."""
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                return False
            self._house.tend()
            time.sleep(0.1)
        return True

    def _wait(self, true: Callable[[], object], seconds: float, what: str) -> None:
        if not self._look_until(true, seconds):
            self.found.append(f"not within {seconds:g} s: {what}; {self._why()}")
            self._say(self.found[-1])

    def _why(self) -> str:
        running = traces.processes(self._house.run)
        wrong = [
            f"{name} {story.state and story.state.name} runs={name in running}"
            for name, story in self._stories().items()
            if not story.is_over and (story.state is not TaskState.TASK_RUNNING or name not in running)
        ]
        return "; ".join(wrong[:_SHOWN])

    def _say(self, words: str) -> None:
        if self._plan.speaks:
            sys.stderr.write(f"{words}\n")


def _is_to_run(story: Story) -> bool:
    return story.state is TaskState.TASK_RUNNING and story.work.slot.shape.lasts and story.killed is None


def run(plan: Plan) -> Course:
    """Do it all; logs are kept of a run in which something happened that must not."""
    with House(plan.agent_flags) as house:
        course = Course(plan, house)
        try:
            course.run()
        finally:
            house.failed = bool(course.found)
    return course


def figures(course: Course) -> Iterator[str]:
    """As lines of JSON."""
    yield Spread.of("containers.recovery", course.recoveries).line()
    counts: dict[str, Sequence[object]] = {
        "deaths_at_points": course.struck,
        "tasks_given_up": course.given_up,
        "violations": course.found,
    }
    for name, what in counts.items():
        yield msgspec.json.encode({"figure": f"containers.{name}", "count": len(what)}).decode()
