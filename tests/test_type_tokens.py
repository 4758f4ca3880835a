"""The type tokens of components: a public contract, since every recorded URN holds them.

A changed token makes the engine replace everything under it. Whoever changes one gives the component an alias.
"""

import ast
import re
from pathlib import Path

TOKENS = {
    "sluice:aws:Data": "components/aws/data.py",
    "sluice:aws:Database": "components/aws/database.py",
    "sluice:aws:Listener": "components/aws/listener.py",
    "sluice:aws:Machines": "components/aws/machines.py",
    "sluice:aws:Network": "components/aws/network.py",
    "sluice:aws:Slice": "components/aws/slice.py",
    "sluice:docker:Data": "components/docker/data.py",
    "sluice:docker:Router": "components/docker/router.py",
    "sluice:docker:Slice": "components/docker/slice.py",
}
ROOT = Path(__file__).resolve().parents[1]


def written() -> dict[str, str]:
    """Every string in the components that reads as one of our tokens, with its file."""
    return {
        node.value: file.relative_to(ROOT).as_posix()
        for file in (ROOT / "components").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.fullmatch(r"sluice:(aws|docker):[A-Z]\w*", node.value)
    }


def test_every_token_is_listed_here():
    assert written() == TOKENS


def test_every_token_is_registered_by_the_program(two):
    tokens = {one for one in TOKENS if one.startswith("sluice:aws:")}
    assert {one.type for one in two.registered.values() if one.type.startswith("sluice:")} == tokens
