"""Small networks: plain and normalised MLPs, plain and residual CNNs, GRU, LSTM, two kinds of transformer."""

from torch import Tensor, nn

from benchmarks.lab.check.models import CHECK_MODELS
from benchmarks.lab.fresh.models import FRESH_MODELS
from benchmarks.lab.layers import Shortcut
from benchmarks.lab.recipe import Recipe
from benchmarks.lab.shapes import Data
from benchmarks.lab.wild.models import WILD_MODELS

EMBEDDING = 16  # numbers that stand for a character
HEADS = 4

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
    "leaky_relu": nn.LeakyReLU,
}
MLPS = ("relu", "tanh", "gelu")
CNNS = ("cnn", "resnet")
SEQUENCES = ("gru", "lstm", "transformer", "encoder")
STRAIGHT = (  # of He's weights
    *(*CNNS, "relu", "gelu", "maxout", "highway", "tabular", "autoencoder", "groupnet", "tcn"),
    *("residual", "cross", "swish", "mish", "prelu", "ranker", "depthwise", "denoiser", "conv1d", "textcnn", "dense"),
    *("factors", "fourier", "squeeze", "unet"),
)
MADE = CHECK_MODELS | FRESH_MODELS | WILD_MODELS


def build(recipe: Recipe, data: Data) -> nn.Module:
    """The network of ``recipe`` for ``data``, with its initial weights."""
    y = data.train[1]
    out = data.classes or (y.shape[1] if y.ndim > 1 else 1)
    model: nn.Module
    if recipe.model in MADE:
        model = MADE[recipe.model](recipe, data, out)
    elif recipe.model in MLPS:
        model = _mlp(recipe, data, out)
    elif recipe.model in CNNS:
        model = _cnn(recipe, data, out)
    else:
        model = _Sequence(recipe, data, out)
    _initialise(model, recipe)
    return model


def _norm(recipe: Recipe, width: int, images: bool = False) -> list[nn.Module]:
    kind = recipe.normalization or {"gelu": "layer_norm", "resnet": "batch_norm"}.get(recipe.model)
    if kind == "layer_norm":
        return [nn.GroupNorm(1, width) if images else nn.LayerNorm(width)]
    if kind == "group_norm":
        return [nn.GroupNorm(1 if width % 4 else 4, width)]
    return [nn.BatchNorm2d(width) if images else nn.BatchNorm1d(width)] if kind == "batch_norm" else []


def _mlp(recipe: Recipe, data: Data, out: int) -> nn.Sequential:
    x, activation = data.train[0], ACTIVATIONS[recipe.activation or recipe.model]
    embed = not x.is_floating_point()
    layers: list[nn.Module] = [nn.Embedding(data.classes or 1, EMBEDDING), nn.Flatten()] if embed else []
    features = x.shape[1] * (EMBEDDING if embed else 1)
    for _ in range(recipe.depth):
        layers += [nn.Linear(features, recipe.width), *_norm(recipe, recipe.width), activation()]
        layers += [nn.Dropout(recipe.dropout)]
        features = recipe.width
    return nn.Sequential(*layers, nn.Linear(features, out))


def _cnn(recipe: Recipe, data: Data, out: int) -> nn.Sequential:
    assert data.tokens is not None
    rows, cols = data.tokens
    width, activation = recipe.width, ACTIVATIONS[recipe.activation or "relu"]
    first = [nn.Conv2d(1, width, 3, padding=1), *_norm(recipe, width, True), activation(), nn.MaxPool2d(2)]
    block = [nn.Conv2d(width, width, 3, padding=1), *_norm(recipe, width, True), activation()]
    body = [Shortcut(*block)] if recipe.model == "resnet" else block
    body = [layer for _ in range(recipe.depth) for layer in body] if recipe.depth == 1 else _stack(recipe, body)
    end = [nn.Flatten(), nn.Dropout(recipe.dropout), nn.Linear(width * (rows // 2) * (cols // 2), out)]
    return nn.Sequential(nn.Unflatten(1, (1, rows, cols)), *first, *body, *end)


def _stack(recipe: Recipe, body: list[nn.Module]) -> list[nn.Module]:
    """``depth`` blocks with weights of their own."""
    width, activation = recipe.width, ACTIVATIONS[recipe.activation or "relu"]
    blocks = [
        [nn.Conv2d(width, width, 3, padding=1), *_norm(recipe, width, True), activation()]
        for _ in range(recipe.depth - 1)
    ]
    more = [Shortcut(*b) for b in blocks] if recipe.model == "resnet" else [layer for b in blocks for layer in b]
    return [*body, *more]


class _Sequence(nn.Module):
    """Reads rows, characters or values in order: gru, lstm, transformer (norm first) or encoder (norm last, as published)."""

    def __init__(self, recipe: Recipe, data: Data, out: int) -> None:
        super().__init__()
        assert data.tokens is not None
        length, features = data.tokens
        width, self.attends = recipe.width, recipe.model in ("transformer", "encoder")
        entry = width if self.attends else EMBEDDING
        embed = not data.train[0].is_floating_point()
        self.front: nn.Module = (
            nn.Embedding(data.classes or 1, entry)
            if embed
            else nn.Sequential(nn.Unflatten(1, (length, features)), nn.Linear(features, entry))
        )
        if self.attends:
            self.place = nn.Embedding(length, width)
            first = recipe.model == "transformer"
            layer = nn.TransformerEncoderLayer(
                width, HEADS, 2 * width, recipe.dropout, batch_first=True, norm_first=first
            )
            self.body: nn.Module = nn.TransformerEncoder(layer, recipe.depth, enable_nested_tensor=False)
        else:
            kind = nn.GRU if recipe.model == "gru" else nn.LSTM
            self.body = kind(entry, width, recipe.depth, batch_first=True)
        self.head = nn.Sequential(nn.Dropout(0.0 if self.attends else recipe.dropout), nn.Linear(width, out))

    def forward(self, x: Tensor) -> Tensor:
        seen = self.front(x)
        if self.attends:
            return self.head(self.body(seen + self.place.weight).mean(dim=1))
        return self.head(self.body(seen)[0][:, -1])


def _initialise(model: nn.Module, recipe: Recipe) -> None:
    """PyTorch's own weights or those of a named rule, and then every matrix times ``init_scale``."""
    matrices = [p for name, p in model.named_parameters() if p.ndim > 1 and "place" not in name]
    for weight in matrices if recipe.init else []:
        straight = recipe.model in STRAIGHT
        (nn.init.kaiming_normal_(weight, nonlinearity="relu") if straight else nn.init.xavier_normal_(weight))
    for weight in matrices:
        weight.data.mul_(recipe.init_scale)
    matrices[-1].data.mul_(recipe.last_layer_scale)
