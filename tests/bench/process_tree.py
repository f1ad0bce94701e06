"""CPU time and resident memory of a process with all its descendants, as the kernel counts them."""

import os
import time
from pathlib import Path

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class ProcessTree:
    def __init__(self, pid: int) -> None:
        self.pid = pid

    def cpu_ns(self) -> int:
        """CPU time used so far, in nanoseconds: live and exited threads exactly, reaped children in clock ticks."""
        return sum(_process_ns(pid) + _reaped_ns(pid) for pid in self.pids())

    def resident_bytes(self) -> int:
        return sum(_resident_bytes(pid) for pid in self.pids())

    def peak_bytes(self) -> int:
        """The most that was resident so far, each process at its own peak."""
        return sum(_peak_bytes(pid) for pid in self.pids())

    def pids(self) -> list[int]:
        children: dict[int, list[int]] = {}
        for entry in os.listdir("/proc"):
            if entry.isdecimal() and (fields := _stat(int(entry))):
                children.setdefault(int(fields[1]), []).append(int(entry))
        found = [self.pid]
        for pid in found:
            found.extend(children.get(pid, ()))
        return found


def _process_ns(pid: int) -> int:
    # The clock id of another process (clock_getcpuclockid): scheduler time of its threads, exited ones included.
    try:
        return time.clock_gettime_ns((~pid << 3) | 2)
    except OSError:
        return 0


def _reaped_ns(pid: int) -> int:
    fields = _stat(pid)
    return (int(fields[13]) + int(fields[14])) * TICK_NS if fields else 0


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    except OSError:
        return 0


def _peak_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)


def _stat(pid: int) -> list[str]:
    """The fields after the command name: state, parent, ..."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
