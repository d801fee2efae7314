"""Files that may hold a log but are never opened, because opening them runs what is in them; and the way out of each."""

import re
from pathlib import Path

from diagnostics.readers import look
from diagnostics.readers.errors import ReadError

PICKLE = re.compile(rb"^(?:\x80[\x02-\x05]|\(dp|\(lp|ccopy_reg|c[a-z_.]+\n)")
ZIP = b"PK\x03\x04"
TORCH = b"data.pkl"
HEAD = 1_024  # bytes
HISTORY = (
    "a pickle, which can run code when it is opened: never read; where you trust it, in Python: "
    "import json, pickle; h = pickle.load(open({0!r}, 'rb')); "
    "json.dump({{k: [float(x) for x in v] for k, v in getattr(h, 'history', h).items()}}, open('history.json', 'w')), "
    "then name history.json"
)
CHECKPOINT = "a PyTorch file, which can run code when it is opened: never read; name the log that was written beside it"


def check(path: Path) -> None:
    """Raises:
    ReadError: ``path`` is such a file; says the way out.
    """
    if not path.is_file():
        return
    head = look.head(path)[:HEAD]
    if PICKLE.match(head):
        raise ReadError(path, HISTORY.format(path.name))
    if head.startswith(ZIP) and TORCH in head:
        raise ReadError(path, CHECKPOINT)
