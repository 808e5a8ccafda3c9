from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from actors.trace.diagram import draw, shorten
from actors.trace.wording import width
from tests.actors.trace.samples import CLIENT, GREETER, STORE, Script


def greetings() -> Script:
    """Three actors on two nodes, and everything that can happen to a message."""
    script = Script()
    say = script.say
    say(0.0, CLIENT, GREETER, "Greet", name="bob")
    say(0.0002, GREETER, STORE, "Save", key="greetings/bob", text="hello bob, how are you")
    say(0.0006, STORE, GREETER, "Saved", version=3, took=0.012)
    say(0.0033, GREETER, CLIENT, "Greeting", text="hello bob")
    say(1.0, GREETER, GREETER, "Fired", timer="_expire")
    say(1.0002, GREETER, STORE, "Forget", key="greetings/bob", outcome="lost")
    say(1.3, STORE, GREETER, "Busy", outcome="dropped", reason="mailbox full")
    say(1.4, GREETER, STORE, "Forget", outcome="crashed", reason="KeyError: no such key", way=0.0021)
    say(1.5, GREETER, GREETER, "Exited", pid=str(STORE))
    return script


MASTER, ALLOCATOR, REGISTRAR = (f"{name}@10.0.0.1:5050" for name in ("master", "allocator", "registrar"))
MARATHON = "marathon@10.0.0.2:8080"
AGENT, CONTAINERIZER, EXECUTOR = (f"{name}@10.0.0.3:5051" for name in ("agent", "containerizer", "executor"))


def launch(*, only: tuple[str, ...] = ()) -> Script:
    """A task from offer to running; with `only`, what was said between those actors."""
    script = Script()
    task, framework = {"value": "web.7f3a"}, {"value": "9fd1-0000"}
    offer, container = {"value": "O17"}, {"value": "c-22"}

    def say(at: float, sender: str, to: str, what: str, **options: Any) -> None:
        if not only or (sender in only and to in only):
            script.say(at, sender, to, what, **options)

    say(0.0, ALLOCATOR, MASTER, "ResourceOffers", framework_id=framework, agent_ids=[{"value": "9fd1-S0"}])
    say(0.001, MASTER, MARATHON, "Offers", offers=[{"id": offer, "resources": ["cpus:4", "mem:8192"]}])
    say(0.004, MARATHON, MASTER, "AcceptOffers", offer_ids=[offer], task_ids=[task])
    say(0.006, MASTER, AGENT, "RunTask", task_id=task, framework_id=framework)
    say(0.008, AGENT, CONTAINERIZER, "LaunchContainer", container_id=container, task_id=task, took=0.21)
    say(0.22, CONTAINERIZER, AGENT, "ContainerLaunched", container_id=container, pid=4711)
    say(0.23, AGENT, EXECUTOR, "LaunchTask", task_id=task)
    say(0.25, EXECUTOR, AGENT, "StatusUpdate", task_id=task, state="TASK_RUNNING", uuid="8f1b")
    say(0.251, AGENT, MASTER, "StatusUpdate", task_id=task, state="TASK_RUNNING", uuid="8f1b")
    say(0.252, MASTER, MARATHON, "Update", task_id=task, state="TASK_RUNNING", uuid="8f1b")
    say(0.253, MARATHON, MASTER, "AcknowledgeStatusUpdate", task_id=task, uuid="8f1b")
    say(0.254, MASTER, AGENT, "StatusUpdateAcknowledgement", task_id=task, uuid="8f1b")
    say(
        0.4,
        MASTER,
        REGISTRAR,
        "Save",
        outcome="crashed",
        reason="OSError: [Errno 28] No space left on device",
    )
    say(0.5, REGISTRAR, REGISTRAR, "Fired", timer="_retry")
    return script


NO_SPACE = "OSError: [Errno 28] No space left on device"
FOUR = (MASTER, MARATHON, AGENT, EXECUTOR)


def two_traces() -> Script:
    """A task's launch and its end, which nothing but the task's id connects."""
    script = Script()
    script.say(0.0, MASTER, AGENT, "RunTask", task_id="web.1", after=0)
    script.say(0.001, AGENT, EXECUTOR, "LaunchTask", task_id="web.1")
    script.say(9.0, EXECUTOR, EXECUTOR, "Fired", timer="_poll", after=0, trace=0xABC)
    script.say(9.001, EXECUTOR, AGENT, "StatusUpdate", task_id="web.1", state="TASK_FAILED", trace=0xABC)
    script.say(9.002, AGENT, MASTER, "StatusUpdate", task_id="web.1", trace=0xABC, outcome="unseen")
    return script


def spawning() -> Script:
    """A command that asks a node, twice: neither its own name nor its address tells the two apart."""
    script = Script()
    for at, port in ((0.0, 45437), (2.0, 36647)):
        asker, node = f"ask-0@192.168.100.200:{port}", "node@192.168.100.201:6050"
        script.say(
            at, asker, node, "SpawnActor", kind="frameworks.examples.ping:Pinger", trace=-port, after=0
        )
        script.say(at + 0.001, node, asker, "ActorSpawned", trace=port, after=0, outcome="unseen")
    return script


def lines(script: Script, columns: int, **options: Any) -> list[str]:
    return draw(script.steps, title="trace 5f3a09c200000001", columns=columns, **options).split("\n")


NOTE = "the clock of 10.0.0.2:5051 is 3.0001 s ahead of that of 10.0.0.1:5051: corrected"

#: Diagrams as they stand in `golden/`: look at them there, they are meant to be pleasant.
GOLDEN: dict[str, tuple[Script, int, dict[str, Any]]] = {
    "greetings-80": (greetings(), 80, {"notes": [NOTE]}),
    "greetings-120": (greetings(), 120, {}),
    "greetings-80-ascii": (greetings(), 80, {"unicode": False}),
    "launch-4-actors-80": (launch(only=FOUR), 80, {"rows": 7}),
    "launch-4-actors-120": (launch(only=FOUR), 120, {}),
    "launch-7-actors-80": (launch(), 80, {}),
    "launch-7-actors-120": (launch(), 120, {}),
    "two-traces-80": (two_traces(), 80, {}),
    "spawning-80": (spawning(), 80, {}),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_diagrams_look_as_they_should(name: str) -> None:
    script, columns, options = GOLDEN[name]
    golden = Path(__file__).parent / "golden" / f"{name}.txt"
    assert "\n".join(lines(script, columns, **options)) + "\n" == golden.read_text(encoding="utf-8")


def test_a_diagram_fits_whatever_is_said_by_whomever() -> None:
    rng = random.Random(7)
    letters = 'aZ9 ,=·…\u4e2d\u0301\x1b\n\t"{'

    def text(length: int) -> str:
        return "".join(rng.choices(letters, k=length))

    for _ in range(150):
        names = [
            f"{text(rng.choice((0, 1, 5, 12, 200)))}@10.0.0.{rng.randrange(3)}:5050"
            for _ in range(rng.randrange(1, 15))
        ]
        script = Script()
        for number in range(rng.randrange(0, 12)):
            script.say(
                rng.choice((0.001, 1.0, 5000.0)) * number,
                rng.choice(names),
                rng.choice(names),
                text(rng.choice((1, 8, 60))),
                outcome=rng.choice(("handled", "crashed", "dropped", "lost", "unseen")),
                reason=text(30),
                text=text(rng.choice((0, 20, 300))),
            )
        columns = rng.randrange(60, 160)
        for line in lines(script, columns, unicode=rng.random() < 0.5, notes=["note " * 40]):
            assert width(line) <= columns, line
            assert line.isprintable(), line


def test_colours_are_drawn_only_when_asked_for() -> None:
    plain, coloured = lines(greetings(), 80), lines(greetings(), 80, colour=True)
    assert "\x1b" not in "".join(plain)
    arrow = next(line for line in coloured if "Greet " in line)
    assert "\x1b[36mGreet" in arrow
    assert arrow.endswith("name=bob")
    crash = next(line for line in coloured if "KeyError" in line)
    assert crash.endswith("\x1b[0m")
    assert "\x1b[1;31m" in crash


def test_nothing_to_draw_is_told_in_numbers() -> None:
    assert lines(Script(), 80)[1].startswith("0 messages · 0 actors · 0 nodes")


def test_names_are_as_short_as_tells_them_apart() -> None:
    actors = ["a@h:1", "b@h:1", "b@h:2", "c@h:1", "c@i:1", "@h:1"]
    assert shorten(actors) == ["a", "b@h:1", "b@h:2", "c@h", "c@i", "node"]
