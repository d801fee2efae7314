"""The one error a reader raises when nothing of a log can be read."""


class ReadError(Exception):
    """A log that could not be read at all.

    Attributes:
        source: the path or address that was asked for.
        message: one line that says what is wrong, where, and the way out.
    """

    def __init__(self, source: object, message: str) -> None:
        super().__init__(source, message)
        self.source = str(source)
        self.message = printable(message)

    def __str__(self) -> str:
        return f"{self.source}: {self.message}"


def printable(text: str) -> str:
    """``text`` without control characters: a name in a log must neither break a line nor steer the terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)
