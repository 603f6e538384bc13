"""Whoever others wait for sends next, and no more are under way than may be."""

import asyncio

from contract_tests.transport.turns import Turns


def test_turns_go_to_the_first_before_those_that_wait() -> None:
    """One turn at a time: a request that others wait for overtakes, a canceled one takes no turn away."""
    order: list[str] = []

    async def run() -> None:
        turns = Turns(1)

        async def take(name: str, *, first: bool = False) -> None:
            async with turns.turn(first=first):
                order.append(name)
                await asyncio.sleep(0)

        async with turns.turn():
            tasks = [asyncio.create_task(take(name)) for name in ("a", "gone", "b")]
            tasks.append(asyncio.create_task(take("first", first=True)))
            await asyncio.sleep(0)
            tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(1), turns.turn():
            order.append("last")

    asyncio.run(run())
    assert order == ["first", "a", "b", "last"]
