"""What the registrar shows of itself, under Mesos' names (mesos-metrics.tsv)."""

from __future__ import annotations

from actors.metrics import Gauge, Metrics, Timer, metric


class RegistrarMetrics(Metrics):
    """How long the registry takes to read and to write, and how much there is of it."""

    state_fetch: Timer = metric(Timer, "registrar/state_fetch", "How long reading the registry took.")
    state_store: Timer = metric(Timer, "registrar/state_store", "How long writing the registry took.")
    queued_operations: Gauge = metric(
        Gauge, "registrar/queued_operations", "Operations that are not durable yet."
    )
    registry_size_bytes: Gauge = metric(
        Gauge, "registrar/registry_size_bytes", "Size of the registry as it was last written."
    )
