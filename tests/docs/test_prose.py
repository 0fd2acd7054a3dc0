"""Sentences of the pages and of docstrings are short."""

import ast
import re
from pathlib import Path

import pytest

import skl_tot

ROOT = Path(skl_tot.__file__).resolve().parents[1]
PAGES = [
    *(
        ROOT / name
        for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
    ),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "guide").glob("*.md")),
]
MODULES = sorted((ROOT / "skl_tot").rglob("*.py"))
MOST_WORDS = 35
END = re.compile(r"(?<=[.?!:;])[)\"'*]*\s+|\n\s*\n")  # of sentences and main clauses


def too_long(text):
    """Sentences of more words than are easy to read."""
    text = re.sub(r"``.*?``|`[^`]*`|\[|\]\([^)]*\)", " code ", text, flags=re.S)
    text = re.sub(r"code(?:\s*,\s*code)+", "code", text)  # a list of names
    return [
        " ".join(sentence.split())
        for sentence in END.split(text)
        if len(re.findall(r"\w[\w'’.-]*", sentence)) > MOST_WORDS
    ]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_sentences_of_pages_are_short(path):
    """Outside of code, formulas and tables."""
    markdown_it = pytest.importorskip("markdown_it")
    text = path.read_text(encoding="utf-8")
    tokens = markdown_it.MarkdownIt("commonmark").enable("table").parse(text)
    found, depth = [], 0
    for token in tokens:
        depth += {"table_open": 1, "table_close": -1}.get(token.type, 0)
        if token.type == "inline" and not depth and "$" not in token.content:
            found += too_long(token.content)
    assert found == []


@pytest.mark.parametrize(
    "path", MODULES, ids=lambda path: f"{path.parent.name}_{path.stem}"
)
def test_sentences_of_docstrings_are_short(path):
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            text = ast.get_docstring(node) or ""
            text = re.split(r"\n(?:Examples|References)\n-+\n", text)[0]
            text = re.sub(r"\n *\.\. math::.*?(?=\n\S|\Z)", "\n\n", text, flags=re.S)
            text = re.sub(r"\n(?=\S[^\n]*\n    )", "\n\n", text)
            for part in re.split(r"\n\s*\n|\n(?= *- )|\n(?= *\d\. )", text):
                if ">>>" not in part and "====" not in part:
                    found += too_long(part)
    assert found == []
