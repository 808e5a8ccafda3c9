from __future__ import annotations

import asyncio

import pytest

from transport.http.patience import Patience


async def wait(patience: Patience, until: float, *, relaxed: bool = False) -> str:
    patience.begin(until)
    if relaxed:
        patience.relax()
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        if not patience.is_over:
            raise
        return "given up"
    finally:
        patience.end()
    return "done"


async def begun(patience: Patience, until: float, *, relaxed: bool = False) -> asyncio.Task[str]:
    task = asyncio.create_task(wait(patience, until, relaxed=relaxed))
    await asyncio.sleep(0)
    return task


def test_a_handler_is_given_up_when_its_time_is_over_and_no_sooner() -> None:
    async def run() -> None:
        patience = Patience()
        task = await begun(patience, 10.0)
        patience.check(9.9)
        await asyncio.sleep(0)
        assert not task.done()
        patience.check(10.0)
        patience.check(11.0)
        assert await task == "given up"
        assert not task.cancelling()
        assert not patience.is_over
        patience.check(12.0)

    asyncio.run(run())


def test_one_that_takes_its_time_is_given_up_by_nobody_but_its_client_and_the_server() -> None:
    async def run() -> None:
        patience = Patience()
        task = await begun(patience, 10.0, relaxed=True)
        patience.check(1e9)
        await asyncio.sleep(0)
        assert not task.done()
        patience.lose()
        assert await task == "given up"
        task = await begun(patience, 10.0, relaxed=True)
        patience.leave()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def test_others_do_not_end_with_their_client() -> None:
    async def run() -> None:
        patience = Patience()
        task = await begun(patience, 10.0)
        patience.leave()
        await asyncio.sleep(0)
        assert not task.done()
        task.cancel()

    asyncio.run(run())
