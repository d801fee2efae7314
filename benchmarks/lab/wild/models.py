"""The networks of the part ``wild``, of kinds that are in no other part."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from benchmarks.lab.layers import Front, Mean, Place, Read, Shortcut, drop, features, tokens, vocabulary
from benchmarks.lab.recipe import Recipe
from benchmarks.lab.shapes import Data

EMBEDDING = 12  # numbers that stand for a letter
SIDE = 4  # pixels of a patch
HEADS = 2
WAVES = 24  # random directions that a place is seen along
FAST = 3.0  # how fast those waves are


def softplus(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Plain layers with a smooth bend."""
    sizes = list(pairwise([features(data), *[recipe.width] * recipe.depth]))
    body = [part for n, m in sizes for part in (nn.Linear(n, m), nn.Softplus(), drop(recipe))]
    return nn.Sequential(*body, nn.Linear(recipe.width, out))


def swiglu(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Gated layers after RMS norm, each with a shortcut, as today's language models have them (Shazeer, 2020)."""
    n = recipe.width
    blocks = [Shortcut(nn.RMSNorm(n), _Gated(n), drop(recipe)) for _ in range(recipe.depth)]
    return nn.Sequential(nn.Linear(features(data), n), *blocks, nn.RMSNorm(n), nn.Linear(n, out))


def factors(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """A factorization machine beside plain layers (Guo et al., 2017)."""
    return _Factors(recipe, features(data), out)


def fourier(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Waves in random directions, which are not learned, then plain layers (Tancik et al., 2020)."""
    sizes = list(pairwise([2 * WAVES, *[recipe.width] * recipe.depth]))
    body = [part for n, m in sizes for part in (nn.Linear(n, m), nn.ReLU())]
    return nn.Sequential(_Waves(features(data)), *body, drop(recipe), nn.Linear(recipe.width, out))


def convnext(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Wide filters of one channel each and two layers across channels, with a shortcut (Liu et al., 2022)."""
    n = recipe.width
    front = [nn.Unflatten(1, (1, *tokens(data))), nn.Conv2d(1, n, 2, stride=2), nn.GroupNorm(1, n)]
    block = [
        Shortcut(nn.Conv2d(n, n, 5, padding=2, groups=n), nn.GroupNorm(1, n), *_across(n)) for _ in range(recipe.depth)
    ]
    return nn.Sequential(*front, *block, *_pooled(recipe, n, out))


def squeeze(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Convolutions whose channels weigh each other (Hu et al., 2018)."""
    n, widths = recipe.width, pairwise([1, *[recipe.width] * recipe.depth])
    body = [
        part for a, b in widths for part in (nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), _Weigh(b))
    ]
    return nn.Sequential(nn.Unflatten(1, (1, *tokens(data))), *body, nn.MaxPool2d(2), *_pooled(recipe, n, out))


def gmlp(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Patches of 4 × 4 pixels that gate each other, without attention (Liu et al., 2021)."""
    rows, cols = tokens(data)
    n, length = recipe.width, rows * cols // SIDE**2
    cut = nn.Sequential(nn.Unflatten(1, (1, rows, cols)), nn.Unfold(SIDE, stride=SIDE), _Turn(), nn.Linear(SIDE**2, n))
    body = [Shortcut(nn.LayerNorm(n), _Spatial(n, length)) for _ in range(recipe.depth)]
    return nn.Sequential(cut, *body, nn.LayerNorm(n), Mean(), drop(recipe), nn.Linear(n, out))


def unet(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Down by two and up again, with the picture itself beside (Ronneberger et al., 2015)."""
    n = recipe.width
    down = [nn.Conv2d(n, 2 * n, 3, stride=2, padding=1), nn.ReLU()]
    deep = [part for _ in range(recipe.depth) for part in (nn.Conv2d(2 * n, 2 * n, 3, padding=1), nn.ReLU())]
    inner = _Beside(*down, *deep, drop(recipe), nn.Upsample(scale_factor=2))
    front = [nn.Unflatten(1, (1, *tokens(data))), nn.Conv2d(1, n, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*front, inner, nn.Conv2d(3 * n, n, 3, padding=1), nn.ReLU(), nn.Conv2d(n, 1, 1), nn.Flatten())


def bottleneck(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """An autoencoder of convolutions: a patch becomes ``width`` numbers and a patch again."""
    n, (rows, cols) = recipe.width, tokens(data)
    down = [nn.Unflatten(1, (1, rows, cols)), nn.Conv2d(1, n, 3, stride=2, padding=1), nn.ELU(), nn.Flatten()]
    size = (n, rows // 2, cols // 2)
    code = [nn.Linear(n * rows * cols // 4, n), drop(recipe), nn.Linear(n, n * rows * cols // 4), nn.ELU()]
    up = [nn.Unflatten(1, size), nn.ConvTranspose2d(n, 1, 4, stride=2, padding=1), nn.Flatten()]
    return nn.Sequential(*down, *code, *up)


def bigru(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """A GRU that reads both ways."""
    body = nn.GRU(EMBEDDING, recipe.width, recipe.depth, batch_first=True, bidirectional=True)
    return nn.Sequential(Front(data, EMBEDDING), body, Read(), Mean(), drop(recipe), nn.Linear(2 * recipe.width, out))


def attended(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """An LSTM whose places are weighed by what they say (Bahdanau et al., 2015)."""
    body = nn.LSTM(EMBEDDING, recipe.width, recipe.depth, batch_first=True)
    return nn.Sequential(
        Front(data, EMBEDDING), body, Read(), _Attend(recipe.width), drop(recipe), nn.Linear(recipe.width, out)
    )


def wavenet(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Gated causal convolutions over ever longer distances (van den Oord et al., 2016)."""
    body = [Shortcut(_GatedPast(recipe.width, 2**k)) for k in range(recipe.depth)]
    return nn.Sequential(Front(data, recipe.width), *body, Mean(), drop(recipe), nn.Linear(recipe.width, out))


def ssm(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Channels that each forget at a pace of their own: a diagonal state space (Gu et al., 2022)."""
    n = recipe.width
    body = [
        Shortcut(nn.LayerNorm(n), _Forget(n, tokens(data)[0]), nn.GELU(), nn.Linear(n, n)) for _ in range(recipe.depth)
    ]
    return nn.Sequential(Front(data, n), *body, Mean(), drop(recipe), nn.Linear(n, out))


def gpt(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """A transformer that sees no later place and names what comes next at every one (Radford et al., 2018)."""
    n, length = recipe.width, tokens(data)[0]
    ends = [nn.LayerNorm(n), nn.Linear(n, out), _Turn()]
    return nn.Sequential(nn.Embedding(vocabulary(data), n), Place(length, n), _Causal(recipe, length), *ends)


def seq2seq(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """A GRU reads, another one writes from what the first has kept (Cho et al., 2014)."""
    return _Written(recipe, vocabulary(data), data.train[1].shape[1], out)


MADE = (
    *(softplus, swiglu, factors, fourier, convnext, squeeze, gmlp, unet, bottleneck),
    *(bigru, attended, wavenet, ssm, gpt, seq2seq),
)
WILD_MODELS: dict[str, Callable[[Recipe, Data, int], nn.Module]] = {f.__name__: f for f in MADE}


def _across(n: int) -> list[nn.Module]:
    return [nn.Conv2d(n, 2 * n, 1), nn.GELU(), nn.Conv2d(2 * n, n, 1)]


def _pooled(recipe: Recipe, n: int, out: int) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), drop(recipe), nn.Linear(n, out)]


class _Turn(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2)


class _Beside(nn.Sequential):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, super().forward(x)], dim=1)


class _Gated(nn.Module):
    def __init__(self, n: int) -> None:
        super().__init__()
        self.both, self.down = nn.Linear(n, 4 * n, bias=False), nn.Linear(2 * n, n, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.both(x).chunk(2, dim=-1)
        return self.down(value * nn.functional.silu(gate))


class _Factors(nn.Module):
    def __init__(self, recipe: Recipe, first: int, out: int) -> None:
        super().__init__()
        n = recipe.width
        self.straight, self.factors = nn.Linear(first, out), nn.Linear(first, n, bias=False)
        self.deep = nn.Sequential(nn.Linear(first, n), nn.ReLU(), drop(recipe), nn.Linear(n, n), nn.ReLU())
        self.end = nn.Linear(2 * n, out)

    def forward(self, x: Tensor) -> Tensor:
        pairs = self.factors(x) ** 2 - x**2 @ self.factors.weight.T**2
        return self.straight(x) + self.end(torch.cat([pairs / x.shape[1], self.deep(x)], dim=1))


class _Waves(nn.Module):
    def __init__(self, first: int) -> None:
        super().__init__()
        self.register_buffer("directions", FAST * torch.randn(first, WAVES))

    def forward(self, x: Tensor) -> Tensor:
        along = x @ self.directions
        return torch.cat([along.sin(), along.cos()], dim=1)


class _Weigh(nn.Module):
    def __init__(self, n: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(nn.Linear(n, max(1, n // 2)), nn.ReLU(), nn.Linear(max(1, n // 2), n), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x.mean(dim=(2, 3)))[:, :, None, None]


class _Spatial(nn.Module):
    def __init__(self, n: int, length: int) -> None:
        super().__init__()
        self.up, self.down, self.norm = nn.Linear(n, 4 * n), nn.Linear(2 * n, n), nn.LayerNorm(2 * n)
        self.over = nn.Linear(length, length)
        nn.init.ones_(self.over.bias)  # open gates at first, as published

    def forward(self, x: Tensor) -> Tensor:
        value, gate = nn.functional.gelu(self.up(x)).chunk(2, dim=2)
        return self.down(value * self.over(self.norm(gate).transpose(1, 2)).transpose(1, 2))


class _Attend(nn.Module):
    def __init__(self, n: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(n, n), nn.Tanh(), nn.Linear(n, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        return (self.score(x).softmax(dim=1) * x).sum(dim=1)


class _GatedPast(nn.Module):
    def __init__(self, n: int, distance: int) -> None:
        super().__init__()
        self.past = nn.ConstantPad1d((distance, 0), 0.0)
        self.both, self.end = nn.Conv1d(n, 2 * n, 2, dilation=distance), nn.Linear(n, n)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.both(self.past(x.transpose(1, 2))).transpose(1, 2).chunk(2, dim=2)
        return self.end(value.tanh() * gate.sigmoid())


class _Forget(nn.Module):
    """Every place is the sum of those before it, each channel's share falling at its pace."""

    def __init__(self, n: int, length: int) -> None:
        super().__init__()
        self.pace = nn.Parameter(torch.linspace(-1, 3, n))
        ago = torch.arange(length)[:, None] - torch.arange(length)
        self.register_buffer("ago", ago.clamp(min=0).float())
        self.register_buffer("seen", (ago >= 0).float())

    def forward(self, x: Tensor) -> Tensor:
        kept = self.pace.sigmoid()
        shares = self.seen * kept[:, None, None] ** self.ago
        return torch.einsum("nij,bjn->bin", shares, x) * (1 - kept)


class _Causal(nn.Module):
    def __init__(self, recipe: Recipe, length: int) -> None:
        super().__init__()
        n = recipe.width
        layer = nn.TransformerEncoderLayer(n, HEADS, 4 * n, recipe.dropout, "gelu", batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, recipe.depth, enable_nested_tensor=False)
        self.register_buffer("later", nn.Transformer.generate_square_subsequent_mask(length))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x, mask=self.later, is_causal=True)


class _Written(nn.Module):
    def __init__(self, recipe: Recipe, letters: int, length: int, out: int) -> None:
        super().__init__()
        n = recipe.width
        self.embed, self.place = nn.Embedding(letters, EMBEDDING), nn.Embedding(length, EMBEDDING)
        self.reader, self.writer = (nn.GRU(EMBEDDING, n, batch_first=True) for _ in range(2))
        self.end = nn.Sequential(drop(recipe), nn.Linear(n, out))

    def forward(self, x: Tensor) -> Tensor:
        kept = self.reader(self.embed(x))[1]
        places = self.place.weight.expand(len(x), -1, -1)
        return self.end(self.writer(places, kept)[0]).transpose(1, 2)
