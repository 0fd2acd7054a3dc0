"""Programs in ``app`` use only public names of the other rooms."""

import ast
import importlib
import re
from pathlib import Path

import skl_tot

ROOT = Path(skl_tot.__file__).parent


def imports_of_app():
    """File, module and name of each import from another room of the package."""
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found = [(alias.name, None) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                found = [(node.module, alias.name) for alias in node.names]
            else:
                continue
            for module, name in found:
                words = module.split(".")
                if words[0] == "skl_tot" and words[1:2] != ["app"]:
                    yield path.name, module, name


def is_public(module, name):
    """Whether a room lists a name, or the name is that of a room."""
    room = importlib.import_module(".".join(module.split(".")[:2]))
    rooms = {path.stem for path in ROOT.iterdir()}
    is_room = room is skl_tot and name in {None, "__version__"} | rooms
    return is_room or name in room.__all__


def test_programs_use_public_names():
    others = [found for found in imports_of_app() if not is_public(*found[1:])]
    assert others == []


def test_names_for_programs_are_there_and_used():
    """Those of the page of the API that are listed for programs alone."""
    text = (ROOT.parent / "docs" / "api.md").read_text(encoding="utf-8")
    _, section = text.split("\n## For the programs on top\n")
    app = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("app/**/*.py"))
    for room, names in re.findall(r"^- `([\w.]+)`: ((?:`\w+`,?\s+)+)", section, re.M):
        for name in re.findall(r"\w+", names):
            assert hasattr(importlib.import_module(room), name), (room, name)
            assert re.search(rf"\b{name}\b", app), (room, name)
