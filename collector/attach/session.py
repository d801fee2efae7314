"""Watches a script from outside: hears of losses, backward passes and optimizer steps, and has them recorded."""

import atexit
import functools
import os
import sys
from collections.abc import Callable
from typing import Any

from collector.attach import config, models, script, summary
from collector.attach.backward import Backward, StepLoss, root
from collector.attach.evaluation import Pass
from collector.attach.feed import Feed
from collector.attach.folder import Folder
from collector.attach.judge import BESIDE, TRAINING, Judge
from collector.attach.losses import FORWARD, Call, Reader, forward
from collector.attach.names import call_site, site
from collector.attach.recording import Recording, Stepped, Training
from collector.attach.scalars import Scalar
from collector.guard import Guard

ACCURACY_EVERY = 10  # steps: accuracy of training batches, which costs an argmax over the logits
LOOKING = "watching the script"
WAY_OUT = "The script itself is not touched; some of its values are missing from the run."


class Session:
    """One script, watched in this process.

    Args:
        folder: where the run goes.
        watched: the script.
    """

    def __init__(self, folder: Folder, watched: script.Script) -> None:
        self.script, self.recording = watched, Recording(folder)
        self.guard = Guard(watched.name)
        self.active, self.finished = False, False
        self.aside = False  # the script has a collector of its own
        self.arguments = config.Arguments()
        self.feed = Feed()
        self.judge = Judge(self.feed)
        self.losses = StepLoss()
        self.passes: dict[str, Pass] = {}
        self.training: dict[str, int] = {}  # loss functions that train, with their calls in the last backward pass
        self.compiles = False
        self.partial = False  # the training adds loss functions that no evaluation calls
        self.children = 0  # processes started, other than a DataLoader's
        self._calls: list[Call] = []  # since the last backward pass
        self._rights: list[Call] = []  # of this step, for the accuracy
        self._last: Call | None = None  # that fed a backward pass
        self._steps = 0
        self._error: BaseException | None = None  # that ended the script
        self._pid = os.getpid()

    def run(self) -> None:
        """Run the script to its end, whatever that is."""
        self.arguments.watch()
        atexit.register(self.finish)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._leave)
        try:
            script.run(self.script)
        except BaseException as error:
            self._error = error
            raise

    def attach(self) -> None:
        """torch is there: begin to watch."""
        with self.guard("attaching to torch", "The script runs unrecorded."):
            from collector.attach import patches

            patches.install(self)
            self.feed.watch()
            self.active = True

    def called(self, reader: Reader, result: Any, args: Any, kwargs: Any, grad: bool) -> None:
        """A loss function returned ``result``; ``grad`` says whether gradients were on."""
        predicted, target = args[0] if args else next(iter(kwargs.values())), reader.target(args, kwargs)
        role = self.judge.of(predicted, target, grad)
        if role == BESIDE:
            return
        due = role != TRAINING or self._steps % ACCURACY_EVERY == 0
        self._heard(role, reader.read(result, args, kwargs, exactly=due))

    def returned(self, loss: Any, inputs: list[Any], grad: bool) -> None:
        """A compiled model returned a loss, of the rows of its first input; what it called inside is not seen."""
        role = self.judge.of(loss if not grad else loss.detach(), None, grad)
        if role != BESIDE:
            self._heard(role, forward(loss, inputs))

    def _heard(self, role: str, call: Call) -> None:
        if role == TRAINING:
            self._calls.append(call)
            del self._calls[:-100]
        else:
            self.passes.setdefault(role, Pass(role)).add(call, call_site())

    def back_propagates(self, tensors: Any) -> Backward | None:
        """A backward pass begins; hand the result to ``back_propagated`` when it has succeeded."""
        loss: Any = tensors if not isinstance(tensors, list | tuple) else sum(tensors)
        if loss.numel() != 1:
            return None
        value, divisor = getattr(loss, "_curvewise_unscaled", None) or root(loss)
        return Backward(value, divisor, self._calls, site(), self.feed.batches)

    def back_propagated(self, one: Backward) -> None:
        """A backward pass has succeeded."""
        self._calls = []
        self.losses.add(one)
        self.judge.pending = True
        if one.calls:
            self.training = {}
            for call in one.calls:
                self.training[call.function] = self.training.get(call.function, 0) + 1
            by_class = [call for call in one.calls if call.right is not None]
            self._rights += by_class if len(by_class) == 1 else []
            self._last = one.calls[0]

    def before_step(self, optimizer: Any) -> None:
        """An optimizer step begins."""
        stepped = self.recording.find(optimizer)
        if stepped is None and not self.recording.trainings and models.others_collector():
            self.active, self.aside = False, True
            summary.write("the script has a Collector of its own; python -m collector steps aside")
            return
        self.judge.settle(self.passes)
        self.flush()
        if stepped is None:
            self._meet(optimizer)
        self.losses.begins()

    def after_step(self, optimizer: Any) -> None:
        """An optimizer step has ended: its loss becomes a row."""
        stepped = self.recording.find(optimizer)
        loss = self.losses.take()
        self._steps += 1
        self.feed.stepped()
        self.judge.stepped()
        if stepped is not None:
            stepped.step(self.feed)
            if loss is not None:
                self._row(stepped, loss)
        self._calls, self._rights = [], []

    def flush(self) -> None:
        """The evaluations so far are complete: a row each."""
        passes, self.passes = self.passes, {}
        for one in passes.values():
            training, row = self.recording.now, one.row(self.training)
            self.partial = self.partial or bool(self.training.keys() - one.functions)
            if not self.training.keys() - one.functions:
                row[f"{one.name}/loss"] = row[f"{one.name}/loss"] * self.losses.scale
            training.run.log_eval(row)
            training.count(row)

    def finish(self) -> None:
        """The script has ended: close the run and say what was recorded."""
        if self.finished or os.getpid() != self._pid:
            return
        self.finished = True
        with self.guard("ending the run", "What was recorded stays readable in the run folder."):
            if self.active:
                self.flush()
                self._notes()
            self.active = False
            self.recording.close(self._error)
            summary.say(self)

    def _meet(self, optimizer: Any) -> None:
        """An optimizer makes its first step."""
        training = self.recording.meet(optimizer, self.feed).training
        self.judge.models = training.models
        if not training.configured:
            training.configured = True
            atexit.register(self.finish)  # once more: before the collector's own, which would close the run
            self._prime(training)
            self._configure(training)

    def _prime(self, training: Training) -> None:
        """The first batch was handed out before there was a collector to see it."""
        epochs = getattr(training.run, "_epochs", None)
        if epochs is not None and epochs.latest is None:
            epochs.latest = self.feed.latest

    def _configure(self, training: Training) -> None:
        with self.guard("reading the settings", "They are missing from run.json."):
            found = config.settings(self.script.source(), vars(sys.modules["__main__"]))
            training.run.describe(config=config.clean({**found, **self.arguments.parsed}))

    def _row(self, stepped: Stepped, loss: Scalar) -> None:
        training, row = stepped.training, {stepped.tag: loss}
        if self._rights:
            right: Scalar = sum(call.right or 0 for call in self._rights)
            row["train/accuracy"] = right / sum(call.count for call in self._rights)
        training.run.log(row)
        training.count(row)
        self._describe(training)

    def _describe(self, training: Training, ended: bool = False) -> None:
        """Say the loss function and the classes; a loss that is more than the function must not be held against its guess."""
        last = self._last
        if last is None:
            return
        here = self.losses.last is not None and isinstance(self.losses.last[0], float)  # to be compared without waiting
        more = " and more" if (here or ended) and summary.further_terms(self) else ""
        said = last.function + more, last.classes
        if said != training.said:
            training.said = said
            training.run.describe(loss=None if last.function == FORWARD else said[0], classes=last.classes)

    def _notes(self) -> None:
        for training in self.recording.trainings:
            for note in summary.unseen(self, training):
                training.run.note(note)
        if self.recording.trainings:
            self._describe(self.recording.trainings[-1], ended=True)

    def _leave(self) -> None:
        """In a forked child: the parent records."""
        self.active = False

    def guarded(self, action: Callable[..., Any]) -> Callable[..., Any]:
        """``action``, which returns None instead of raising, and does nothing where nobody watches."""

        @functools.wraps(action)
        def safe(*args: Any, **kwargs: Any) -> Any:
            if not self.active:
                return None
            try:
                return action(*args, **kwargs)
            except Exception as error:
                self.guard.failed(f"{LOOKING} ({action.__name__})", error, WAY_OUT)
                return None

        return safe
