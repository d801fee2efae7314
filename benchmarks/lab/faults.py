"""The lab's runs: a sound recipe for each subject, and each fault as one change to it."""

from dataclasses import replace

from benchmarks.lab.train import Recipe

# A subject is a data set, a network and an optimizer with a learning rate that works for it.
TUNING = {
    "digits-relu-sgd": Recipe("digits", "relu", 64, 2, optimizer="sgd", lr=0.2, dropout=0.2),
    "digits-tanh-momentum": Recipe("digits", "tanh", 64, 3, optimizer="momentum", lr=0.03, dropout=0.2),
    "digits-cnn-adam": Recipe("digits", "cnn", 8, 1, optimizer="adam", lr=3e-3, dropout=0.3),
    "cancer-relu-momentum": Recipe("cancer", "relu", 32, 2, optimizer="momentum", lr=0.01, weight_decay=1e-2),
    "photo-relu-adam": Recipe("photo", "relu", 96, 3, optimizer="adam", lr=2e-3),
    "chars-relu-adamw": Recipe("chars", "relu", 128, 2, optimizer="adamw", lr=1e-3, dropout=0.2, steps=2000),
}
TEST = {
    "wine-relu-sgd": Recipe("wine", "relu", 32, 2, optimizer="sgd", lr=0.1, weight_decay=1e-2),
    "digits-gru-adam": Recipe("digits", "gru", 48, 1, optimizer="adam", lr=5e-3, dropout=0.2),
    "digits-transformer-adamw": Recipe(
        "digits", "transformer", 32, 2, optimizer="adamw", lr=2e-3, dropout=0.1, steps=1000
    ),
    "chars-gru-adam": Recipe("chars", "gru", 96, 1, optimizer="adam", lr=4e-3, dropout=0.2, steps=1000),
    "photo-tanh-momentum": Recipe("photo", "tanh", 96, 3, optimizer="momentum", lr=0.05),
    "diabetes-relu-sgd": Recipe("diabetes", "relu", 16, 1, optimizer="sgd", lr=0.05, weight_decay=1e-1),
}

# Weight decay that holds the weights down without killing the network, by optimizer.
DECAY = {"sgd": 0.05, "momentum": 0.05, "adam": 0.03, "adamw": 1.0}


def runs(subjects: dict[str, Recipe], seeds: tuple[int, ...] = (0, 1)) -> dict[str, tuple[str, Recipe]]:
    """Name → (verdict it must get, recipe), for every subject, fault and seed."""
    found = {}
    for subject, sound in subjects.items():
        for seed in seeds:
            for fault, recipe in faults(replace(sound, seed=seed), variant=seed).items():
                found[f"{subject}-{fault}-{seed}"] = (fault, recipe)
    return found


def faults(sound: Recipe, variant: int) -> dict[str, Recipe]:
    """Verdict → the sound recipe with one thing changed; ``variant`` 0 is plain, 1 milder or of another kind."""
    adaptive = sound.optimizer.startswith("adam")
    small = replace(sound, width=4 if sound.model == "transformer" else 3, dropout=0.0, schedule="cosine")
    tied_down = replace(sound, weight_decay=DECAY[sound.optimizer], dropout=0.0)
    few = {"train_size": 60 if sound.data != "chars" else 600, "dropout": 0.0, "weight_decay": 0.0}
    return {
        "healthy": replace(sound, schedule=("cosine", "step")[variant], drop_at=0.7),
        "diverged": replace(sound, lr=sound.lr * (3000, 300)[variant]),
        "lr_too_high": replace(sound, lr=sound.lr * ((30, 15) if adaptive else (8, 5))[variant]),
        "lr_too_low": replace(sound, lr=sound.lr / (100, 30)[variant]),
        "bad_initialization": replace(sound, init_scale=(0.05, 0.15)[variant]),
        "decay_too_early": replace(sound, schedule="step", drop=(0.01, 0.03)[variant], drop_at=(0.06, 0.1)[variant]),
        "needs_decay": replace(sound, lr=sound.lr * (2, 1)[variant]),
        "overfitting": replace(sound, label_noise=(0.3, 0.1)[variant], **few),
        "underfitting": (small, tied_down)[variant],
        "keep_training": replace(sound, steps=sound.steps // (12, 6)[variant], lr=sound.lr / 2),
        "not_enough_data": replace(sound, steps=(6, 14)[variant], evals=2),
    }
