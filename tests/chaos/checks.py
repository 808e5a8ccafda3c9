"""What must never happen, whatever fails: each check looks for it in the evidence of a run at rest.

They are about what users see and tasks wrote, and know nothing of how the product works. The numbers are
those of reliability.md §2.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator

from tests.chaos.evidence import Evidence
from tests.chaos.history import Event

#: How far a task is; it never goes back. What is not here comes of the master alone, and may be mistaken.
_RANKS = {
    "TASK_STAGING": 0,
    "TASK_STARTING": 1,
    "TASK_RUNNING": 2,
    "TASK_KILLING": 3,
    "TASK_FINISHED": 4,
    "TASK_FAILED": 4,
    "TASK_KILLED": 4,
    "TASK_ERROR": 4,
}
_CERTAIN = ("TASK_FINISHED", "TASK_FAILED", "TASK_KILLED", "TASK_ERROR")
#: A task of which the framework is told so does not run, and never will.
_NEVER = ("TASK_DROPPED", "TASK_ERROR")
#: After everything is healed, all must be well within so long (R23).
CONVERGED_SECONDS = 120.0

Check = Callable[[Evidence], Iterator[str]]


def tasks_start_at_most_once(evidence: Evidence) -> Iterator[str]:
    """I7: each was launched once."""
    launched = {event.text("task") for event in evidence.said("launch")}
    for task, count in collections.Counter(run.task for run in evidence.runs).items():
        if count > 1:
            yield f"I7: {task} was started {count} times"
        if task not in launched:
            yield f"I7: {task} was started, and nobody had launched it"


def updates_come_in_order(evidence: Evidence) -> Iterator[str]:
    """I9, I10, I11: no update goes back, and nothing comes after the end; one may be told again as it was."""
    for task, events in evidence.updates().items():
        rank, by_uuid = 0, dict[str, Event]()
        for event in events:
            uuid, state = event.values["uuid"], event.text("state")
            if isinstance(uuid, str):
                first = by_uuid.setdefault(uuid, event)
                if first.values["state"] != state:
                    yield f"I11: {task}: {uuid} is {first.values['state']} and {state}"
                if first is not event:
                    continue
            if rank == 4 and state not in _CERTAIN:
                yield f"I9: {task}: {state} after its end"
            elif _RANKS.get(state, rank) < rank:
                yield f"I10: {task}: {state} after a later state"
            rank = max(rank, _RANKS.get(state, 0))


def what_is_said_is_true(evidence: Evidence) -> Iterator[str]:
    """I16: a finished task has come to its end by itself; of one that was given up nothing runs."""
    runs = {run.task: run for run in evidence.runs}
    for task, events in evidence.updates().items():
        run, state = runs.get(task), events[-1].text("state")
        if state == "TASK_FINISHED" and (run is None or run.end is None):
            yield f"I16: {task} is said to have finished, and has not"
        if state in _NEVER and run is not None:
            yield f"I16: {task} is {state}, and was started"
        if task in evidence.alive and state in _CERTAIN:
            yield f"I16: {task} is {state}, and runs"


def no_task_ends_unasked(evidence: Evidence) -> Iterator[str]:
    """R1, R3: what was started runs to its own end, unless its framework had it killed."""
    killed = {event.text("task") for event in evidence.said("kill")}
    for run in evidence.runs:
        if run.end is None and run.task not in evidence.alive and run.task not in killed:
            yield f"R1: {run.task} ended, and nobody had asked for that"


def every_end_is_told(evidence: Evidence) -> Iterator[str]:
    """I12: what came of a task was delivered, however often everything failed meanwhile.

    Of one whose executor node was killed it cannot be learned how it ended: it has failed.
    """
    updates = evidence.updates()
    ends = {"TASK_FINISHED", "TASK_KILLED"}
    if any(event.values.get("name") == "kill_executor_node" for event in evidence.seen("fault")):
        ends.add("TASK_FAILED")
    for run in evidence.runs:
        told = {event.text("state") for event in updates.get(run.task, ())}
        if run.task in evidence.alive and "TASK_RUNNING" not in told:
            yield f"I12: {run.task} runs, and its framework was told {sorted(told)}"
        if run.end is not None and not told & ends:
            yield f"I12: {run.task} finished, and its framework was told {sorted(told)}"


def all_agree_at_rest(evidence: Evidence) -> Iterator[str]:
    """I14: what the master told last of everything that it knows is what runs."""
    asked = [index for index, event in enumerate(evidence.load) if event.kind == "reconcile"]
    if not asked:
        yield "I14: the master was not asked"
        return
    told = {
        event.text("task"): event.text("state")
        for event in evidence.load[asked[-1] :]
        if event.kind == "update" and event.values["uuid"] is None
    }
    running = {task for task, state in told.items() if state == "TASK_RUNNING"}
    for task in sorted(running ^ evidence.alive):
        where = "at the master" if task in running else "on an agent"
        yield f"I14: {task} runs {where} only"


def the_log_has_one_writer(evidence: Evidence) -> Iterator[str]:
    """I17: an entry of one reign never follows one of a later reign."""
    epochs = {
        event.number("position"): event.number("epoch")
        for event in evidence.seen("entry")
        if "epoch" in event.values
    }
    if not epochs:
        yield "I17: nothing of the log was read"
    latest = 0
    for position, epoch in sorted(epochs.items()):
        if epoch < latest:
            yield f"I17: position {position} is of epoch {epoch}, after one of {latest}"
        latest = max(latest, epoch)


def replicas_agree(evidence: Evidence) -> Iterator[str]:
    """I18: what one replica knows to be chosen at a position, all others know too, or nothing."""
    digests: dict[int, tuple[str, str]] = {}
    for event in evidence.seen("entry"):
        position, host, digest = event.number("position"), event.text("host"), event.text("digest")
        first_host, first = digests.setdefault(position, (host, digest))
        if first != digest:
            yield f"I18: position {position} is {first} at {first_host} and {digest} at {host}"


def acknowledged_operations_stay(evidence: Evidence) -> Iterator[str]:
    """R24: what is read was written, and nothing that was acknowledged is undone by what was before.

    Of a write that was not answered it is not known whether, or when, it was done.
    """
    asked: dict[int, tuple[str, str | None]] = {}
    confirmed: dict[str, int] = {}
    open_: dict[str, set[int]] = collections.defaultdict(set)
    for event in evidence.driver:
        if event.kind == "asked":
            role = event.values.get("role")
            subject = event.text("what") if role is None else str(role)
            asked[event.number("number")] = (subject, None)
            open_[subject].add(event.number("number"))
        elif event.kind in ("acknowledged", "refused"):
            subject, _ = asked[event.number("number")]
            open_[subject].discard(event.number("number"))
            if event.kind == "acknowledged":
                confirmed[subject] = event.number("number")
        elif event.kind == "read":
            yield from _judge("schedule", event.number("value"), confirmed, open_)
    for role, weight in evidence.weights.items():
        if role in open_ or role in confirmed:
            yield from _judge(role, int(weight), confirmed, open_)
    yield from (
        f"R24: the weight of {role} is lost"
        for role in confirmed
        if role.startswith("rig-")
        if role not in evidence.weights
    )


def _judge(subject: str, value: int, confirmed: dict[str, int], open_: dict[str, set[int]]) -> Iterator[str]:
    last = confirmed.get(subject, 0)
    if value != last and value not in open_[subject]:
        yield f"R24: {subject} is {value}, and {last} was acknowledged"


def who_was_admitted_stays(evidence: Evidence) -> Iterator[str]:
    """I21, I23, I25: agents and the framework keep their ids, and the registry has them all."""
    agents = {event.text("agent") for event in evidence.said("launch")}
    if evidence.admitted is not None:
        for agent in sorted(agents - evidence.admitted):
            yield f"I21: agent {agent} ran tasks, and the registry does not know it"
    frameworks = {event.text("framework") for event in evidence.said("subscribed")}
    if len(frameworks) > 1:
        yield f"I25: the framework was called {sorted(frameworks)}"


def everything_heals_without_hands(evidence: Evidence) -> Iterator[str]:
    """R23."""
    for event in evidence.seen("not converged"):
        yield f"R23: {event.values}"


def nothing_crashes(evidence: Evidence) -> Iterator[str]:
    """I39, and no daemon gives up by itself."""
    yield from (f"I39: {line}" for line in evidence.crashes)
    yield from (f"I38: {line}" for line in evidence.ended)


CHECKS: tuple[Check, ...] = (
    tasks_start_at_most_once,
    updates_come_in_order,
    what_is_said_is_true,
    no_task_ends_unasked,
    every_end_is_told,
    all_agree_at_rest,
    the_log_has_one_writer,
    replicas_agree,
    acknowledged_operations_stay,
    who_was_admitted_stays,
    everything_heals_without_hands,
    nothing_crashes,
)


def violations(evidence: Evidence) -> list[str]:
    """Everything that must never happen and did."""
    return [violation for check in CHECKS for violation in check(evidence)]
