"""How much of the cluster there is and is used, under Mesos' names: `master/cpus_used` and the like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

from actors.master.cluster import Cluster
from actors.metrics import Gauge, Metrics
from transport.records.resources import Resources

#: So long one reckoning is good for: a snapshot reads two dozen gauges.
_FRESH_SECONDS: Final = 1.0
_NAMES: Final = ("cpus", "gpus", "mem", "disk")

#: Thousandths by the name of a gauge, such as cpus_used or mem_revocable_total.
_Amounts: TypeAlias = Counter[str]


class UsageMetrics(Metrics):
    """For each name what there is, what is used, and which part that is; and the same of revocable resources.

    They are read from the books when somebody asks, on whatever thread.
    """

    def read_from(self, cluster: Cluster, now: Callable[[], float]) -> None:
        """Read these books; `now` gives monotonic seconds."""
        latest: list[tuple[float, _Amounts]] = []

        def amounts() -> _Amounts:
            moment = now()
            if not latest or moment - latest[0][0] > _FRESH_SECONDS:
                latest[:] = [(moment, _reckon(cluster))]
            return latest[0][1]

        def amount(gauge: str) -> float:
            return amounts()[gauge] / 1000

        def share(kind: str) -> float:
            total = amounts()[f"{kind}_total"]
            return amounts()[f"{kind}_used"] / total if total else 0.0

        for kind in (*_NAMES, *(f"{name}_revocable" for name in _NAMES)):
            self._show(f"{kind}_total", partial(amount, f"{kind}_total"), "what all agents have")
            self._show(f"{kind}_used", partial(amount, f"{kind}_used"), "what tasks and executors hold")
            self._show(f"{kind}_percent", partial(share, kind), "the part that is used, 1 being all")

    def _show(self, name: str, read: Callable[[], float], what: str) -> None:
        gauge = Gauge(f"master/{name}", f"{name.rpartition('_')[0]}: {what}.")
        gauge.read = read
        setattr(self, name, gauge)


def _reckon(cluster: Cluster) -> _Amounts:
    amounts: _Amounts = Counter()
    for agent in tuple(cluster.agents.values()):
        _add(amounts, agent.total, "total")
        for task in tuple(agent.tasks.values()):
            _add(amounts, task.holding, "used")
        for executor in tuple(agent.executors.values()):
            _add(amounts, Resources(executor.resources), "used")
    return amounts


def _add(amounts: _Amounts, resources: Resources, what: str) -> None:
    revocable = resources.revocable
    for name, thousandths in resources.scalar_quantities.thousandths.items():
        amounts[f"{name}_{what}"] += thousandths - revocable.scalar_quantities[name]
    for name, thousandths in revocable.scalar_quantities.thousandths.items():
        amounts[f"{name}_revocable_{what}"] += thousandths
