"""plotly.js as it is installed, but ready sooner: a kind of trace other than the plain curve is set up when a figure needs it.

To set up all fifty takes a browser nearly a second before the first chart; the plain curve alone takes a tenth of that.
"""

import re
from functools import cache
from pathlib import Path

import plotly

PLOTLY_JS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
PLOTLY_URL = f"/curvewise/plotly.js?v={plotly.__version__}-sooner"

KINDS = re.compile(r"\.register\(\[((?:\w+\(\),?)+)\]\);")
COMPILE = "//# allFunctionsCalledOnLoad\n"  # to Chromium: compile it while it comes in, beside the page's own work


@cache
def sooner() -> str:
    """The source: ``Plotly.later`` is a list of functions, each of which makes one of the further kinds (see chart.js).

    A plotly.js that is put together in another way stays as it is, and has no such list.
    """
    return COMPILE + later(PLOTLY_JS.read_text("utf-8"))


def later(source: str) -> str:
    """``source`` with the kinds that it would register at its end kept for later."""
    end = max(source.rfind(".register(["), 0)
    return source[:end] + KINDS.sub(_kept, source[end:], count=1)


def _kept(found: re.Match[str]) -> str:
    return ".later=[" + re.sub(r"\w+\(\)", r"()=>\g<0>", found[1]) + "];"
