"""The subjects of each part, with learning rates that ``python -m benchmarks.lab --sweep`` found best."""

from benchmarks.lab.check.subjects import CHECK
from benchmarks.lab.fresh.subjects import FRESH
from benchmarks.lab.recipe import Recipe
from benchmarks.lab.subject import Subject
from benchmarks.lab.wild.subjects import DRAWN

TUNING = {
    "digits-relu-sgd": Subject(
        Recipe("digits", "relu", 64, 2, optimizer="sgd", lr=0.4, batch_size=32, steps=1500, dropout=0.2), 0.2
    ),
    "digits-cnn-adam": Subject(
        Recipe("digits", "cnn", 8, 1, optimizer="adam", lr=0.02, batch_size=32, steps=1000, dropout=0.3), 0.006
    ),
    "digits-gru-momentum": Subject(
        Recipe("digits", "gru", 32, 1, optimizer="momentum", lr=0.1, batch_size=32, steps=900, dropout=0.2), 0.07
    ),
    "cancer-relu-adamw": Subject(
        Recipe(
            "cancer",
            "relu",
            32,
            2,
            optimizer="adamw",
            lr=0.003,
            batch_size=16,
            steps=700,
            dropout=0.3,
            weight_decay=0.1,
        ),
        0.003,
    ),
    "wine-relu-momentum": Subject(
        Recipe(
            "wine",
            "relu",
            16,
            1,
            optimizer="momentum",
            lr=0.03,
            batch_size=8,
            steps=500,
            dropout=0.3,
            weight_decay=0.02,
        ),
        0.01,
    ),
    "diabetes-relu-adam": Subject(
        Recipe(
            "diabetes",
            "relu",
            32,
            2,
            optimizer="adam",
            lr=0.01,
            batch_size=32,
            steps=600,
            dropout=0.3,
            weight_decay=0.03,
        ),
        0.003,
    ),
    "temple-relu-adam": Subject(
        Recipe("temple", "relu", 64, 2, optimizer="adam", lr=0.01, batch_size=64, steps=2000), 0.003
    ),
    "flower-relu-momentum": Subject(
        Recipe("flower", "relu", 64, 3, optimizer="momentum", lr=0.3, batch_size=16, steps=3000), 0.1
    ),
    "topics-gru-adam": Subject(
        Recipe("topics", "gru", 48, 1, optimizer="adam", lr=0.016, batch_size=32, steps=800, dropout=0.2), 0.005
    ),
    "topics-transformer-adamw": Subject(
        Recipe(
            "topics",
            "transformer",
            32,
            1,
            optimizer="adamw",
            lr=0.015,
            batch_size=32,
            steps=600,
            dropout=0.1,
            weight_decay=0.01,
        ),
        0.008,
    ),
    "temperatures-gru-sgd": Subject(
        Recipe("temperatures", "gru", 16, 1, optimizer="sgd", lr=0.1, batch_size=16, steps=900), 0.1
    ),
}
TEST = {
    "mnist-tanh-sgd": Subject(
        Recipe("mnist", "tanh", 64, 2, optimizer="sgd", lr=0.7, batch_size=32, steps=2000, dropout=0.2), 0.3
    ),
    "mnist-resnet-momentum": Subject(
        Recipe("mnist", "resnet", 6, 1, optimizer="momentum", lr=0.01, batch_size=32, steps=700, dropout=0.3), 0.01
    ),
    "mnist-encoder-adam": Subject(
        Recipe("mnist", "encoder", 24, 1, optimizer="adam", lr=0.01, batch_size=16, steps=600, dropout=0.1), 0.008
    ),
    "faces-resnet-adam": Subject(
        Recipe("faces", "resnet", 6, 1, optimizer="adam", lr=0.01, batch_size=16, steps=400, dropout=0.4), 0.002
    ),
    "marriages-gelu-adamw": Subject(
        Recipe(
            "marriages",
            "gelu",
            32,
            2,
            optimizer="adamw",
            lr=0.001,
            batch_size=256,
            steps=1000,
            dropout=0.1,
            weight_decay=0.05,
        ),
        0.0006,
    ),
    "voters-gelu-momentum": Subject(
        Recipe(
            "voters",
            "gelu",
            16,
            1,
            optimizer="momentum",
            lr=0.03,
            batch_size=32,
            steps=600,
            dropout=0.3,
            weight_decay=0.01,
        ),
        0.008,
    ),
    "doctors-tanh-momentum": Subject(
        Recipe("doctors", "tanh", 32, 2, optimizer="momentum", lr=0.02, batch_size=128, steps=1000, dropout=0.1), 0.008
    ),
    "coffee-gelu-adam": Subject(
        Recipe("coffee", "gelu", 64, 2, optimizer="adam", lr=0.02, batch_size=64, steps=2000), 0.008
    ),
    "astronaut-tanh-sgd": Subject(
        Recipe("astronaut", "tanh", 64, 2, optimizer="sgd", lr=0.9, batch_size=16, steps=3000), 0.6
    ),
    "descriptions-lstm-adam": Subject(
        Recipe("descriptions", "lstm", 48, 1, optimizer="adam", lr=0.03, batch_size=32, steps=800, dropout=0.2), 0.012
    ),
    "descriptions-encoder-adamw": Subject(
        Recipe(
            "descriptions",
            "encoder",
            32,
            1,
            optimizer="adamw",
            lr=0.01,
            batch_size=32,
            steps=600,
            dropout=0.1,
            weight_decay=0.01,
        ),
        0.008,
    ),
    "carbon-lstm-adam": Subject(
        Recipe("carbon", "lstm", 16, 1, optimizer="adam", lr=0.004, batch_size=32, steps=800), 0.003
    ),
}
PARTS = {"tuning": TUNING, "test": TEST, "check": CHECK, "fresh": FRESH, **DRAWN}
