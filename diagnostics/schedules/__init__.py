"""Learning-rate schedules as functions of the step, and the code that makes each in the common frameworks."""

from diagnostics.schedules.schedule import SHAPES, Schedule, Shape

__all__ = ["SHAPES", "Schedule", "Shape"]
