"""The networks of the part ``check``, of kinds that are in neither of the other parts."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from benchmarks.lab.layers import Front, Last, Mean, Place, Read, drop, features, tokens, vocabulary
from benchmarks.lab.recipe import Recipe
from benchmarks.lab.shapes import Data

EMBEDDING = 8  # numbers that stand for a letter or an answer
CODE = 8  # numbers an autoencoder has for a row
HEADS = 2
WAVES = 15.0  # how fast the first sines of a sine network are
MOST_DILATED = 4


def maxout(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Each unit is the larger of two linear ones (Goodfellow et al., 2013)."""
    return _layers(recipe, data, out, lambda n, width: [nn.Linear(n, 2 * width), _Larger()])


def glu(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Half of each layer gates the other half (Dauphin et al., 2017)."""
    return _layers(recipe, data, out, lambda n, width: [nn.Linear(n, 2 * width), nn.GLU()])


def selu(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Normalises itself by its activation (Klambauer et al., 2017)."""
    return _layers(recipe, data, out, lambda n, width: [nn.Linear(n, width), nn.SELU()])


def highway(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Layers with a gate that lets the input by (Srivastava et al., 2015)."""
    body = [_Highway(recipe.width) for _ in range(recipe.depth)]
    return nn.Sequential(nn.Linear(features(data), recipe.width), *body, drop(recipe), nn.Linear(recipe.width, out))


def siren(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Sines, the first ones fast, with the weights they were published with (Sitzmann et al., 2020)."""
    sizes = pairwise([features(data), *[recipe.width] * recipe.depth])
    body = [_Sine(n, width, WAVES if k == 0 else 1.0) for k, (n, width) in enumerate(sizes)]
    return nn.Sequential(*body, nn.Linear(recipe.width, out))


def tabular(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """An embedding of every answer, then plain layers."""
    front = [nn.Embedding(vocabulary(data), EMBEDDING), nn.Flatten()]
    body = _layers(recipe, data, out, lambda n, width: [nn.Linear(n, width), nn.ReLU()], EMBEDDING)
    return nn.Sequential(*front, *body)


def autoencoder(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Down to ``CODE`` numbers and up again, with ``depth`` layers on either side."""
    width = [recipe.width] * recipe.depth
    sizes = list(pairwise([features(data), *width, CODE, *width]))
    hidden = [layer for n, m in sizes for layer in (nn.Linear(n, m), nn.ELU())]
    return nn.Sequential(*hidden, drop(recipe), nn.Linear(recipe.width, out))


def groupnet(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Convolutions with group norm and swish, thinned by stride and averaged at the end."""
    rows, cols = tokens(data)
    width, layers = recipe.width, []
    for k in range(recipe.depth + 1):
        conv = nn.Conv2d(width if k else 1, width, 3, padding=1, stride=2 if k == 1 else 1)
        layers += [conv, nn.GroupNorm(1 if width % 4 else 4, width), nn.SiLU()]
    end = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), drop(recipe), nn.Linear(width, out)]
    return nn.Sequential(nn.Unflatten(1, (1, rows, cols)), *layers, *end)


def tcn(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Causal convolutions over ever longer distances, each with a shortcut (Bai et al., 2018)."""
    body = [_Dilated(recipe.width, 2 ** (k % MOST_DILATED)) for k in range(recipe.depth)]
    return nn.Sequential(Front(data, recipe.width), *body, Last(), drop(recipe), nn.Linear(recipe.width, out))


def rnn(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Elman's network: no gates."""
    body = nn.RNN(EMBEDDING, recipe.width, recipe.depth, batch_first=True)
    front = Front(data, EMBEDDING)
    return nn.Sequential(front, body, Read(), Last(), drop(recipe), nn.Linear(recipe.width, out))


def mixer(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Mixes places, then channels, with nothing but plain layers (Tolstikhin et al., 2021)."""
    length, width = tokens(data)[0], recipe.width
    body = [_Mix(length, width) for _ in range(recipe.depth)]
    end = [nn.LayerNorm(width), Mean(), drop(recipe), nn.Linear(width, out)]
    return nn.Sequential(Front(data, width), *body, *end)


def linear_attention(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """A transformer whose attention is a product of positive features (Katharopoulos et al., 2020)."""
    length, width = tokens(data)[0], recipe.width
    body = [_Attend(width) for _ in range(recipe.depth)]
    end = [nn.LayerNorm(width), Mean(), drop(recipe), nn.Linear(width, out)]
    return nn.Sequential(Front(data, width), Place(length, width), *body, *end)


MADE = (maxout, glu, selu, highway, siren, tabular, autoencoder, groupnet, tcn, rnn, mixer, linear_attention)
CHECK_MODELS: dict[str, Callable[[Recipe, Data, int], nn.Module]] = {f.__name__: f for f in MADE}


def _layers(
    recipe: Recipe, data: Data, out: int, layer: Callable[[int, int], list[nn.Module]], each: int = 1
) -> nn.Sequential:
    """``depth`` layers, dropout after each, and a linear end; ``each`` numbers stand for one input."""
    sizes = list(pairwise([each * features(data), *[recipe.width] * recipe.depth]))
    body = [part for n, width in sizes for part in (*layer(n, width), drop(recipe))]
    return nn.Sequential(*body, nn.Linear(sizes[-1][1], out))


class _Larger(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.unflatten(1, (-1, 2)).amax(dim=2)


class _Highway(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.new, self.gate = nn.Linear(width, width), nn.Linear(width, width)
        nn.init.constant_(self.gate.bias, -1.0)  # mostly the input at first, as published

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.gate(x))
        return gate * torch.relu(self.new(x)) + (1 - gate) * x


class _Sine(nn.Module):
    def __init__(self, features: int, width: int, speed: float) -> None:
        super().__init__()
        self.linear, self.speed = nn.Linear(features, width), speed
        bound = 1 / features if speed > 1 else (6 / features) ** 0.5
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(self.speed * self.linear(x))


class _Dilated(nn.Module):
    def __init__(self, width: int, distance: int) -> None:
        super().__init__()
        self.past = nn.ConstantPad1d((2 * distance, 0), 0.0)
        self.conv = nn.Conv1d(width, width, 3, dilation=distance)

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.relu(self.conv(self.past(x.transpose(1, 2)))).transpose(1, 2)


class _Mix(nn.Module):
    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.places = nn.Sequential(nn.Linear(length, 2 * length), nn.GELU(), nn.Linear(2 * length, length))
        self.channels = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.places(self.first(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channels(self.second(x))


class _Attend(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.ask, self.end = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.end(self._attended(self.first(x)))
        return x + self.wide(self.second(x))

    def _attended(self, x: Tensor) -> Tensor:
        q, k, v = (part.unflatten(2, (HEADS, -1)).transpose(1, 2) for part in self.ask(x).chunk(3, dim=2))
        q, k = nn.functional.elu(q) + 1, nn.functional.elu(k) + 1
        whole = q @ k.sum(dim=2).unsqueeze(3)
        return (q @ (k.transpose(2, 3) @ v) / whole).transpose(1, 2).flatten(2)
