"""Scenarios as transcripts: what the master does, and under each run what is offered.

    agent one cpus:4;mem:4096
    framework f1 role1
    run
      f1 role1 one cpus:4;mem:4096
    launch f1 one cpus:2;mem:1024

A transcript is right if playing its commands writes the very same text. `play` does so; each command is a
method of `Player`. Blank lines and lines that begin with # are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.quota import Quota
from actors.master.allocator.settings import Settings
from tests.actors.master.allocator.factories import add_agent, framework_info, resources
from transport.records.offer import Filters
from transport.records.quantities import Quantities
from transport.records.resources import Resources
from transport.records.scalar import to_thousandths


def play(transcript: str, settings: Settings | None = None) -> str:
    player = Player(settings)
    lines = []
    for line in transcript.splitlines():
        if line.startswith(" "):
            continue
        lines.append(line)
        if line and not line.startswith("#"):
            command, *arguments = line.split()
            lines += [f"  {said}" for said in getattr(player, command)(*arguments) or ()]
    return "\n".join(lines) + "\n"


class Player:
    def __init__(self, settings: Settings | None) -> None:
        self.allocator = HierarchicalAllocator(settings)
        self.rng = Random(1)
        self.now = 0.0
        #: What is offered or allocated, by framework and agent.
        self.held: dict[tuple[str, str], Resources] = {}

    def agent(self, name: str, text: str) -> None:
        add_agent(self.allocator, name, text)

    def framework(self, name: str, roles: str, without: str = "") -> None:
        self.allocator.add_framework(
            name, framework_info(*roles.split(","), without=tuple(without.split(",")))
        )

    def weight(self, role: str, weight: str) -> None:
        self.allocator.set_weights({role: float(weight)})

    def quota(self, role: str, *parts: str) -> None:
        """`quota role guarantee=cpus:1;mem:512 limit=cpus:2`"""
        amounts = dict(part.split("=") for part in parts)
        guarantees = dict(Quantities.parse(amounts.get("guarantee", "")).thousandths)
        limits = {
            name: to_thousandths(float(value))
            for name, value in (each.split(":") for each in amounts.get("limit", "").split(";") if each)
        }
        self.allocator.set_quota(role, Quota(guarantees, limits))

    def run(self, *agents: str) -> Iterator[str]:
        """Everything, or only some agents."""
        allocation = self.allocator.allocate(self.now, self.rng, agents or None)
        offers = sorted(
            (framework, role, agent, offered)
            for framework, roles in allocation.offers.items()
            for role, agents_ in roles.items()
            for agent, offered in agents_.items()
        )
        for framework, role, agent, offered in offers:
            holder = framework, agent
            self.held[holder] = self.held.get(holder, Resources()) + offered
            yield f"{framework} {role} {agent} {written(offered)}"
        if not offers:
            yield "nothing"

    def launch(self, framework: str, agent: str, text: str) -> None:
        """Use a part of what is held, and give the rest back."""
        held = self.held[framework, agent]
        (role,) = held.allocations
        task = resources(text).allocate(role)
        self.held[framework, agent] = task
        self.recover(framework, agent, held - task, None)

    def decline(self, framework: str, agent: str, seconds: str | None = None) -> None:
        filters = None if seconds is None else Filters(refuse_seconds=float(seconds))
        self.recover(framework, agent, self.held.pop((framework, agent)), filters)

    def finish(self, framework: str, agent: str, text: str) -> None:
        """Give a part of what is held back."""
        held = self.held[framework, agent]
        (role,) = held.allocations
        part = resources(text).allocate(role)
        self.held[framework, agent] = held - part
        self.recover(framework, agent, part, None)

    def recover(self, framework: str, agent: str, given: Resources, filters: Filters | None) -> None:
        self.allocator.recover(framework, agent, given, filters, self.now)

    def suppress(self, framework: str, *roles: str) -> None:
        self.allocator.suppress(framework, roles)

    def revive(self, framework: str, *roles: str) -> None:
        self.allocator.revive(framework, roles)

    def wait(self, seconds: str) -> None:
        self.now += float(seconds)

    def remove(self, framework: str) -> None:
        self.allocator.remove_framework(framework)

    def why(self, agent: str, framework: str, role: str) -> Iterator[str]:
        for rule, detail, until in self.allocator.why(agent, framework, role, self.now):
            yield f"{rule}: {detail}" if until is None else f"{rule} for {until - self.now:g} s: {detail}"


def written(given: Resources) -> str:
    """As `factories.resources` reads it."""
    return ";".join(
        f"{each.name}"
        + (f"({each.reservations[-1].role})" if each.reservations else "")
        + ("*" if each.revocable else "")
        + ":"
        + str(Resources([each])).rpartition(":")[2].strip()
        for each in sorted(
            given, key=lambda each: (each.name, str(each.reservations), each.revocable is not None)
        )
    )
