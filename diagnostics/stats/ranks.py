"""The other processes of a distributed training."""

from diagnostics.run import Run


def alone(run: Run) -> str | None:
    """Why ranks cannot be compared, as one clause; None when they can."""
    return None if run.ranks else "one process trained, or the others recorded nothing"
