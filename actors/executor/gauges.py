"""The metrics of an executor node's containers: those named `containerizer/…` are shown by its agent."""

from __future__ import annotations

from actors.metrics import Counter, Gauge, Metrics, metric


class PortsMetrics(Metrics):
    """What is counted of ports."""

    unallocated: Counter = metric(
        Counter,
        "containerizer/ports/unallocated_found",
        "How often a container was found to listen on ports that are not its own.",
    )
    taken: Gauge = metric(
        Gauge,
        "containerizer/ports/offered_taken",
        "Ports that the agent offers while something else on the host listens on them.",
    )
