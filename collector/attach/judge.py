"""Whether a loss function was called to train, to evaluate, or merely beside the training; and on which set it evaluates.

Gradients switched off are not enough: teachers, metrics and pseudo-labels are computed so in the middle of a training step.
"""

import weakref
from typing import Any

from collector.attach import evaluation, models, names
from collector.attach.feed import Feed, Source, done

TRAINING, BESIDE = "training", "beside"
MOST_CALLS = 20  # of loss functions in one training step that are remembered


class Judge:
    """Knows the data, the model and the training batch; ``of`` gives ``TRAINING``, ``BESIDE`` or the name of a set."""

    def __init__(self, feed: Feed) -> None:
        self.feed, self.names = feed, evaluation.Names()
        self.pending = False  # something was computed or back-propagated that no optimizer step has used yet
        self.models: list[Any] = []  # weak references to those being trained
        self._predicted: list[Any] = []  # memory of what the calls of the last training step were given
        self._targets: list[Any] = []  # places of their targets
        self._sources: list[Source] = []
        self._passes: dict[Any, tuple[Any, int, bool, int]] = {}  # by source: iterator, batches, whether complete, pass

    def of(self, predicted: Any, target: Any, grad: bool) -> str:
        """What the call of a loss function is.

        Args:
            predicted: its first argument.
            target: its targets, a tensor or None.
            grad: whether gradients are switched on.
        """
        evaluating = self._in_eval_mode()
        other = self.feed.fresh and not self.feed.from_training()
        if grad:
            sloppy = evaluating and other and self.feed.training is not None  # evaluates without no_grad
            return self._loaded() if sloppy else self._trains(predicted, target)
        if predicted.requires_grad or _storage(predicted) in self._predicted:
            return BESIDE
        if not evaluating and (self.pending or self._same_target(target)):
            return BESIDE
        if self.feed.fresh and (other or evaluating):
            return self._loaded()
        return BESIDE if self.feed.fresh else self._unloaded(predicted, target)

    def settle(self, passes: dict[str, Any]) -> None:
        """The first optimizer step begins, so the training data is known: what was called on it until now was no evaluation."""
        iterator = self.feed.iterator
        if iterator is None or self.feed.training is not None:
            return
        for source in [source for source in self._sources if source.holds(iterator)]:
            self._sources.remove(source)
            for name in self.names.forget(source):
                passes.pop(name, None)

    def stepped(self) -> None:
        """An optimizer step was made: passes that begin now are new."""
        self.pending = False
        self._passes.clear()

    def _trains(self, predicted: Any, target: Any) -> str:
        if not self.pending:
            self.pending = True
            self._predicted.clear()
            self._targets.clear()
        self._predicted.append(_storage(predicted))
        self._targets.append(_place(target))
        del self._predicted[:-MOST_CALLS], self._targets[:-MOST_CALLS]
        return TRAINING

    def _same_target(self, target: Any) -> bool:
        return target is not None and _place(target) in self._targets

    def _in_eval_mode(self) -> bool:
        return any(model is not None and models.in_eval_mode(model) for model in (ref() for ref in self.models))

    def _loaded(self) -> str:
        """The set that the DataLoader now in use goes over."""
        iterator = self.feed.iterator
        if iterator is None:
            return self._named(names.selected())
        if self.feed.from_training():
            return self.names.give(evaluation.TRAIN_EVAL, "train")
        source = self._source(iterator)
        number = self._pass(source, iterator)
        name = self.names.give((source, 0), source.wanted)
        return self.names.give((source, number), f"{name}_again") if number else name

    def _pass(self, source: Source, iterator: Any) -> int:
        """Which pass over this source it is since the last optimizer step, from 0."""
        yielded, complete = done(iterator)
        before, seen, finished, number = self._passes.get(source, (None, 0, False, 0))
        if finished and (before is None or before() is not iterator or yielded < seen):
            number += 1
        self._passes[source] = (weakref.ref(iterator), yielded, complete, number)
        return number

    def _source(self, iterator: Any) -> Source:
        """The evaluation data that ``iterator`` goes over, known or new."""
        for source in self._sources:
            if source.holds(iterator):
                return source
        new = Source(iterator)
        wanted = names.selected() or names.of_loader(iterator._dataset)
        new.wanted = None if wanted == "train" else wanted
        for source in self._sources:
            if source not in self._passes and source.looks_like(new):
                source.follow(new)
                return source
        self._sources.append(new)
        return new

    def _unloaded(self, predicted: Any, target: Any) -> str:
        """The set of tensors that come from no DataLoader."""
        return self._named(names.selected() or names.of_tensors(*(t for t in (target, predicted) if t is not None)))

    def _named(self, wanted: str | None) -> str:
        return self.names.give(wanted or evaluation.VAL, wanted)


def _storage(tensor: Any) -> Any:
    """The memory of a tensor, as a weak reference that equals only those to the same memory, never to a later owner of its place."""
    from torch.multiprocessing.reductions import StorageWeakRef

    return StorageWeakRef(tensor.untyped_storage())  # type: ignore[no-untyped-call]


def _place(tensor: Any) -> tuple[Any, ...] | None:
    """Where a tensor lies: two of the same place and shape are the same data."""
    return None if tensor is None else (_storage(tensor), tensor.storage_offset(), tuple(tensor.shape))
