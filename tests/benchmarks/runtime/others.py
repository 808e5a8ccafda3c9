"""The same one-way offers between two processes by other actor libraries, where they are installed."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.benchmarks.child import child, ready
from tests.benchmarks.figure import Figure, Size, absent, at_least, compared, in_turns
from tests.benchmarks.runtime.messages import OFFER_AS_DICT

#: They are slower by two orders of magnitude.
OFFERS = 4_000


def figures(size: Size, ours: Callable[[], float]) -> Iterator[Figure]:
    """`ours` measures Pion's messages a second."""
    for library in ("xoscar", "ray"):
        name, goal = f"one way between processes, against {library}", at_least(10)
        if importlib.util.find_spec(library) is None:
            yield absent(name, "messages/s", library, goal)
        else:
            runs = in_turns(ours, partial(rate, library, size.of(OFFERS)), min(3, size.rounds))
            yield compared(name, "messages/s", library, runs, goal)


def rate(library: str, count: int) -> float:
    """Offers a second, by a process that uses the library."""
    with child("tests.benchmarks.runtime.others", library, count) as line:
        return float(line)


# These libraries ask for no type checker, and need not be there for one.


async def xoscar_rate(count: int) -> float:
    """From an actor of the main process to one of the pool's other process."""
    xoscar: Any = importlib.import_module("xoscar")
    strategy: Any = importlib.import_module("xoscar.backends.allocate_strategy")

    class Counter(xoscar.Actor):  # type: ignore[misc]
        def __init__(self) -> None:
            self._count = 0

        def offer(self, message: dict[str, object]) -> None:
            self._count += 1

        def count(self) -> int:
            return self._count

    class Teller(xoscar.Actor):  # type: ignore[misc]
        async def tell(self, counter: Any, count: int) -> int:
            for _ in range(count):
                await counter.offer.tell(OFFER_AS_DICT)
            received: int = await counter.count()
            return received

    pool = await xoscar.create_actor_pool("127.0.0.1", n_process=1)
    async with pool:
        here, there = strategy.ProcessIndex(0), strategy.ProcessIndex(1)
        address = pool.external_address
        counter = await xoscar.create_actor(Counter, address=address, allocate_strategy=there)
        teller = await xoscar.create_actor(Teller, address=address, allocate_strategy=here)
        started = time.perf_counter()
        while await teller.tell(counter, count) < count:
            await asyncio.sleep(0.001)
        return count / (time.perf_counter() - started)


def ray_rate(count: int) -> float:
    """From the driver's process to an actor's."""
    ray: Any = importlib.import_module("ray")

    class Counter:
        def __init__(self) -> None:
            self._count = 0

        def offer(self, message: dict[str, object]) -> None:
            self._count += 1

        def count(self) -> int:
            return self._count

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    counter = ray.remote(Counter).remote()
    assert ray.get(counter.count.remote()) == 0
    started = time.perf_counter()
    for _ in range(count):
        counter.offer.remote(OFFER_AS_DICT)
    assert ray.get(counter.count.remote()) == count
    rate = count / (time.perf_counter() - started)
    ray.shutdown()
    return rate


def main(library: str, count: str) -> None:
    rate = asyncio.run(xoscar_rate(int(count))) if library == "xoscar" else ray_rate(int(count))
    ready(f"{rate}")


if __name__ == "__main__":
    main(*sys.argv[1:])
