"""Counters, gauges and timers under Mesos' names, declared in one dataclass per actor.

    class MasterMetrics(Metrics):
        uptime: Gauge = metric(Gauge, "master/uptime_secs", "Seconds since the master started.")

One thread changes a metric (its actor's); any thread may read it.
"""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar, Protocol, TypeVar, cast, dataclass_transform

T = TypeVar("T", bound="_Metric")

#: A value with what tells it from the others of the same metric: label names and values.
Sample = tuple[Mapping[str, str], float]


class _Metric(Protocol):
    kind: ClassVar[str]
    name: str
    help: str

    def flat(self) -> Iterator[tuple[str, float]]: ...

    def samples(self) -> Iterator[Sample]: ...


def metric(kind: type[T], name: str, help: str) -> T:  # noqa: A002
    """Declare one metric of an actor, named as Mesos names it."""
    make = cast("Callable[[str, str], T]", kind)
    field: T = dataclasses.field(default_factory=lambda: make(name, help))
    return field


@dataclass_transform(kw_only_default=True)
class Metrics:
    """The metrics of one actor; a subclass is a dataclass of them."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        dataclasses.dataclass(kw_only=True)(cls)


class Counter:
    """Counts what happened; never falls."""

    kind: ClassVar[str] = "counter"

    def __init__(self, name: str, help: str) -> None:  # noqa: A002
        self.name = name
        self.help = help
        self.value = 0

    def increment(self, by: int = 1) -> None:
        """Count `by` more."""
        self.value += by

    def flat(self) -> Iterator[tuple[str, float]]:
        """The value under the metric's name."""
        yield self.name, self.value

    def samples(self) -> Iterator[Sample]:
        """The value without labels."""
        yield {}, self.value


class Gauge:
    """A value that rises and falls: what was last `set`, or what `read` gives when that is set."""

    kind: ClassVar[str] = "gauge"

    def __init__(self, name: str, help: str) -> None:  # noqa: A002
        self.name = name
        self.help = help
        self.read: Callable[[], float] = lambda: 0.0

    def set(self, value: float) -> None:
        """Show `value` from now on."""
        self.read = lambda: value

    def flat(self) -> Iterator[tuple[str, float]]:
        """The value under the metric's name."""
        yield self.name, self.read()

    def samples(self) -> Iterator[Sample]:
        """The value without labels."""
        yield {}, self.read()


class Family:
    """One gauge for each of several things: `node/mailbox_depth/foreman`, or a label in Prometheus."""

    kind: ClassVar[str] = "gauge"

    def __init__(self, name: str, help: str, label: str = "name") -> None:  # noqa: A002
        self.name = name
        self.help = help
        self.label = label
        self.read: Callable[[], Mapping[str, float]] = dict

    def flat(self) -> Iterator[tuple[str, float]]:
        """Each value under the metric's name and its own."""
        for member, value in self.read().items():
            yield f"{self.name}/{member}", value

    def samples(self) -> Iterator[Sample]:
        """Each value with its name as label."""
        for member, value in self.read().items():
            yield {self.label: member}, value


class Timer:
    """How long something takes: the last run and, as Mesos does, statistics of the latest 1,000 in ms."""

    kind: ClassVar[str] = "gauge"
    window: ClassVar[int] = 1000

    _QUANTILES: ClassVar[Mapping[str, float]] = {
        "p50": 0.5,
        "p90": 0.9,
        "p95": 0.95,
        "p99": 0.99,
        "p999": 0.999,
        "p9999": 0.9999,
    }

    def __init__(self, name: str, help: str) -> None:  # noqa: A002
        self.name = name
        self.help = help
        self._latest: deque[float] = deque(maxlen=self.window)

    def record(self, seconds: float) -> None:
        """Note one run."""
        self._latest.append(seconds * 1000)

    def flat(self) -> Iterator[tuple[str, float]]:
        """`name_ms`, and from the second run on `name_ms/count`, `/min`, `/max` and `/p50` to `/p9999`."""
        for labels, value in self.samples():
            yield "/".join((f"{self.name}_ms", *labels.values())), value

    def samples(self) -> Iterator[Sample]:
        """The last run without labels, then the statistics by the label `statistic`."""
        latest = list(self._latest)
        if not latest:
            return
        yield {}, latest[-1]
        if len(latest) < 2:
            return
        ordered = sorted(latest)
        yield {"statistic": "count"}, len(ordered)
        yield {"statistic": "min"}, ordered[0]
        yield {"statistic": "max"}, ordered[-1]
        for name, part in self._QUANTILES.items():
            yield {"statistic": name}, _quantile(ordered, part)


class Registry:
    """All metrics of one daemon."""

    def __init__(self) -> None:
        self._metrics: dict[str, _Metric] = {}

    def add(self, metrics: Metrics) -> None:
        """Take in the metrics of one actor; a name seen before is replaced."""
        for one in vars(metrics).values():
            self._metrics[one.name] = one

    def snapshot(self) -> dict[str, float]:
        """Every value by its Mesos name, as `/metrics/snapshot` shows them."""
        return dict(pair for one in tuple(self._metrics.values()) for pair in one.flat())

    def value(self, name: str) -> float:
        """What a counter or gauge of that name shows; 0 when there is none."""
        one = self._metrics.get(name)
        return 0.0 if one is None else next(iter(one.flat()), (name, 0.0))[1]

    def prometheus(self) -> str:
        """The same in Prometheus' text form 0.0.4."""
        return "".join(line + "\n" for one in tuple(self._metrics.values()) for line in _prometheus(one))


def _prometheus(one: _Metric) -> Iterator[str]:
    name = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in one.name)
    if isinstance(one, Timer):
        name += "_ms"
    yield f"# HELP {name} {_escaped(one.help)}"
    yield f"# TYPE {name} {one.kind}"
    for labels, value in one.samples():
        inside = ",".join(f'{label}="{_quoted(text)}"' for label, text in labels.items())
        yield f"{name}{{{inside}}} {value}" if inside else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")


def _quantile(ordered: Sequence[float], part: float) -> float:
    """Between the two nearest samples, by linear interpolation."""
    place = part * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
