"""`python -m fasterapi` is the `fasterapi` command."""

from fasterapi.cli import main

if __name__ == "__main__":
    main()
