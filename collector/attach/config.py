"""The hyperparameters: what the script's argparse returned, and the settings at the top of the script."""

import argparse
import ast
import re
from collections.abc import Iterator, Mapping
from functools import wraps
from typing import Any

SIMPLE = (bool, int, float, str)
LONGEST = 300  # characters of a string worth keeping
SECRET = re.compile(r"(^|_)(password|passwd|secret|token|api_?key|key|auth)($|_)", re.IGNORECASE)
SHORT = 12  # characters: a string at least as long, under a secret's name, is left out


class Arguments:
    """Remembers what ``argparse`` parsed."""

    def __init__(self) -> None:
        self.parsed: dict[str, Any] = {}
        self._deep = 0  # a subcommand is parsed inside its parent

    def watch(self) -> None:
        """From now on every parser tells."""
        original = argparse.ArgumentParser.parse_known_args

        @wraps(original)
        def parse_known_args(*args: Any, **kwargs: Any) -> Any:
            self._deep += 1
            try:
                result = original(*args, **kwargs)
            finally:
                self._deep -= 1
            if not self._deep:
                self.parsed.update(vars(result[0]))
            return result

        argparse.ArgumentParser.parse_known_args = parse_known_args  # type: ignore[method-assign]


def clean(found: Mapping[str, Any]) -> dict[str, Any]:
    """Only what is a setting and no secret."""
    return {name: value for name, value in found.items() if _setting(value) and not _secret(name, value)}


def settings(source: str | bytes | None, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The simple variables that the script sets at its top level, outside loops, with their values now."""
    try:
        names = set(_assigned(ast.parse(source or "").body))
    except (SyntaxError, ValueError):
        return {}
    changing = set(_in_loops(ast.parse(source or "").body))
    return {n: variables[n] for n in sorted(names - changing) if n in variables and isinstance(variables[n], SIMPLE)}


def _setting(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return len(value) < 50 and all(isinstance(v, SIMPLE) for v in value)
    return value is None or (isinstance(value, SIMPLE) and not (isinstance(value, str) and len(value) > LONGEST))


def _secret(name: str, value: Any) -> bool:
    return isinstance(value, str) and len(value) >= SHORT and SECRET.search(name) is not None


def _assigned(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            yield from _targets(node)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from _assigned(node.body)


def _in_loops(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.For | ast.While):
            yield from (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from _in_loops(node.body)


def _targets(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> Iterator[str]:
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        if isinstance(target, ast.Name) and not target.id.startswith("_"):
            yield target.id
