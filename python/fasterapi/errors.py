"""What can go wrong before the server serves."""

__all__ = ["ApplicationError", "ConfigError", "StartupError"]


class ConfigError(ValueError):
    """An option or an application string is wrong. The message says what to change."""


class StartupError(RuntimeError):
    """The options are right, but the server cannot start: the application failed, or its address is taken."""


class ApplicationError(StartupError):
    """Code of the application, or of its loop factory, raised: `__cause__` is its exception."""
