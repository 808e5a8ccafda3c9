from __future__ import annotations

from collections.abc import Collection
from signal import SIGKILL

from actors.executor.containerizer import CONTAINERIZER, ContainerizerProcess
from actors.executor.disk_watch import DISK_WATCH, DiskWatch
from actors.executor.gauges import DiskMetrics
from actors.executor.meter import METER, Meter
from actors.simulation import Probe, Simulation
from actors.system import Restart
from containerizers.containerizer import Notify, Usage
from containerizers.fake import Course, Delay, FakeContainerizer, FakeKernel
from transport.messages.container_spec import ContainerSpec, Limits, VolumeLimit
from transport.messages.containing import (
    ContainerEnded,
    ContainersListed,
    DisksMeasured,
    DiskUsage,
    LaunchContainer,
    Limitation,
    LimitContainer,
    ListContainers,
    ListedContainer,
    VolumeUsage,
)

MIB = 2**20


class Folder:
    """One whose count takes a while."""

    def __init__(self, used_bytes: int, entries: int) -> None:
        self.used_bytes = used_bytes
        self.left = entries
        self.closed = False

    def go_on(self, most: int) -> int:
        if self.used_bytes < 0:
            raise OSError(24, "Too many open files")
        counted = min(most, self.left)
        self.left -= counted
        return counted

    def close(self) -> None:
        self.closed = True


class Disk:
    """A disk in the hand of a test: what each folder takes up, and how many entries it has."""

    def __init__(self, **used_bytes: int) -> None:
        self.used_bytes = used_bytes
        self.entries = 3
        self.begun: list[tuple[str, tuple[str, ...]]] = []
        self.counts: list[Folder] = []
        #: So many counts end the actor by a bug.
        self.crashes = 0

    def count(self, path: str, left_out: Collection[str]) -> Folder:
        if self.crashes:
            self.crashes -= 1
            raise RuntimeError("a bug")
        self.begun.append((path, tuple(left_out)))
        name = path.rpartition("/")[2]
        if name not in self.used_bytes:
            raise FileNotFoundError(path)
        self.counts.append(Folder(self.used_bytes[name], self.entries))
        return self.counts[-1]


class House:
    """An executor node with nothing but the watch, and probes in place of those it talks to."""

    def __init__(self, disk: Disk, *, enforces: bool = True, mounts: tuple[str, ...] = ()) -> None:
        self.sim = Simulation(1)
        node = self.sim.node("executors")
        self.containerizer: Probe = node.probe(CONTAINERIZER)
        self.meter: Probe = node.probe(METER)
        self.watch = node.pid_of(DISK_WATCH)
        self.metrics = DiskMetrics()
        watch = DiskWatch(
            disk.count,
            interval_seconds=15.0,
            enforces=enforces,
            mounts=self._mounts,
            metrics=self.metrics,
        )
        node.spawn(lambda: watch, DISK_WATCH)
        self.disk = disk
        #: None: that cannot be told.
        self.mounts: tuple[str, ...] | None = mounts

    def _mounts(self) -> tuple[str, ...]:
        if self.mounts is None:
            raise OSError(24, "Too many open files")
        return self.mounts

    def answer(self, *containers: ListedContainer) -> None:
        """Answer when it is asked what there is."""
        self.sim.run_until(lambda: ListContainers() in self.containerizer.received)
        self.containerizer.received.remove(ListContainers())
        self.containerizer.send(self.watch, ContainersListed(containers))

    def round(self, *containers: ListedContainer) -> tuple[list[LimitContainer], DisksMeasured]:
        """What comes of a round: the limits it finds exceeded, and what it tells the meter."""
        self.containerizer.received.clear()
        self.meter.received.clear()
        while not self.meter.received:
            self.answer(*containers)
            self.sim.run(5.0)
        (measured,) = self.meter.received
        assert isinstance(measured, DisksMeasured)
        assert all(count.closed for count in self.disk.counts)
        return [one for one in self.containerizer.received if isinstance(one, LimitContainer)], measured


def container(name: str, disk_bytes: int | None = 10 * MIB, **limits: object) -> ListedContainer:
    return ListedContainer(
        container_id=name,
        directory=f"/sandboxes/{name}",
        limits=Limits(disk_bytes=disk_bytes, **limits),  # type: ignore[arg-type]
    )


def test_a_container_that_exceeds_its_quota_is_told_to_the_containerizer_in_the_words_of_mesos() -> None:
    house = House(Disk(big=12 * MIB, small=10 * MIB))
    limited, measured = house.round(container("big"), container("small"))
    message = "Disk usage (12MB) exceeds quota (10MB)"
    limitation = Limitation(kind="disk", message=message, used=12 * MIB)
    assert limited == [LimitContainer("big", limitation)]
    assert measured.usages == {
        "big": DiskUsage(limit_bytes=10 * MIB, used_bytes=12 * MIB),
        "small": DiskUsage(limit_bytes=10 * MIB, used_bytes=10 * MIB),
    }


def test_it_is_told_again_until_it_is_gone() -> None:
    house = House(Disk(big=12 * MIB))
    for _ in range(3):
        limited, _ = house.round(container("big"))
        assert [one.container_id for one in limited] == ["big"]
        assert house.metrics.exceeded.value == 1
    assert house.round() == ([], DisksMeasured({}))


def test_nobody_is_ended_where_quotas_are_not_enforced() -> None:
    house = House(Disk(big=12 * MIB), enforces=False)
    limited, measured = house.round(container("big"))
    assert limited == []
    assert measured.usages["big"].used_bytes == 12 * MIB


def test_only_what_has_a_quota_and_is_there_is_counted() -> None:
    disk = Disk(quota=1, free=1)
    house = House(disk)
    _, measured = house.round(
        container("gone"),
        container("free", None),
        ListedContainer(container_id="adopted"),
        container("quota"),
    )
    assert list(measured.usages) == ["quota"]
    assert [path for path, _ in disk.begun] == ["/sandboxes/gone", "/sandboxes/quota"]


def test_volumes_have_quotas_of_their_own() -> None:
    house = House(Disk(one=MIB, data=9 * MIB))
    volume = VolumeLimit(path="/volumes/data", limit_bytes=8 * MIB, persistence_id="d")
    limited, measured = house.round(container("one", volumes=(volume,)))
    assert [one.limitation.message for one in limited] == ["Disk usage (9MB) exceeds quota (8MB)"]
    told = VolumeUsage(persistence_id="d", limit_bytes=8 * MIB, used_bytes=9 * MIB)
    assert measured.usages["one"] == DiskUsage(limit_bytes=10 * MIB, used_bytes=MIB, volumes=(told,))


def test_what_is_mounted_in_a_folder_is_left_out_of_it() -> None:
    disk = Disk(one=1, on=1)
    mounts = ("/", "/sandboxes", "/sandboxes/one", "/sandboxes/one/volume", "/sandboxes/onetime")
    House(disk, mounts=mounts).round(container("one"), container("on"))
    assert disk.begun == [("/sandboxes/one", ("/sandboxes/one/volume",)), ("/sandboxes/on", ())]


def test_a_limit_that_has_risen_meanwhile_counts_and_so_does_that_the_container_is_gone() -> None:
    house = House(Disk(grown=12 * MIB, gone=12 * MIB, big=12 * MIB))
    house.answer(container("grown"), container("gone"), container("big"))
    for _ in range(3):
        house.answer(container("grown", 16 * MIB), container("big"))
    house.sim.run_until(lambda: house.meter.received)
    assert house.meter.received == [
        DisksMeasured(
            {
                "grown": DiskUsage(limit_bytes=16 * MIB, used_bytes=12 * MIB),
                "big": DiskUsage(limit_bytes=10 * MIB, used_bytes=12 * MIB),
            }
        )
    ]
    house.sim.run(1.0)
    (limited,) = house.containerizer.received
    assert isinstance(limited, LimitContainer)
    assert limited.container_id == "big"


def test_a_round_goes_on_in_small_steps_and_no_other_begins_meanwhile() -> None:
    disk = Disk(one=1, two=1)
    house = House(disk)
    sim, watch = house.sim, house.watch
    disk.entries = 20_000_000
    house.answer(container("one"), container("two"))
    sim.run(16.0)
    assert disk.begun == [("/sandboxes/one", ())]
    house.containerizer.send(watch, ContainersListed((container("two"),)))
    sim.run(16.0)
    assert house.containerizer.received == []
    assert house.meter.received == []
    sim.run_until(lambda: house.meter.received, 120.0)
    assert [path for path, _ in disk.begun] == ["/sandboxes/one", "/sandboxes/two"]


def test_a_containerizer_that_did_not_answer_is_asked_again() -> None:
    house = House(Disk(big=12 * MIB))
    house.sim.run(46.0)
    assert house.containerizer.received == [ListContainers()] * 3
    house.answer(container("big"))
    house.containerizer.received.clear()
    house.sim.run(31.0)
    assert house.containerizer.received == [ListContainers()] * 3
    house.answer(container("big"))
    house.sim.run_until(lambda: house.meter.received)


def test_a_watch_that_ends_lets_go_of_the_folder_that_it_counts() -> None:
    disk = Disk(one=1)
    disk.entries = 10_000_000
    house = House(disk)
    house.answer(container("one"))
    house.sim.run(1.0)
    (count,) = disk.counts
    assert not count.closed
    house.containerizer.terminate(house.watch)
    house.sim.run(1.0)
    assert count.closed


def test_a_folder_that_cannot_be_looked_at_just_now_is_passed_over() -> None:
    house = House(Disk(bad=-1, good=5))
    assert list(house.round(container("bad"), container("good"))[1].usages) == ["good"]


def test_nothing_is_counted_while_nobody_can_tell_what_is_mounted() -> None:
    disk = Disk(one=1)
    house = House(disk)
    mounts = house.mounts
    house.mounts = None
    house.answer(container("one"))
    house.sim.run(14.0)
    assert disk.begun == []
    house.mounts = mounts
    assert list(house.round(container("one"))[1].usages) == ["one"]


def test_with_a_real_containerizer_a_hog_ends_with_the_reason_though_messages_and_actors_are_lost() -> None:
    sim, disk = Simulation(3), Disk(hog=12 * MIB, good=MIB)
    node = sim.node("executors")
    owner, kernel = node.probe("owner"), FakeKernel(node.now)

    def make(notify: Notify, delay: Delay) -> FakeContainerizer:
        return FakeContainerizer(notify, delay, lambda _spec: Course(), kernel)

    def watch() -> DiskWatch:
        return DiskWatch(disk.count, interval_seconds=15.0, enforces=True, mounts=tuple)

    node.spawn(lambda: ContainerizerProcess(make), CONTAINERIZER)
    node.spawn(lambda: Meter(lambda: {"hog": Usage()}), METER)
    node.spawn(watch, DISK_WATCH, restart=Restart())
    for name in ("hog", "good"):
        limits = Limits(disk_bytes=10 * MIB)
        spec = ContainerSpec(arguments=("run",), directory=f"/sandboxes/{name}", limits=limits)
        owner.send(node.pid_of(CONTAINERIZER), LaunchContainer(name, spec))
    sim.drop(ContainersListed, times=2)
    lost = sim.drop(LimitContainer, times=1)
    disk.crashes = 1
    sim.run_until(lambda: lost.dropped, 90.0)
    sim.run_until(lambda: any(isinstance(one, ContainerEnded) for one in owner.received), 20.0)
    message = "Disk usage (12MB) exceeds quota (10MB)"
    limitation = Limitation(kind="disk", message=message, used=12 * MIB)
    assert owner.received[2:] == [ContainerEnded("hog", SIGKILL, limitation=limitation)]
    assert disk.crashes == 0
