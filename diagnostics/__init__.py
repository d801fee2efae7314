"""Judge training curves: ``diagnose(run)`` gives a ``Report``. Pure; needs neither torch nor a screen."""

from diagnostics.curve import Curve
from diagnostics.engine import diagnose
from diagnostics.report import Evidence, Finding, NotChecked, Remedy, Report, Rival
from diagnostics.rule import Rule
from diagnostics.run import Run

__all__ = ["Curve", "Evidence", "Finding", "NotChecked", "Remedy", "Report", "Rival", "Rule", "Run", "diagnose"]
