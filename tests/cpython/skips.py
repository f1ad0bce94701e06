"""CPython's tests that are left out, each with its reason. Patterns match the end of a test's id."""

from __future__ import annotations

from fnmatch import fnmatchcase

SKIPS: dict[str, str] = {
    "*.test_events.SelectEventLoopTests.*": "runs on select(), not on our selector",
    "*.test_events.PollEventLoopTests.*": "runs on poll(), not on our selector",
    "test.test_selectors.SelectSelectorTestCase.*": "tests select(), not our selector",
    "test.test_selectors.PollSelectorTestCase.*": "tests poll(), not our selector",
}


def reason_to_skip(test_id: str) -> str | None:
    """Why a test is left out; None where it runs."""
    for pattern, reason in SKIPS.items():
        if fnmatchcase(test_id, pattern):
            return reason
    return None
