"""Record a training run: ``with Collector("runs/digits", model=model, optimizer=optimizer) as run: run.log(loss=loss)``."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collector.collector import Collector

__all__ = ["Collector"]


def __getattr__(name: str) -> Any:
    """Import late: ``import collector`` alone costs next to nothing."""
    if name == "Collector":
        from collector.collector import Collector

        return Collector
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
