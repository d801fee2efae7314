"""Corners of torch that must work as ever: torch.func, torch.jit.script, fullgraph compilation, checkpoints, create_graph."""
# ruff: noqa: T201

import pickle

import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

model, x, y = torch.nn.Linear(3, 2), torch.randn(4, 3), torch.tensor([0, 1, 0, 1])
params = dict(model.named_parameters())


def loss_of(params, x, y):
    return F.cross_entropy(torch.func.functional_call(model, params, (x,)), y)


single = torch.func.vmap(torch.func.grad(loss_of), in_dims=(None, 0, 0))(params, x[:, None], y[:, None])
whole = torch.func.grad(loss_of)(params, x, y)
torch.testing.assert_close(single["weight"].mean(0), whole["weight"])
script = torch.jit.script(torch.nn.CrossEntropyLoss())
assert script(model(x), y) == F.cross_entropy(model(x), y)
compiled = torch.compile(loss_of, backend="eager", fullgraph=True)
torch.testing.assert_close(compiled(params, x, y), loss_of(params, x, y))
assert pickle.loads(pickle.dumps(F.cross_entropy)) is F.cross_entropy

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loss = F.cross_entropy(checkpoint(model, x, use_reentrant=True), y)
loss = loss + F.cross_entropy(model(x), y)
loss.backward(create_graph=True)
optimizer.step()
assert all(p.grad.requires_grad for p in model.parameters())
optimizer.zero_grad()
print(f"{loss.item():.6f}")
