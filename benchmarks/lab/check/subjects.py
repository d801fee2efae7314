"""The subjects of the part ``check``: data sets and kinds of network that nobody saw who tuned a rule."""

from benchmarks.lab.recipe import Recipe
from benchmarks.lab.subject import Subject

CHECK = {
    "segments-maxout-rmsprop": Subject(
        Recipe("segments", "maxout", 24, 2, optimizer="rmsprop", lr=0.005, batch_size=32, steps=1000, dropout=0.2),
        0.001,
    ),
    "bananas-glu-sgd": Subject(
        Recipe("bananas", "glu", 24, 2, optimizer="sgd", lr=1.0, batch_size=32, steps=1200), 0.9
    ),
    "phishing-tabular-adamw": Subject(
        Recipe(
            "phishing",
            "tabular",
            24,
            1,
            optimizer="adamw",
            lr=0.007,
            batch_size=32,
            steps=500,
            dropout=0.3,
            weight_decay=0.05,
        ),
        0.001,
    ),
    "flow-mixer-adam": Subject(
        Recipe("flow", "mixer", 12, 1, optimizer="adam", lr=0.005, batch_size=32, steps=500, dropout=0.0), 0.01
    ),
    "airports-highway-momentum": Subject(
        Recipe("airports", "highway", 32, 3, optimizer="momentum", lr=0.2, batch_size=32, steps=800), 0.03
    ),
    "weather-selu-sgd": Subject(
        Recipe("weather", "selu", 24, 2, optimizer="sgd", lr=0.3, batch_size=32, steps=900, dropout=0.1), 0.1
    ),
    "cars-glu-adam": Subject(
        Recipe(
            "cars", "glu", 16, 2, optimizer="adam", lr=0.005, batch_size=16, steps=600, dropout=0.1, weight_decay=0.01
        ),
        0.001,
    ),
    "textures-groupnet-nesterov": Subject(
        Recipe("textures", "groupnet", 8, 2, optimizer="nesterov", lr=0.08, batch_size=32, steps=700, dropout=0.2), 0.02
    ),
    "patches-autoencoder-momentum": Subject(
        Recipe("patches", "autoencoder", 48, 2, optimizer="momentum", lr=0.06, batch_size=32, steps=1500), 0.03
    ),
    "horse-siren-rmsprop": Subject(
        Recipe("horse", "siren", 32, 3, optimizer="rmsprop", lr=0.01, batch_size=32, steps=1500), 0.002
    ),
    "surnames-rnn-rmsprop": Subject(
        Recipe("surnames", "rnn", 32, 1, optimizer="rmsprop", lr=0.008, batch_size=32, steps=800, dropout=0.3), 0.005
    ),
    "surnames-tcn-adam": Subject(
        Recipe("surnames", "tcn", 24, 3, optimizer="adam", lr=0.009, batch_size=32, steps=700, dropout=0.4), 0.003
    ),
    "code-linear-adamw": Subject(
        Recipe(
            "code",
            "linear_attention",
            32,
            1,
            optimizer="adamw",
            lr=0.012,
            batch_size=32,
            steps=700,
            dropout=0.1,
            weight_decay=0.01,
        ),
        0.008,
    ),
    "states-glu-adam": Subject(
        Recipe("states", "glu", 48, 2, optimizer="adam", lr=0.02, batch_size=32, steps=1500), 0.006
    ),
}
