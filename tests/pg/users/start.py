"""Runs a program with `asyncpg` being the client that is named: `start.py CLIENT PROGRAM DSN`."""

import runpy
import sys

client, program, dsn = sys.argv[1:]
if client == "fasterapi.pg":
    import fasterapi.pg

    fasterapi.pg.install_as_asyncpg()
sys.argv = [program, dsn]
runpy.run_path(program, run_name="__main__")
assert sys.modules["asyncpg"].__name__ == client, "the program used another client"
