"""What the hooks saw of the training since the last row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from collector import schema
from collector.sample import Sample, totals

TOTALS = (schema.UPDATE_RATIO, schema.GRAD_NORM)


@dataclass
class Seen:
    """It goes into the next row.

    Attributes:
        values: numbers by tag, some of them ``Later``.
        samples: measured steps, for the layer table.
        whole: samples that together hold every parameter, for the totals; empty when they do not.
        totals: tags of totals that wait for a device.
    """

    values: dict[str, Any] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    whole: list[Sample] = field(default_factory=list)
    totals: Sequence[str] = ()

    def add_totals(self) -> None:
        """Put the totals over all parameters into ``values``, or promise them where the norms are on their way."""
        if not all(sample.here for sample in self.whole):
            self.totals = TOTALS
        else:
            self.values |= self.sums()

    def sums(self) -> dict[str, float]:
        """The totals by tag, as far as there are any. Waits for the device."""
        norms = [n for n in (sample.norms() for sample in self.whole) if n is not None]
        found = zip(TOTALS, totals(norms), strict=True) if norms else ()
        return {tag: value for tag, value in found if value is not None}
