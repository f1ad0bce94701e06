"""`NativeSelector` point by point: what loops, libraries and CPython's own tests expect of a selector."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import resource
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from fasterapi._engine import NativeSelector

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


@pytest.fixture
def selector() -> Iterator[NativeSelector]:
    with NativeSelector() as made:
        yield made


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def ready(selector: NativeSelector, timeout: float | None = 0) -> list[tuple[Any, int]]:
    return [(key.data, mask) for key, mask in selector.select(timeout)]


def test_it_is_a_selector_to_those_who_ask(selector: NativeSelector) -> None:
    assert isinstance(selector, selectors.BaseSelector)
    assert issubclass(NativeSelector, selectors.BaseSelector)


def test_instances_take_attributes(selector: Any, pair: Any) -> None:
    ours, _ = pair
    selector.register(ours, READ, "old")
    selector.register = mock.Mock()
    selector.unregister = mock.Mock()
    selector.modify(ours, READ, "new")
    assert selector.get_key(ours).data == "new"
    assert not selector.register.called
    assert not selector.unregister.called


def test_keys_are_real_selector_keys(selector: NativeSelector, pair: Any) -> None:
    ours, _ = pair
    key = selector.register(ours, READ, "data")
    assert type(key) is selectors.SelectorKey
    assert key == selectors.SelectorKey(ours, ours.fileno(), READ, "data")
    assert selector.get_key(ours) is key or selector.get_key(ours) == key
    assert selector.unregister(ours) == key


def test_object_and_number_are_the_same_file(selector: NativeSelector, pair: Any) -> None:
    ours, _ = pair
    selector.register(ours, READ, "by object")
    assert selector.get_key(ours.fileno()).data == "by object"
    for again in (ours, ours.fileno()):
        with pytest.raises(KeyError):
            selector.register(again, READ)
    selector.unregister(ours.fileno())
    selector.register(ours.fileno(), READ, "by number")
    assert selector.get_key(ours).data == "by number"
    selector.modify(ours, READ | WRITE, "changed")
    assert selector.get_key(ours.fileno()).events == READ | WRITE
    selector.unregister(ours)


@pytest.mark.parametrize("bad", [-1, -100, "file", None, 1.5, object()])
def test_what_is_no_file_is_a_value_error_everywhere(selector: Any, bad: Any) -> None:
    for call in (
        lambda: selector.register(bad, READ),
        lambda: selector.unregister(bad),
        lambda: selector.modify(bad, READ),
    ):
        with pytest.raises(ValueError):
            call()
    with pytest.raises((ValueError, KeyError)):
        selector.get_key(bad)


@pytest.mark.parametrize("events", [0, 4, 1 << 10, -1, READ | 8])
def test_events_out_of_range_are_a_value_error_and_leave_nothing(
    selector: NativeSelector, pair: Any, events: int
) -> None:
    ours, _ = pair
    with pytest.raises(ValueError):
        selector.register(ours, events)
    assert len(selector.get_map() or {}) == 0
    selector.register(ours, READ)
    with pytest.raises(ValueError):
        selector.modify(ours, events)


def test_regular_file_is_a_permission_error_and_leaves_nothing(selector: NativeSelector, tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        with pytest.raises(PermissionError) as error:
            selector.register(file, READ)
        assert error.value.errno == errno.EPERM
        with pytest.raises(KeyError):
            selector.get_key(file)
        assert list(selector.get_map() or {}) == []


def test_closed_descriptor_is_an_os_error_and_leaves_nothing(selector: NativeSelector) -> None:
    read, write = os.pipe()
    os.close(read), os.close(write)
    with pytest.raises(OSError) as error:
        selector.register(read, READ)
    assert error.value.errno == errno.EBADF
    assert list(selector.get_map() or {}) == []


def test_unknown_file_is_a_key_error(selector: NativeSelector, pair: Any) -> None:
    ours, _ = pair
    for call in (
        lambda: selector.unregister(ours),
        lambda: selector.modify(ours, READ),
        lambda: selector.get_key(ours),
    ):
        with pytest.raises(KeyError):
            call()


def test_closed_socket_is_still_found_by_identity(selector: NativeSelector) -> None:
    ours, theirs = socket.socketpair()
    selector.register(ours, READ, "data")
    ours.close()
    mapping = selector.get_map()
    assert mapping is not None
    assert ours in mapping
    assert mapping[ours].data == "data"
    assert selector.get_key(ours).data == "data"
    assert selector.unregister(ours).data == "data"
    with pytest.raises(ValueError):
        selector.unregister(ours)
    theirs.close()


def test_unregister_of_a_closed_descriptor_does_not_fail(selector: NativeSelector) -> None:
    read, write = os.pipe()
    selector.register(read, READ)
    os.close(read)
    assert selector.unregister(read).fd == read
    os.close(write)


def test_modify_that_the_kernel_refuses_removes_the_key(selector: NativeSelector) -> None:
    read, write = os.pipe()
    selector.register(read, READ)
    os.close(read)
    with pytest.raises(OSError):
        selector.modify(read, READ | WRITE)
    with pytest.raises(KeyError):
        selector.get_key(read)
    os.close(write)


def test_data_of_modify_defaults_to_none(selector: NativeSelector, pair: Any) -> None:
    ours, _ = pair
    selector.register(ours, READ, "data")
    assert selector.modify(ours, WRITE).data is None
    assert ready(selector) == [(None, WRITE)]


def test_map_is_live_read_only_and_iterates_numbers(selector: NativeSelector, pair: Any) -> None:
    ours, theirs = pair
    mapping: Any = selector.get_map()
    assert len(mapping) == 0
    selector.register(ours, READ, "ours")
    selector.register(theirs, WRITE, "theirs")
    assert len(mapping) == 2
    assert sorted(mapping) == sorted([ours.fileno(), theirs.fileno()])
    assert mapping[ours].data == "ours"
    assert mapping.get(theirs.fileno()).data == "theirs"
    assert mapping.get(99_999) is None
    assert mapping.get(99_999, "default") == "default"
    assert {key.data for key in mapping.values()} == {"ours", "theirs"}
    with pytest.raises(TypeError):
        del mapping[ours]
    with pytest.raises(KeyError):
        mapping[99_999]
    selector.unregister(ours)
    assert ours not in mapping
    assert len(mapping) == 1


def test_after_close_it_says_so_and_a_second_close_is_fine(pair: Any) -> None:
    selector = NativeSelector()
    ours, _ = pair
    selector.register(ours, READ)
    mapping = selector.get_map()
    selector.close()
    selector.close()
    assert selector.get_map() is None
    with pytest.raises(RuntimeError):
        selector.get_key(ours)
    assert mapping is not None
    assert len(mapping) == 0
    for call in (lambda: selector.register(ours, READ), lambda: selector.select(0)):
        with pytest.raises((RuntimeError, ValueError)):
            call()


def test_reader_and_writer_are_told_in_one_call_and_level_triggered(selector: NativeSelector, pair: Any) -> None:
    ours, theirs = pair
    selector.register(ours, READ | WRITE, "ours")
    assert ready(selector) == [("ours", WRITE)]
    theirs.send(b"xy")
    for _ in range(3):
        assert ready(selector) == [("ours", READ | WRITE)]
    ours.recv(1)
    assert ready(selector) == [("ours", READ | WRITE)]
    ours.recv(1)
    assert ready(selector) == [("ours", WRITE)]
    selector.modify(ours, READ, "ours")
    assert ready(selector) == []


def test_hang_up_wakes_a_reader_as_read_and_a_writer_as_write(selector: NativeSelector) -> None:
    read, write = os.pipe()
    selector.register(read, READ, "reader")
    os.close(write)
    assert ready(selector) == [("reader", READ)]
    selector.unregister(read)
    os.close(read)
    read, write = os.pipe()
    selector.register(write, WRITE, "writer")
    os.close(read)
    assert ready(selector) == [("writer", WRITE)]
    selector.unregister(write)
    os.close(write)


def test_refused_connection_wakes_a_writer(selector: NativeSelector) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = probe.getsockname()
    with socket.socket() as sock:
        sock.setblocking(False)
        sock.connect_ex(address)
        selector.register(sock, WRITE, "refused")
        assert ready(selector, 5) == [("refused", WRITE)]


def test_number_that_is_reused_gets_only_the_new_files_events(selector: NativeSelector) -> None:
    for _ in range(100):
        read, write = os.pipe()
        os.write(write, b"x")
        selector.register(read, READ, "old")
        selector.unregister(read)
        os.close(read), os.close(write)
        again, other = os.pipe()
        selector.register(again, READ, "new")
        assert ready(selector) == []
        os.write(other, b"x")
        assert ready(selector) == [("new", READ)]
        selector.unregister(again)
        os.close(again), os.close(other)


def test_number_that_was_closed_while_registered_may_be_registered_anew(selector: NativeSelector) -> None:
    read, write = os.pipe()
    os.write(write, b"x")
    selector.register(read, READ, "old")
    os.close(read)
    selector.unregister(read)
    fresh, other = os.pipe()
    assert fresh == read
    selector.register(fresh, READ, "new")
    assert ready(selector) == []
    os.write(other, b"x")
    assert ready(selector) == [("new", READ)]
    os.close(fresh), os.close(other), os.close(write)


def test_file_that_lives_on_in_a_duplicate_is_not_reported_after_unregister(selector: NativeSelector) -> None:
    read, write = os.pipe()
    kept = os.dup(read)
    selector.register(read, READ, "gone")
    os.close(read)
    selector.unregister(read)
    os.write(write, b"x")
    start = time.monotonic()
    assert ready(selector, 0.05) == []
    assert time.monotonic() - start >= 0.05
    os.close(kept), os.close(write)


@pytest.mark.parametrize("timeout", [0, -1, -0.5, 0.0])
def test_timeout_of_zero_or_less_polls(selector: NativeSelector, timeout: float) -> None:
    assert selector.select(timeout) == []


@pytest.mark.parametrize("timeout", [0.0001, 0.001, 0.0015, 0.02])
def test_timeout_is_never_cut_short(selector: NativeSelector, timeout: float) -> None:
    for _ in range(5):
        start = time.monotonic()
        assert selector.select(timeout) == []
        assert time.monotonic() - start >= timeout


@pytest.mark.parametrize("timeout", ["1", object(), [1]])
def test_timeout_that_is_no_number_is_a_type_error(selector: Any, timeout: Any) -> None:
    with pytest.raises(TypeError):
        selector.select(timeout)


def test_wait_without_end_returns_when_a_file_becomes_ready(selector: NativeSelector, pair: Any) -> None:
    ours, theirs = pair
    selector.register(ours, READ, "ours")
    timer = threading.Timer(0.05, theirs.send, (b"x",))
    timer.start()
    assert ready(selector, None) == [("ours", READ)]
    timer.join()


def test_result_is_a_list_of_keys_and_masks(selector: NativeSelector, pair: Any) -> None:
    ours, _ = pair
    key = selector.register(ours, WRITE)
    result = selector.select(0)
    assert type(result) is list
    assert result == [(key, WRITE)]


def test_late_file_is_not_starved_by_fifteen_hundred_ready_ones(selector: NativeSelector) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 4096:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    pairs = [os.pipe() for _ in range(1500)]
    try:
        for read, write in pairs:
            os.write(write, b"x")
            selector.register(read, READ, read)
        late_read, late_write = os.pipe()
        pairs.append((late_read, late_write))
        selector.register(late_read, READ, "late")
        os.write(late_write, b"x")
        seen: set[Any] = set()
        for _ in range(4):
            seen |= {data for data, _ in ready(selector)}
        assert len(seen) == 1501
    finally:
        for read, write in pairs:
            os.close(read), os.close(write)


def test_use_from_another_thread_is_a_runtime_error_and_leaves_the_waiting_select_alone(
    selector: Any, pair: Any
) -> None:
    ours, theirs = pair
    selector.register(ours, READ, "ours")
    errors: list[BaseException | None] = []

    def elsewhere() -> None:
        for call in (
            lambda: selector.register(theirs, READ),
            lambda: selector.modify(ours, WRITE),
            lambda: selector.unregister(ours),
            lambda: selector.select(0),
        ):
            try:
                call()
            except BaseException as error:
                errors.append(error)
            else:
                errors.append(None)
        theirs.send(b"x")

    timer = threading.Timer(0.05, elsewhere)
    timer.start()
    assert ready(selector, None) == [("ours", READ)]
    timer.join()
    assert [type(error) for error in errors] == [RuntimeError] * 4
    assert all("thread" in str(error) for error in errors)


def test_selector_may_be_made_in_one_thread_and_used_in_another() -> None:
    selector = NativeSelector()
    ours, theirs = socket.socketpair()
    selector.register(ours, READ, "ours")
    theirs.send(b"x")
    seen: list[Any] = []

    def elsewhere() -> None:
        seen.extend(ready(selector))
        selector.unregister(ours)
        selector.close()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [("ours", READ)]
    ours.close(), theirs.close()


def open_descriptors() -> set[int]:
    found = set()
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            fcntl.fcntl(number, fcntl.F_GETFD)
        except OSError:
            continue  # the folder that was listed
        found.add(number)
    return found


def test_descriptors_of_its_own_are_close_on_exec() -> None:
    before = open_descriptors()
    with NativeSelector() as selector:
        selector.select(0)
        own = open_descriptors() - before
        assert selector.fileno() in own
        for number in own:
            assert fcntl.fcntl(number, fcntl.F_GETFD) & fcntl.FD_CLOEXEC


def test_fresh_loop_has_only_its_self_pipe_in_the_map() -> None:
    loop: Any = asyncio.SelectorEventLoop(NativeSelector())
    try:
        assert len(loop._selector.get_map()) == 1
    finally:
        loop.close()


def test_interpreter_is_released_while_it_waits(selector: NativeSelector) -> None:
    ticks = 0
    stop = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not stop.is_set():
            ticks += 1

    thread = threading.Thread(target=tick)
    thread.start()
    selector.select(0.2)
    during = ticks
    stop.set()
    thread.join()
    assert during > 1000
