"""Names for a figure: Plotly reads a little HTML and its own templates in every text, and a name must be neither."""

import html

LONGEST = 48  # characters: what a legend or a title on a phone still shows


def text(name: object) -> str:
    """``name`` as Plotly prints it literally, on one line, its middle left out when it is long."""
    line = " ".join(str(name).split())
    if len(line) > LONGEST:
        line = f"{line[: LONGEST // 2 - 1]}…{line[-LONGEST // 2 :]}"
    return html.escape(line, quote=False).replace("%{", "%\u200b{")  # a space without width ends the template
