"""`NativeFuture` keeps the protocol of asyncio's futures, and what awaits it cannot tell the difference."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import time
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

from fasterapi._engine import NativeFuture, Reactor, sleep
from served import Mode
from wire import PATIENCE

T = TypeVar("T")


@pytest.fixture
def run(mode: Mode) -> Callable[[Coroutine[Any, Any, T]], T]:
    def on_this_kind_of_loop(main: Coroutine[Any, Any, T]) -> T:
        with asyncio.Runner(loop_factory=mode.make_loop) as runner:
            return runner.run(asyncio.wait_for(main, PATIENCE))

    return on_this_kind_of_loop


class Pending:
    """A sleep that was begun: `future` is what it waits for."""

    def __init__(self, delay: float) -> None:
        self.awaitable: Any = sleep(delay)
        self.future: NativeFuture[None] = self.awaitable.send(None)


def test_sleep_waits_at_least_its_time(run: Any) -> None:
    async def main() -> None:
        for delay in (0, 0.001, 0.01, 0.05):
            start = time.monotonic()
            assert await sleep(delay) is None
            assert time.monotonic() - start >= delay

    run(main())


def test_sleeps_end_in_the_order_of_their_times(run: Any) -> None:
    async def main() -> list[int]:
        ended: list[int] = []

        async def one(number: int) -> None:
            await sleep(number * 0.005)
            ended.append(number)

        await asyncio.gather(*[one(number) for number in reversed(range(20))])
        return ended

    assert run(main()) == list(range(20))


@pytest.mark.parametrize("delay", [-1, float("inf"), float("nan"), "1", None])
def test_sleep_refuses_what_is_no_time(run: Any, delay: Any) -> None:
    async def main() -> None:
        with pytest.raises(ValueError if isinstance(delay, int | float) else TypeError):
            await sleep(delay)

    run(main())


def test_sleep_without_a_running_loop_says_so() -> None:
    step: Any = sleep(0)
    with pytest.raises(RuntimeError, match="loop"):
        step.send(None)


def test_ten_thousand_sleeps_end_together(run: Any) -> None:
    async def main() -> int:
        return len(await asyncio.gather(*[sleep(0.001 * (number % 50)) for number in range(10_000)]))

    assert run(main()) == 10_000


def test_step_of_a_waiting_awaitable_yields_a_native_future(run: Any) -> None:
    async def main() -> None:
        pending = Pending(60)
        future = pending.future
        assert type(future) is NativeFuture
        assert asyncio.isfuture(future)
        assert future._asyncio_future_blocking is True
        assert future.get_loop() is asyncio.get_running_loop()
        assert not future.done()
        assert not future.cancelled()
        with pytest.raises(asyncio.InvalidStateError):
            future.result()
        with pytest.raises(asyncio.InvalidStateError):
            future.exception()
        pending.awaitable.close()

    run(main())


def test_gather_wait_wait_for_and_shield_take_it(run: Any) -> None:
    async def main() -> None:
        futures: list[Any] = [Pending(0.01 * number).future for number in range(1, 4)]
        for future in futures:
            future._asyncio_future_blocking = False
        assert await asyncio.gather(*futures) == [None, None, None]
        again: Any = Pending(0.01).future
        again._asyncio_future_blocking = False
        done, pending = await asyncio.wait([again])
        assert done == {again} and not pending
        third: Any = Pending(0.01).future
        third._asyncio_future_blocking = False
        assert await asyncio.wait_for(third, PATIENCE) is None
        fourth: Any = Pending(0.01).future
        fourth._asyncio_future_blocking = False
        assert await asyncio.shield(fourth) is None
        assert all(future.done() and future.result() is None for future in (*futures, again, third, fourth))

    run(main())


def test_wait_for_times_out_and_cancels_it(run: Any) -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(sleep(60), 0.01)
        future: Any = Pending(60).future
        future._asyncio_future_blocking = False
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(future, 0.01)
        assert future.cancelled()

    run(main())


def test_shield_keeps_it_alive_when_the_outer_is_cancelled(run: Any) -> None:
    async def main() -> None:
        future: Any = Pending(0.05).future
        future._asyncio_future_blocking = False

        async def outer() -> None:
            await asyncio.shield(future)

        task = asyncio.create_task(outer())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not future.done()
        assert await future is None

    run(main())


def test_cancel_resolves_once_and_gives_its_message(run: Any) -> None:
    async def main() -> None:
        future: Any = Pending(60).future
        seen: list[Any] = []
        future.add_done_callback(seen.append)
        assert future.cancel("because") is True
        assert future.cancel() is False
        assert future.done() and future.cancelled()
        with pytest.raises(asyncio.CancelledError, match="because"):
            future.result()
        with pytest.raises(asyncio.CancelledError):
            future.exception()
        assert seen == []
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert seen == [future]

    run(main())


def test_task_that_waits_is_cancelled(run: Any) -> None:
    async def main() -> list[str]:
        seen: list[str] = []

        async def waiting() -> None:
            try:
                await sleep(60)
            except asyncio.CancelledError as error:
                seen.append(str(error))
                raise

        task = asyncio.create_task(waiting())
        await asyncio.sleep(0)
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.TaskGroup() as group:
            other = group.create_task(waiting())
            await asyncio.sleep(0)
            other.cancel()
        return seen

    assert run(main()) == ["enough", ""]


def test_cancellation_may_be_swallowed_and_the_wait_repeated(run: Any) -> None:
    async def main() -> str:
        async def stubborn() -> str:
            try:
                await sleep(60)
            except asyncio.CancelledError:
                await sleep(0.01)
                return "ended by itself"
            return "never"

        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        task.cancel()
        return await task

    assert run(main()) == "ended by itself"


def test_done_callbacks_run_once_in_order_in_their_context_from_the_loop(run: Any) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")

    async def main() -> list[str]:
        future: Any = Pending(0.01).future
        seen: list[str] = []
        context = contextvars.copy_context()
        context.run(variable.set, "given")
        future.add_done_callback(lambda done: seen.append(f"first {variable.get()} {done is future}"), context=context)
        variable.set("current")
        future.add_done_callback(lambda done: seen.append(f"second {variable.get()} {done is future}"))

        def removed(done: object) -> None:
            seen.append("removed")

        future.add_done_callback(removed)
        future.add_done_callback(removed)
        assert future.remove_done_callback(removed) == 2
        assert future.remove_done_callback(removed) == 0
        await sleep(0.05)
        future.add_done_callback(lambda done: seen.append("late"))
        assert "late" not in seen
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return seen

    assert run(main()) == ["first given True", "second current True", "late"]


def test_exception_in_a_done_callback_reaches_the_loops_handler(run: Any) -> None:
    async def main() -> list[str]:
        seen: list[str] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: seen.append(repr(context.get("exception")))
        )
        future: Any = Pending(0.01).future
        future.add_done_callback(lambda done: 1 / 0)
        future.add_done_callback(lambda done: seen.append("next"))
        await sleep(0.05)
        return sorted(seen)

    assert run(main()) == ["ZeroDivisionError('division by zero')", "next"]


def test_create_task_takes_the_awaitable_and_refuses_the_future(run: Any) -> None:
    async def main() -> None:
        await asyncio.create_task(sleep(0.001))
        future: Any = Pending(0.001).future
        with pytest.raises(TypeError):
            await asyncio.create_task(future)

    run(main())


def test_methods_from_another_thread_are_a_runtime_error(run: Any) -> None:
    async def main() -> list[str]:
        pending = Pending(0.05)
        future: Any = pending.future
        seen: list[str] = []

        def elsewhere() -> None:
            for call in (future.cancel, lambda: future.add_done_callback(print), lambda: sleep(0).send(None)):
                try:
                    call()
                except RuntimeError as error:
                    seen.append(str(error))
                else:
                    seen.append("")

        thread = threading.Thread(target=elsewhere)
        thread.start()
        await asyncio.to_thread(thread.join)
        assert not future.cancelled()
        return seen

    errors = run(main())
    assert len(errors) == 3 and all(errors)


def test_dropped_future_is_collected(run: Any) -> None:
    class Mark:
        pass

    async def main() -> None:
        mark = Mark()
        seen = weakref.ref(mark)
        future: Any = Pending(0.001).future
        future.add_done_callback(lambda done, mark=mark: None)
        del mark, future
        await sleep(0.05)
        gc.collect()
        assert seen() is None

    run(main())


def test_future_in_a_cycle_is_collected(run: Any) -> None:
    class Mark:
        future: Any = None

    async def main() -> None:
        mark = Mark()
        mark.future = Pending(60).future
        mark.future.add_done_callback(lambda done, mark=mark: None)
        mark.future.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        seen = weakref.ref(mark)
        del mark
        gc.collect()
        assert seen() is None

    run(main())


def test_loop_may_be_closed_while_it_is_pending(mode: Mode) -> None:
    loop = mode.make_loop()

    async def begin() -> Pending:
        return Pending(60)

    pending = loop.run_until_complete(begin())
    loop.close()
    pending.awaitable.close()
    gc.collect()


def test_many_waiters_resolved_in_one_turn_all_run(run: Any) -> None:
    async def main() -> int:
        count = 0

        async def one() -> None:
            nonlocal count
            await sleep(0.01)
            count += 1
            await sleep(0)
            count += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(2000):
                group.create_task(one())
        return count

    assert run(main()) == 4000


def test_a_future_of_the_reactor_ends_with_the_result_that_is_set(run: Any) -> None:
    async def main() -> None:
        reactor = Reactor.attach(asyncio.get_running_loop())
        future = reactor.create_future()
        waiting = [asyncio.create_task(waits(future)) for _ in range(3)]
        await asyncio.sleep(0)
        future.set_result("set")
        assert future.done() and future.result() == "set"
        with pytest.raises(asyncio.InvalidStateError):
            future.set_result("again")
        assert [await task for task in waiting] == ["set"] * 3
        assert await waits(future) == "set"

    run(main())


def test_who_waits_for_a_set_result_goes_on_behind_the_one_who_sets_it(run: Any) -> None:
    async def main() -> list[str]:
        order: list[str] = []
        reactor = Reactor.attach(asyncio.get_running_loop())
        futures: list[NativeFuture[None]] = [reactor.create_future() for _ in range(300)]

        async def one(number: int) -> None:
            await futures[number]
            order.append(f"{number} goes on")
            if number + 1 < len(futures):
                futures[number + 1].set_result(None)
            order.append(f"{number} has set")

        async with asyncio.TaskGroup() as group:
            for number in range(len(futures)):
                group.create_task(one(number))
            await asyncio.sleep(0)
            futures[0].set_result(None)
        return order

    assert run(main()) == [f"{number} {what}" for number in range(300) for what in ("goes on", "has set")]


def test_a_set_result_is_not_lost_by_a_waiter_that_is_cancelled_meanwhile(run: Any) -> None:
    async def main() -> None:
        future = Reactor.attach(asyncio.get_running_loop()).create_future()
        task = asyncio.create_task(waits(future))
        await asyncio.sleep(0)
        future.set_result("kept")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not future.cancelled() and future.result() == "kept"

        never = Reactor.attach(asyncio.get_running_loop()).create_future()
        task = asyncio.create_task(waits(never))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert never.cancelled()

    run(main())


def test_a_future_that_is_its_own_result_is_collected(run: Any) -> None:
    class Mark:
        pass

    async def main() -> None:
        mark = Mark()
        seen = weakref.ref(mark)
        future = Reactor.attach(asyncio.get_running_loop()).create_future()
        future.set_result((future, mark))
        del future, mark
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gc.collect()
        assert seen() is None

    run(main())


async def waits(future: NativeFuture[T]) -> T:
    return await future
