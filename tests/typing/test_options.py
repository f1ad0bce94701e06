"""The options are written down four times, for four readers: `Config`, `Options`, the command, the guide."""

import dataclasses
import typing
from pathlib import Path

import click
import pytest

import fasterapi
from fasterapi.cli import commands
from fasterapi.cli.refused import REFUSED

GUIDE = Path(__file__).parents[2] / "docs" / "server.md"
FIELDS = {field.name: field for field in dataclasses.fields(fasterapi.Config) if field.name != "app"}
OPTIONS = [option for option in commands.commands["run"].params if isinstance(option, click.Option)]
FLAGS = {option.name: option for option in OPTIONS if option.opts[0] not in REFUSED}
ONLY_KEYWORDS = {"install_signal_handlers"}
ONLY_FLAGS = {"app_dir", "version"}


def test_the_keyword_arguments_are_the_fields_with_the_same_types() -> None:
    fields = {name: hint for name, hint in typing.get_type_hints(fasterapi.Config).items() if name in FIELDS}
    assert typing.get_type_hints(fasterapi.Options) == fields


def test_every_option_has_a_flag() -> None:
    assert set(FLAGS) - ONLY_FLAGS == set(FIELDS) - ONLY_KEYWORDS


@pytest.mark.parametrize("name", sorted(set(FIELDS) - ONLY_KEYWORDS - {"log_config"}))
def test_flag_and_option_have_the_same_default(name: str) -> None:
    command = commands.commands["run"]
    context = command.make_context("run", ["main:app"])
    default = context.params[name]
    assert default == FIELDS[name].default
    assert type(default) is type(FIELDS[name].default)


@pytest.mark.parametrize("name", sorted(FLAGS))
def test_the_guide_names_every_flag(name: str) -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    flags = [*FLAGS[name].opts, *FLAGS[name].secondary_opts]
    assert [flag for flag in flags if f"`{flag}" not in guide] == []


@pytest.mark.parametrize("name", sorted(set(FLAGS) - ONLY_FLAGS))
def test_every_flag_has_an_environment_variable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    flag = FLAGS[name].opts[0]
    variable = "FASTERAPI_" + flag.removeprefix("--").upper().replace("-", "_")
    values = {
        "lifespan": "off",
        "interface": "asgi2",
        "env_file": __file__,
        "asgi_spec": "2.4",
        "headers": "x-a: b c\nx-d: e",
        "log_level": "debug",
        "forwarded_headers": "host",
    }
    by_type = {"boolean": "0" if FLAGS[name].default is True else "1"}
    monkeypatch.setenv(variable, values.get(name, by_type.get(FLAGS[name].type.name, "7")))
    context = commands.commands["run"].make_context("run", ["main:app"])
    assert context.get_parameter_source(name) is click.core.ParameterSource.ENVIRONMENT
    if name == "headers":
        assert context.params[name] == (("x-a", "b c"), ("x-d", "e"))


@pytest.mark.parametrize("name", sorted(set(FLAGS) - ONLY_FLAGS))
def test_every_flag_has_the_variable_of_uvicorn_behind_its_own(name: str) -> None:
    words = FLAGS[name].opts[0].removeprefix("--").upper().replace("-", "_")
    # Uvicorn's variables have the names of its options, which are plural where a flag is repeated.
    assert list(FLAGS[name].envvar or ()) == [f"FASTERAPI_{words}", f"UVICORN_{name.upper()}"]


def test_the_variable_of_uvicorn_for_headers_has_blanks_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UVICORN_HEADERS", "x-a:b x-d:e")
    context = commands.commands["run"].make_context("run", ["main:app"])
    assert context.params["headers"] == (("x-a", "b"), ("x-d", "e"))


def test_dev_takes_the_flags_of_run() -> None:
    run, dev = ({parameter.name for parameter in commands.commands[name].params} for name in ("run", "dev"))
    assert run - dev == {"reload"}
    assert dev <= run
