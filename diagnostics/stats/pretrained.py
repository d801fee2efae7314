"""Whether the weights were trained before: fine-tuning takes short steps on purpose, and starts where others end."""

from collector.schema import TRAIN_LOSS, VAL_ACCURACY
from diagnostics.run import Run
from diagnostics.stats.guess import guess
from diagnostics.stats.level import end, start

# Names that training scripts give the weights they begin with: timm and torchvision, Hugging Face, nanoGPT, PEFT, Lightning.
NAMES = (
    "pretrained",
    "model_name_or_path",
    "_name_or_path",
    "pretrained_model_name_or_path",
    "init_from",
    "base_model",
    "init_checkpoint",
    "resume",
    "resume_from",
    "resume_from_checkpoint",
    "ckpt_path",
)
KNEW = 0.5  # of a guess' loss, or fraction right: no fresh network is there with its first batch, or at its first evaluation and no better since
BETTER = 0.02  # fraction right
LEAST_EVALS = 5  # evaluations
FRESH = ("", "scratch", "none", "false", "0", "random", "null")  # words for weights of one's own


def pretrained(run: Run) -> bool:
    """Whether the config names weights to begin with."""
    return any(str(run.config.get(name) or "").strip().lower() not in FRESH for name in NAMES)


def came_trained(run: Run) -> bool:
    """Whether the config says so, or the network knew from the first batch, or the first evaluation, on."""
    blind, right = guess(run), run.get(VAL_ACCURACY)
    if pretrained(run) or (blind is not None and start(run[TRAIN_LOSS]) < KNEW * blind):
        return True
    seen = right.finite() if right is not None else None
    return seen is not None and len(seen) >= LEAST_EVALS and start(seen) > KNEW and end(seen) < start(seen) + BETTER
