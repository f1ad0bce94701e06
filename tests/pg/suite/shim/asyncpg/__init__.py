"""asyncpg's names for what `fasterapi.pg` offers, so that asyncpg's own tests drive it. Aliases only.

The package is installed under asyncpg's name, as users of other libraries do it; then this one takes its place again,
because the suite's own modules lie beside it.
"""

import sys

import fasterapi.pg
from fasterapi.pg import __all__ as __all__
from fasterapi.pg import __version__ as __version__

_here = sys.modules.pop(__name__)
fasterapi.pg.install_as_asyncpg(pipelining="error")
sys.modules[__name__] = _here
globals().update({name: value for name, value in vars(fasterapi.pg).items() if not name.startswith("_")})
for _name in [each for each in sys.modules if each.startswith(f"{__name__}.") and each.count(".") == 1]:
    globals()[_name.removeprefix(f"{__name__}.")] = sys.modules[_name]
