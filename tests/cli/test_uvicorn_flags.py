"""Whoever runs uvicorn changes one word: each of its flags is honoured, or refused by its name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest
from uvicorn.main import main as uvicorn

from fasterapi.cli import commands
from fasterapi.cli.refused import REFUSED
from frames import handshake
from running import Command, failure

PAGE = Path(__file__).parents[2] / "docs" / "uvicorn.md"
THEIRS = {option.opts[0]: option for option in uvicorn.params if isinstance(option, click.Option)}
OURS = {option.opts[0]: option for option in commands.commands["run"].params if isinstance(option, click.Option)}
VALUES = {
    "--loop": ["auto", "asyncio", "uvloop", "zuvloop", "none", "main:make_loop"],
    "--http": ["auto", "h11", "httptools", "zttp"],
    "--ws": ["auto", "none", "websockets", "websockets-sansio", "wsproto"],
    "--interface": ["auto", "asgi3", "asgi2"],
    "--workers": ["1"],
    "--header": ["X-One:1"],
    "--env-file": [__file__],
    "--log-config": ["log.ini"],
}


def values(flag: str) -> list[str]:
    """Values of a flag that both commands must take."""
    option = THEIRS[flag]
    if flag in VALUES:
        return VALUES[flag]
    if isinstance(option.type, click.Choice):
        return list(option.type.choices)
    return {"integer": ["7"], "float": ["0.5"], "boolean": ["true", "false"]}.get(option.type.name, ["x"])


@pytest.mark.parametrize("flag", sorted(THEIRS))
def test_each_flag_is_known_with_its_other_spellings(flag: str) -> None:
    assert flag in OURS
    assert set(THEIRS[flag].secondary_opts) <= set(OURS[flag].secondary_opts)
    assert THEIRS[flag].is_flag == OURS[flag].is_flag


@pytest.mark.parametrize("flag", sorted(set(THEIRS) - set(REFUSED) - {"--version", "--help"}))
def test_each_value_of_an_honoured_flag_is_taken(flag: str) -> None:
    run = commands.commands["run"]
    if THEIRS[flag].is_flag:
        for spelling in [flag, *THEIRS[flag].secondary_opts]:
            assert run.make_context("run", [spelling, "main:app"]).params[OURS[flag].name] == (spelling == flag)
        return
    for value in values(flag):
        context = run.make_context("run", [flag, value, "main:app"])
        assert context.get_parameter_source(str(OURS[flag].name)) is click.core.ParameterSource.COMMANDLINE


@pytest.mark.parametrize("flag", sorted(REFUSED))
def test_flag_that_cannot_be_honoured_is_one_line_that_names_it(command: Any, flag: str) -> None:
    arguments = [flag] if OURS[flag].is_flag else [flag, values(flag)[0] if flag in THEIRS else "x"]
    status, err = failure(command, "main:app", *arguments)
    assert status == 2
    assert err.startswith(f"Error: {flag}: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("flag", sorted(REFUSED))
@pytest.mark.parametrize("prefix", ["FASTERAPI", "UVICORN"])
def test_refusal_is_the_same_for_its_variable(flag: str, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{prefix}_{flag.removeprefix('--').upper().replace('-', '_')}", "1")
    with pytest.raises(click.UsageError, match=re.escape(flag)):
        commands.commands["run"].make_context("run", ["main:app"])


@pytest.mark.parametrize("flag", sorted(set(THEIRS) | {"--help"}))
def test_each_flag_stands_in_the_page_with_its_verdict(flag: str) -> None:
    rows = [line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `--")]
    verdicts = {row[0].strip("| `"): row[1].strip() for row in rows}
    assert verdicts[flag] in ("same", "better", "not yet")
    assert (verdicts[flag] == "not yet") == (flag in REFUSED or flag == "--workers")


def test_the_page_names_no_other_flag_in_its_table() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `--")]
    assert {row.split("`")[1] for row in rows} == set(THEIRS) | {"--help"}


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["--workers", "4"], {}, "workers"),
        (["--workers", "0"], {}, "workers"),
        ([], {"WEB_CONCURRENCY": "4"}, "WEB_CONCURRENCY=4"),
        ([], {"WEB_CONCURRENCY": "many"}, "WEB_CONCURRENCY"),
        ([], {"UVICORN_WORKERS": "2"}, "workers"),
        (["--interface", "wsgi"], {}, "a2wsgi"),
        (["--http", "mine:Protocol"], {}, "http"),
        (["--http", "h12"], {}, "h12"),
        (["--ws", "mine:Protocol"], {}, "ws"),
        (["--ws", "socket.io"], {}, "socket.io"),
        (["--ws-max-size", "0"], {}, "ws_max_size"),
        (["--ws-max-queue", "-1"], {}, "ws_max_queue"),
        (["--ws-ping-interval", "soon"], {}, "soon"),
        (["--ws-ping-timeout", "-1"], {}, "ws_ping_timeout"),
        (["--env-file", "missing.env"], {}, "missing.env"),
        (["--forwarded-allow-ips", "10.0.0.1/8"], {}, "10.0.0.0/8"),
        ([], {"FORWARDED_ALLOW_IPS": "10.0.0.1/8"}, "10.0.0.0/8"),
        (["--forwarded-headers", "for,by"], {}, '"by"'),
        (["--limit-concurrency", "0"], {}, "limit_concurrency"),
        (["--limit-max-requests", "-3"], {}, "limit_max_requests"),
        (["--limit-max-requests-jitter", "-3"], {}, "limit_max_requests_jitter"),
        (["--h11-max-incomplete-event-size", "1"], {}, "h11_max_incomplete_event_size"),
        (["--timeout-worker-healthcheck", "-1"], {}, "timeout_worker_healthcheck"),
    ],
    ids=str,
)
def test_wrong_value_is_one_line_and_status_2(
    command: Any, arguments: list[str], variables: dict[str, str], said: str
) -> None:
    status, err = failure(command, "main:app", *arguments, **variables)
    assert status == 2, err
    assert said in err
    assert len([line for line in err.splitlines() if not line.startswith("INFO:")]) == 1


def test_one_worker_is_what_runs_anyway(command: Any) -> None:
    assert command("main:app", "--workers", "1", WEB_CONCURRENCY="4").ask().status == 200
    assert command("main:app", WEB_CONCURRENCY="1").ask().status == 200


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--http", "httptools"], "http httptools"),
        (["--ws", "wsproto"], "ws wsproto"),
        (["--loop", "zuvloop"], "loop zuvloop"),
        (["--h11-max-incomplete-event-size", "4096"], "h11_max_incomplete_event_size 4096"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_stands_in_for_a_name_is_told_once_at_debug_level(command: Any, arguments: list[str], said: str) -> None:
    for level, count in (("debug", 1), ("info", 0)):
        running: Command = command("main:app", *arguments, "--log-level", level)
        assert running.ask().status == 200
        running.process.terminate()
        assert running.end()[2].count(said) == count


def test_names_of_our_own_are_no_substitutes(command: Any) -> None:
    running = command("main:app", "--log-level", "debug")
    running.until("running on")
    running.process.terminate()
    assert "stands in" not in running.end()[2]


def test_h11_size_bounds_the_whole_head(command: Any) -> None:
    running = command("main:app", "--h11-max-incomplete-event-size", "20000")
    with running.connect() as wire:
        assert wire.ask("GET", "/" + "x" * 15000).status == 200
        assert wire.ask(headers=[(b"x", b"y" * 15000)]).status == 200
        assert wire.ask(headers=[(b"x", b"y" * 21000)]).status == 431


@pytest.fixture
def env_file(folder: Path) -> Path:
    (folder / "reads.py").write_text(
        "import json, os\n"
        "facts = {name: os.environ.get(name) for name in ('FROM_FILE', 'FROM_BOTH')}\n"
        "async def app(scope, receive, send):\n"
        "    assert scope['type'] == 'http'\n"
        "    facts['client'] = scope['client']\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
        "    await send({'type': 'http.response.body', 'body': json.dumps(facts).encode()})\n"
    )
    (folder / "some.env").write_text("FROM_FILE='in the file'\nFROM_BOTH=file\nFORWARDED_ALLOW_IPS=10.0.0.1\n")
    return folder / "some.env"


def test_env_file_is_read_before_the_application(command: Any, env_file: Path) -> None:
    running = command("reads:app", "--env-file", env_file.name, FROM_BOTH="environment")
    with running.connect() as wire:
        facts = json.loads(wire.ask(headers=[(b"x-forwarded-for", b"1.2.3.4")]).body)
    assert (facts["FROM_FILE"], facts["FROM_BOTH"]) == ("in the file", "environment")
    assert facts["client"][0] == "127.0.0.1"
    running.process.terminate()
    assert "Loading environment from 'some.env'" in running.end()[2]


def test_env_file_without_its_package_says_what_to_install(command: Any, env_file: Path) -> None:
    (env_file.parent / "dotenv.py").write_text("raise ModuleNotFoundError('dotenv', name='dotenv')\n")
    status, err = failure(command, "reads:app", "--env-file", env_file.name)
    assert status == 2
    assert 'pip install "fasterapi[standard]"' in err


def test_variables_of_uvicorn_count_behind_our_own(command: Any) -> None:
    facts = command(UVICORN_APP="main:app", UVICORN_ROOT_PATH="/theirs").facts()
    assert facts["root_path"] == "/theirs"
    facts = command("main:app", UVICORN_ROOT_PATH="/theirs", FASTERAPI_ROOT_PATH="/ours").facts()
    assert facts["root_path"] == "/ours"
    reply = command("main:app", UVICORN_HEADERS="X-One:1 X-Two:2").ask()
    assert (reply.header(b"x-one"), reply.header(b"x-two")) == (b"1", b"2")


def test_application_of_asgi_2_is_served(command: Any, folder: Path) -> None:
    (folder / "two.py").write_text(
        "import json\n"
        "class App:\n"
        "    def __init__(self, scope):\n"
        "        self.scope = scope\n"
        "    async def __call__(self, receive, send):\n"
        "        assert self.scope['type'] == 'http'\n"
        "        await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
        "        await send({'type': 'http.response.body', 'body': json.dumps(self.scope['asgi']).encode()})\n"
        "def app(scope):\n"
        "    return App(scope)\n"
    )
    for arguments in (["two:App"], ["two:app"], ["two:App", "--interface", "asgi2"]):
        assert command(*arguments).facts() == {"version": "2.0", "spec_version": "2.3"}
    status, err = failure(command, "two:app", "--interface", "asgi3")
    assert status == 2
    assert "two:app" in err


def test_reset_contextvars_hides_what_the_starter_has_set(command: Any, folder: Path) -> None:
    (folder / "vars.py").write_text(
        "import contextvars\n"
        "mark = contextvars.ContextVar('mark', default='none')\n"
        "mark.set('import')\n"
        "async def app(scope, receive, send):\n"
        "    assert scope['type'] == 'http'\n"
        "    found = mark.get()\n"
        "    mark.set('request')\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
        "    await send({'type': 'http.response.body', 'body': found.encode()})\n"
    )
    for arguments, found in (([], b"import"), (["--reset-contextvars"], b"none")):
        with command("vars:app", *arguments).connect() as wire:
            assert [wire.ask().body for _ in range(2)] == [found, found]


def test_request_limit_ends_the_process_with_status_0(command: Any) -> None:
    running = command("main:app", "--limit-max-requests", "2")
    with running.connect() as wire:
        assert [wire.ask().status for _ in range(2)] == [200, 200]
        assert wire.rest() == b""
    status, _, err = running.end()
    assert status == 0
    assert "Maximum request limit of 2 exceeded. Terminating process." in err
    assert "Finished server process" in err


def test_proxy_headers_are_on_by_default_and_can_be_turned_off(command: Any, env_file: Path) -> None:
    for arguments, host in (([], "1.2.3.4"), (["--no-proxy-headers"], "127.0.0.1")):
        with command("reads:app", *arguments).connect() as wire:
            facts = json.loads(wire.ask(headers=[(b"x-forwarded-for", b"1.2.3.4")]).body)
            assert facts["client"][0] == host


def test_ws_none_leaves_a_handshake_a_plain_request(command: Any) -> None:
    with command("main:app", "--ws", "none").connect() as wire:
        wire.send(handshake())
        assert wire.read().status == 200
