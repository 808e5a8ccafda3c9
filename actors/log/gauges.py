"""Metrics of the log's replica and of its recovery, under Mesos' names and a few of our own."""

from __future__ import annotations

from actors.metrics import Counter, Gauge, Metrics, metric


class LogMetrics(Metrics):
    """What one master's node tells of the log."""

    recovered: Gauge = metric(Gauge, "registrar/log/recovered", "Whether the log's replica here votes.")
    ensemble_size: Gauge = metric(Gauge, "registrar/log/ensemble_size", "Replicas in the log's group.")
    begin: Gauge = metric(Gauge, "registrar/log/begin", "The first position that the replica here keeps.")
    end: Gauge = metric(Gauge, "registrar/log/end", "The last position that the replica here holds.")
    size_bytes: Gauge = metric(Gauge, "registrar/log/size_bytes", "Of the replica's files.")
    requests: Counter = metric(Counter, "registrar/log/requests", "Messages to the replica here.")
    syncs: Counter = metric(Counter, "registrar/log/syncs", "Times that the replica's disk was waited for.")
    batch_size: Gauge = metric(
        Gauge, "registrar/log/batch_size", "Answers that the latest of these times let go."
    )
