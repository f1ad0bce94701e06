"""Signals and Ctrl-C while the loop waits and while it works, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from served import Mode
from wire import PATIENCE

TESTS = str(Path(__file__).parents[1])
PROLOGUE = f"""
import asyncio, os, signal, sys, threading, time
sys.path.insert(0, {TESTS!r})
from served import Mode
import fasterapi

def kill(number=signal.SIGINT):
    os.kill(os.getpid(), number)

def later(function, *arguments):
    threading.Timer(0.1, function, arguments).start()
"""


def outcome(script: str, *arguments: str) -> tuple[str, int]:
    """What a script printed and how it ended."""
    run = subprocess.run(
        [sys.executable, "-c", PROLOGUE + script, *arguments], capture_output=True, text=True, timeout=PATIENCE
    )
    assert "Fatal Python error" not in run.stderr and "panicked" not in run.stderr, run.stderr
    return run.stdout, run.returncode


def test_signal_handler_of_the_loop_runs_while_it_waits(mode: Mode) -> None:
    printed, status = outcome(
        """
async def main():
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, done.set)
    later(kill, signal.SIGUSR1)
    await done.wait()
    print("handled")

with asyncio.Runner(loop_factory=Mode(sys.argv[1]).make_loop) as runner:
    runner.run(main())
""",
        mode.value,
    )
    assert (printed, status) == ("handled\n", 0)


def test_handler_of_the_program_runs_while_the_loop_waits_and_the_wait_goes_on() -> None:
    printed, status = outcome(
        """
seen = []
signal.signal(signal.SIGUSR1, lambda *arguments: seen.append(time.monotonic()))

async def main():
    start = time.monotonic()
    later(kill, signal.SIGUSR1)
    await asyncio.sleep(0.5)
    assert time.monotonic() - start >= 0.5
    assert len(seen) == 1 and seen[0] - start < 0.45, seen
    print("waited on")

with asyncio.Runner(loop_factory=fasterapi.new_event_loop) as runner:
    runner.run(main())
"""
    )
    assert (printed, status) == ("waited on\n", 0)


@pytest.mark.parametrize("timeout", ["None", "60"])
def test_exception_of_a_handler_comes_out_of_select_and_the_selector_works_on(timeout: str) -> None:
    printed, status = outcome(
        f"""
from fasterapi._engine import NativeSelector

class Stop(Exception):
    pass

def handler(*arguments):
    raise Stop

signal.signal(signal.SIGUSR1, handler)
with NativeSelector() as selector:
    read, write = os.pipe()
    selector.register(read, 1, "data")
    later(kill, signal.SIGUSR1)
    try:
        selector.select({timeout})
    except Stop:
        print("stopped")
    os.write(write, b"x")
    print([key.data for key, mask in selector.select(1)])
"""
    )
    assert (printed, status) == ("stopped\n['data']\n", 0)


def test_storm_of_signals_neither_ends_nor_delays_the_wait() -> None:
    printed, status = outcome(
        """
count = 0

def handler(*arguments):
    global count
    count += 1

signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)

async def main():
    for delay in (0.01, 0.1, 0.2):
        start = time.monotonic()
        await asyncio.sleep(delay)
        assert time.monotonic() - start >= delay
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(count > 50)

with asyncio.Runner(loop_factory=fasterapi.new_event_loop) as runner:
    runner.run(main())
"""
    )
    assert (printed, status) == ("True\n", 0)


def test_ctrl_c_cancels_the_main_task_of_a_waiting_loop(mode: Mode) -> None:
    printed, status = outcome(
        """
async def main():
    later(kill)
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        print("cancelled")
        raise

try:
    with asyncio.Runner(loop_factory=Mode(sys.argv[1]).make_loop) as runner:
        runner.run(main())
except KeyboardInterrupt:
    print("interrupted")
""",
        mode.value,
    )
    assert (printed, status) == ("cancelled\ninterrupted\n", 0)


def test_second_ctrl_c_interrupts_a_task_that_ignores_the_first() -> None:
    printed, status = outcome(
        """
async def main():
    later(kill)
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        later(kill)
        await asyncio.sleep(60)

try:
    with asyncio.Runner(loop_factory=fasterapi.new_event_loop) as runner:
        runner.run(main())
except KeyboardInterrupt:
    print("interrupted")
"""
    )
    assert (printed, status) == ("interrupted\n", 0)


def test_ctrl_c_ends_a_loop_that_runs_forever_without_a_runner() -> None:
    printed, status = outcome(
        """
loop = fasterapi.new_event_loop()
later(kill)
try:
    loop.run_forever()
except KeyboardInterrupt:
    print("interrupted")
loop.run_until_complete(asyncio.sleep(0.01))
loop.close()
print("works on")
"""
    )
    assert (printed, status) == ("interrupted\nworks on\n", 0)


def test_other_threads_run_while_the_loop_waits() -> None:
    printed, status = outcome(
        """
def count(done):
    total = 0
    for number in range(1_000_000):
        total += number
    done.append(total)

async def main():
    done = []
    thread = threading.Thread(target=count, args=(done,))
    thread.start()
    while not done:
        await asyncio.sleep(0.5)
    print("ran")

with asyncio.Runner(loop_factory=fasterapi.new_event_loop) as runner:
    runner.run(main())
"""
    )
    assert (printed, status) == ("ran\n", 0)


def test_child_that_is_forked_may_make_its_own_loop_and_leaves_the_parents_alone() -> None:
    printed, status = outcome(
        """
import warnings
warnings.simplefilter("ignore")

async def main():
    loop = asyncio.get_running_loop()
    read, write = os.pipe()
    got = asyncio.Event()
    loop.add_reader(read, lambda: (os.read(read, 1), got.set()))
    child = os.fork()
    if child == 0:
        try:
            asyncio._set_running_loop(None)
            own = fasterapi.new_event_loop()
            inner_read, inner_write = os.pipe()
            fired = []
            own.add_reader(inner_read, lambda: fired.append(os.read(inner_read, 1)))
            os.write(inner_write, b"c")
            own.run_until_complete(asyncio.sleep(0.01))
            own.close()
            os._exit(0 if fired == [b"c"] else 1)
        except BaseException:
            os._exit(2)
    await asyncio.sleep(0.2)
    _, status = os.waitpid(child, 0)
    print("child", os.waitstatus_to_exitcode(status))
    os.write(write, b"p")
    await asyncio.wait_for(got.wait(), 10)
    print("parent")

with asyncio.Runner(loop_factory=fasterapi.new_event_loop) as runner:
    runner.run(main())
"""
    )
    assert (printed, status) == ("child 0\nparent\n", 0)


def test_loop_that_is_used_on_in_a_forked_child_watches_the_childs_files() -> None:
    printed, status = outcome(
        """
import warnings
warnings.simplefilter("ignore")
from fasterapi._engine import NativeSelector

selector = NativeSelector()
shared_read, shared_write = os.pipe()
selector.register(shared_read, 1, "shared")
child = os.fork()
if child == 0:
    read, write = os.pipe()
    selector.register(read, 1, "own")
    os.write(write, b"x")
    data = sorted(key.data for key, mask in selector.select(5))
    selector.unregister(shared_read)
    selector.close()
    os._exit(0 if data == ["own"] else 1)
_, status = os.waitpid(child, 0)
print("child", os.waitstatus_to_exitcode(status))
print(selector.select(0))
os.write(shared_write, b"x")
print([key.data for key, mask in selector.select(5)])
"""
    )
    assert (printed, status) == ("child 0\n[]\n['shared']\n", 0)


def test_multiprocessing_by_fork_works_from_a_running_loop() -> None:
    printed, status = outcome(
        """
import multiprocessing, warnings
warnings.simplefilter("ignore")

def work(number, results):
    results.put(asyncio.run(double(number)))

async def double(number):
    await asyncio.sleep(0.001)
    return 2 * number

async def main():
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    processes = [context.Process(target=work, args=(number, results)) for number in range(4)]
    for process in processes:
        process.start()
    got = [await asyncio.to_thread(results.get) for _ in processes]
    for process in processes:
        await asyncio.to_thread(process.join)
    print(sorted(got))

with asyncio.Runner(loop_factory=fasterapi.new_event_loop) as runner:
    runner.run(main())
"""
    )
    assert (printed, status) == ("[0, 2, 4, 6]\n", 0)
