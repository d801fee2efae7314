"""What one kind of line says: where it is in the training, and which of its numbers measure what."""

from dataclasses import dataclass, field

SLOT = "\x00"  # in a name: where its number goes


@dataclass
class Place:
    """Which tokens say where a line is: places in the line, None where it does not say. ``word``: said in words, not as [3/9]."""

    epoch: int | None = None
    step: int | None = None
    total: int | None = None
    word: bool = False
    lead: int | None = None  # "12:" at the start, which may be the process instead


@dataclass
class Measure:
    """A quantity: its ``name``, the token ``at`` which it is, the one it is a share ``of``, and one in its name."""

    name: str
    at: int
    of: int | None = None
    label: int | None = None


@dataclass
class Shape:
    """One kind of line.

    Attributes:
        place: see ``Place``.
        measures: the quantities, in the order of the line, no name twice.
        evaluation: the line is about data that is not trained on.
        bar: a Keras progress bar, whose numbers are means since the start of the epoch; ``drawn``: one of tqdm's.
        plain: hardly more than numbers, as in the rows of a table.
        known: one of the names sounds like something that is measured in a training.
        strong: a number is named by ":" or "=".
        head: the words before the first name, which tell lines of the same quantities apart.
        call: the numbers are arguments, as in the print of a model or of options.
        settings: as long or nested as the print of all options, if there is only one such line.
        counted: a place within the epoch is told as ``[3/9]``.
        retold: the line is about a checkpoint or the best so far, and says again what was logged.
    """

    place: Place = field(default_factory=Place)
    measures: list[Measure] = field(default_factory=list)
    evaluation: bool = False
    bar: bool = False
    drawn: bool = False
    plain: bool = False
    known: bool = False
    strong: bool = False
    call: bool = False
    settings: bool = False
    counted: bool = False
    retold: bool = False
    head: str = ""

    @property
    def tokens(self) -> list[int]:
        """The tokens that say something."""
        place = [self.place.epoch, self.place.step, self.place.total, self.place.lead]
        said = [token for m in self.measures for token in (m.at, m.of, m.label)]
        return [token for token in (*place, *said) if token is not None]

    @property
    def unnamed(self) -> bool:
        """Whether the line counts the batches of a pass as ``3/9``, and says neither the epoch nor of which data they are."""
        place = self.place
        return place.total is not None and not (place.word or place.epoch is not None or self.evaluation)

    @property
    def placed(self) -> bool:
        """Whether the line says where it is."""
        return self.place.step is not None or self.place.epoch is not None
