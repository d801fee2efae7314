"""From the losses that were back-propagated to the one loss of an optimizer step.

A step may be fed by several backward passes: micro-batches whose gradients accumulate (the step's loss is their mean, whether
the script divides each by their number or not), or several losses of one batch (the step's loss is their sum). They are told
apart by place and data: the same call met again, or a new batch from the DataLoader, begins a new micro-batch.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from collector.attach.losses import Call
from collector.attach.scalars import Scalar, constant, nearest, scalar

REMEMBERED = 16  # steps whose weighting is compared: one that changes shows at once
DIVISION, PRODUCT = "DivBackward0", "MulBackward0"


@dataclass
class Backward:
    """One backward pass.

    Attributes:
        value: of what was back-propagated, GradScaler's factor undone.
        divisor: of the division by a constant that came last; 1 where there was none.
        calls: of loss functions since the backward pass before.
        site: where in the script it was called.
        batch: how many batches DataLoaders had handed out.
    """

    value: Scalar
    divisor: float
    calls: Sequence[Call]
    site: int
    batch: int


@dataclass
class Micro:
    """What was back-propagated for one micro-batch."""

    values: list[Scalar] = field(default_factory=list)
    divisors: set[float] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)

    @property
    def value(self) -> Scalar:
        """The sum, a sample: where a loss function gave the sum over a batch and it was not divided, we divide."""
        value, calls = sum(self.values), self.calls
        if not calls or not all(call.summed for call in calls):
            return value
        total, mean = sum(call.total for call in calls), sum(call.mean for call in calls)
        return nearest(value, (total, value / calls[0].count), (mean, value))

    @property
    def own(self) -> Scalar:
        """What the loss functions themselves said, a sample."""
        return sum(call.mean for call in self.calls)


class StepLoss:
    """Collects the backward passes of an optimizer step."""

    def __init__(self) -> None:
        self.passes: list[Backward] = []
        self._divisors: set[float] = set()  # divisors known to be numbers of micro-batches
        self._inside: int | None = None  # passes before the step that is under way
        self.last: tuple[Scalar, Scalar] | None = None  # loss of the last step, and what the loss functions alone said
        self._frozen = False  # a closure was called once; what it back-propagates now is a trial
        self._ratios: deque[Scalar] = deque(maxlen=REMEMBERED)  # loss over what the loss functions alone said

    @property
    def scale(self) -> Scalar:
        """By what constant the script weights its loss functions, e.g. 0.5 for the mean of two; 1 where it is no constant."""
        return constant(list(self._ratios))

    def add(self, one: Backward) -> None:
        """A backward pass was made."""
        if not self._frozen:
            self.passes.append(one)

    def cleared(self) -> None:
        """The script set the gradients to zero: what was back-propagated so far feeds no step."""
        if self._inside is None:
            self.passes.clear()
        elif len(self.passes) > self._inside:
            self._frozen = True
        else:
            self.passes.clear()
            self._inside = 0

    def begins(self) -> None:
        """An optimizer step begins; backward passes until it ends are those of its closure."""
        self._inside, self._frozen = len(self.passes), False

    def take(self) -> Scalar | None:
        """The step has ended: its loss, or None when nothing was back-propagated."""
        passes, self.passes = self.passes, []
        self._inside, self._frozen = None, False
        if not passes:
            return None
        micros = _micro_batches(passes)
        loss = self._loss(micros)
        owns = [micro.own for micro in micros if micro.calls]
        self.last = (loss, sum(owns) / len(owns)) if len(owns) == len(micros) else None
        if self.last is not None and not (isinstance(self.last[1], float) and self.last[1] == 0):
            self._ratios.append(loss / self.last[1])
        return loss

    def _loss(self, micros: Sequence[Micro]) -> Scalar:
        values, number = [micro.value for micro in micros], len(micros)
        total = sum(values)
        divisors = set().union(*(micro.divisors for micro in micros))
        divisor = divisors.pop() if len(divisors) == 1 else 1.0
        if divisor == number > 1:
            self._divisors.add(divisor)
        if divisor in self._divisors:
            return total / number * divisor
        if number == 1:
            return total
        owns = [micro.own for micro in micros if micro.calls]
        if len(owns) < number:
            return total / number
        return nearest(sum(owns) / number, (total / number, total / number), (total, total))


def _micro_batches(passes: Sequence[Backward]) -> list[Micro]:
    micros: dict[tuple[int, int], Micro] = {}
    met: dict[int, int] = {}
    for one in passes:
        micro = micros.setdefault((one.batch, met.get(one.site, 0)), Micro())
        met[one.site] = met.get(one.site, 0) + 1
        micro.values.append(one.value)
        micro.divisors.add(one.divisor)
        micro.calls.extend(one.calls)
    return list(micros.values())


def root(loss: Any) -> tuple[Scalar, float]:
    """(value, divisor) of a loss that is about to be back-propagated."""
    return scalar(loss), _divisor(loss.grad_fn)


def _divisor(node: Any) -> float:
    """4 where the loss is ``something / 4`` or ``something * 0.25``, and the constant can be read without waiting."""
    name = node.name() if node is not None else ""
    if name not in (DIVISION, PRODUCT) or node.next_functions[1][0] is not None:
        return 1.0
    constant = getattr(node, "_saved_other", None)
    if constant is None or constant.numel() != 1 or constant.device.type != "cpu":
        return 1.0
    value = float(constant.item())
    divisor = value if name == DIVISION else (1 / value if value else 1.0)
    return float(round(divisor)) if divisor > 1 and abs(divisor - round(divisor)) < 1e-6 * divisor else 1.0
