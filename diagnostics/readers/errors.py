"""What a reader raises when it cannot understand an input."""

from pathlib import Path


class ReadError(Exception):
    """An input that could not be read.

    Attributes:
        source: the file or folder, as the user named it.
        message: what is wrong, the place in the file, and the way out; one line.
    """

    def __init__(self, source: Path | str, message: str) -> None:
        super().__init__(f"{source}: {message}")
        self.source = str(source)
        self.message = message
