"""Rows of which each belongs to the training or to an evaluation, as the OpenMMLab tools log them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from collector.schema import VAL_ACCURACY, VAL_LOSS
from diagnostics.readers.log import Meaning, Series
from diagnostics.readers.rows import Rows
from diagnostics.readers.understanding import guess, names

EVALUATED = "val/"  # before what both training and evaluation log under one name


@dataclass
class Phases:
    """Collects rows; an evaluation stands at the step that the training had reached.

    Attributes:
        rows: of both, in the order of the log.
        step: of the last training row.
    """

    rows: Rows = field(default_factory=Rows)
    step: object = None
    _trained: set[str] = field(default_factory=set)
    _evaluated: dict[str, str] = field(default_factory=dict)  # by name in the rows, the name in the log

    def train(self, values: Mapping[str, object], step: object, epoch: object) -> None:
        """A row of the training."""
        self.step = step
        self._trained |= values.keys()
        self.rows.add(values, step, epoch)

    def evaluate(self, values: Mapping[str, object], epoch: object = None, step: object = None) -> None:
        """A row of an evaluation, at ``step`` or where the training stands."""
        named = {EVALUATED + name if name in self._trained else name: name for name in values}
        self._evaluated |= named
        self.rows.add({new: values[old] for new, old in named.items()}, self.step if step is None else step, epoch)

    def meanings(self, series: tuple[Series, ...]) -> dict[str, Meaning]:
        """The evaluation's loss and accuracy, which its names alone do not always tell from the training's."""
        found: dict[str, Meaning] = {}
        taken = set[str]()
        for one in (s for s in series if s.name in self._evaluated):
            said = names.read(self._evaluated[one.name])
            tag = {names.LOSS: VAL_LOSS, names.ACCURACY: VAL_ACCURACY, names.ERROR_RATE: VAL_ACCURACY}.get(
                said.quantity
            )
            if tag is None or said.group or tag in taken:
                continue
            taken.add(tag)
            accuracy = tag == VAL_ACCURACY
            found[one.name] = guess.accuracy(tag, one.name, one.values) if accuracy else Meaning(tag)
        return found
