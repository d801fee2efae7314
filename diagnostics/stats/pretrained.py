"""Whether the weights were trained before: fine-tuning takes short steps on purpose, and starts where others end."""

from diagnostics.run import Run

# Names that training scripts give the weights they begin with: timm and torchvision, Hugging Face, nanoGPT, PEFT.
NAMES = (
    "pretrained",
    "model_name_or_path",
    "_name_or_path",
    "pretrained_model_name_or_path",
    "init_from",
    "base_model",
)
FRESH = ("", "scratch", "none", "false", "0", "random", "null")  # words for weights of one's own


def pretrained(run: Run) -> bool:
    """Whether the config names weights to begin with."""
    return any(str(run.config.get(name) or "").strip().lower() not in FRESH for name in NAMES)
