"""Pages and docstrings: short sentences, names and files that are there, an API page.

Prints a line for each fault; the exit status is 1 if there are any.
"""

import ast
import importlib
import inspect
import pkgutil
import re
import runpy
import shlex
import tomllib
from pathlib import Path

import markdown_it
from numpydoc.validate import Validator, validate

import skl_tot
from skl_tot.app.cli.main import make_parser
from skl_tot.io import FORMATS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
OUTSIDE = [
    ROOT / f"{x}.md" for x in ("README", "CONTRIBUTING", "CHANGELOG", "SECURITY")
]
PAGES = [*OUTSIDE, *sorted(DOCS.glob("*.md")), *sorted((DOCS / "guide").glob("*.md"))]
MOST_WORDS = 35
METHODS = {"PR01", "RT01", "SS05", "YD01"}  # sections that methods may lack
END = re.compile(r"(?<=[.?!:;])[)\"'*]*\s+|\n\s*\n")  # of sentences and main clauses


def read(path):
    """Read a text."""
    return path.read_text(encoding="utf-8")


def long_sentences(text):
    """Sentences of more words than are easy to read, without code."""
    text = re.sub(r"``.*?``|`[^`]*`|\[|\]\([^)]*\)", " code ", text, flags=re.S)
    text = re.sub(r"code(?:\s*,\s*code)+", "code", text)  # a list of names
    for sentence in END.split(text):
        if len(re.findall(r"\w[\w'’.-]*", sentence)) > MOST_WORDS:
            yield f"more than {MOST_WORDS} words: {' '.join(sentence.split())}"


def sentences_of_page(path):
    """Long sentences outside of code, formulas and tables."""
    depth = 0
    parser = markdown_it.MarkdownIt("commonmark").enable("table")
    for token in parser.parse(read(path)):
        depth += {"table_open": 1, "table_close": -1}.get(token.type, 0)
        if token.type == "inline" and not depth and "$" not in token.content:
            yield from long_sentences(token.content)


def sentences_of_module(path):
    """Long sentences of docstrings."""
    for node in ast.walk(ast.parse(read(path))):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            text = ast.get_docstring(node) or ""
            text = re.split(r"\n(?:Examples|References)\n-+\n", text)[0]
            text = re.sub(r"\n *\.\. math::.*?(?=\n\S|\Z)", "\n\n", text, flags=re.S)
            text = re.sub(r"\n(?=\S[^\n]*\n    )", "\n\n", text)
            for part in re.split(r"\n\s*\n|\n(?= *- )|\n(?= *\d\. )", text):
                if ">>>" not in part and "====" not in part:
                    yield from long_sentences(part)


def commands_of_page(path):
    """Commands that do not parse, and scripts that are not there."""
    for code in re.findall(r"^```(?:bash|console)\n(.*?)^```", read(path), re.S | re.M):
        for command in re.split(r"&&|[;|>\n]", code.replace("\\\n", " ")):
            words = shlex.split(command.strip().removeprefix("$ "), comments=True)
            if words and Path(words[0]).name == "skl-tot":
                try:
                    make_parser().parse_args(words[1:])
                except SystemExit:
                    yield f"no command: {command}"
            for word in words:
                is_script = re.match(r"(benchmarks|examples)/.*\.py$", word)
                if is_script and not (ROOT / word).is_file():
                    yield f"no file {word}"


def names_of_page(path):
    """Names of the package that are not there."""
    for name in re.findall(r"`(skl_tot\.[\w.]+)", read(path)):
        try:
            pkgutil.resolve_name(name)
        except (ImportError, AttributeError):
            yield f"no {name}"


def links_of_page(path):
    """Relative links that lead nowhere; the builder of the site checks its own."""
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", read(path)):
        page = ROOT / (target or path.name)
        if not page.exists():
            yield f"no {target}"
        elif anchor:
            headings = re.findall(r"^#+ (.*)$", read(page), re.M)
            slugs = [re.sub(r"[^\w\- ]", "", x).lower() for x in headings]
            if anchor not in [slug.replace(" ", "-") for slug in slugs]:
                yield f"no heading {anchor} in {page.name}"


def links_of_index():
    """Links to files that the README would have on an index of packages."""
    settings = tomllib.loads(read(ROOT / "pyproject.toml"))
    hook = settings["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    text = read(ROOT / "README.md")
    for change in hook["substitutions"]:
        text = re.sub(change["pattern"], change["replacement"], text)
    return re.findall(r"\]\((?!https?:)[^)]*\)", text)


def table_of_formats():
    """Find formats that the page does not have."""
    text = read(DOCS / "guide" / "exchange.md")
    for name, entry in FORMATS.items():
        times = "seconds" if entry.in_seconds else "frames"
        number = "several" if entry.many else "one"
        cells = [f"`{name}`", f"`{entry.suffix}`", entry.description, times, number]
        if f"| {' | '.join(cells)} |\n" not in text:
            yield f"no row of {name}"


def documented_names():
    """Names on the page of the API, by module."""
    names, module = {}, None
    for line in read(DOCS / "api.md").splitlines():
        if match := re.match(r"\.\. currentmodule:: (\S+)$", line):
            module = names.setdefault(match[1], set())
        elif match := re.match(r"(?:   |\.\. py:data:: )(\w+)$", line):
            module.add(match[1])
    return names


def public_names():
    """Names in ``__all__`` of the package and of its rooms, by module."""
    modules = ["skl_tot", "skl_tot.extend"]
    for _, name, is_package in pkgutil.walk_packages(skl_tot.__path__, "skl_tot."):
        if is_package and hasattr(importlib.import_module(name), "__all__"):
            modules.append(name)
    return {name: set(importlib.import_module(name).__all__) for name in modules}


def api_page():
    """Public names that the page lacks, and names that are not there."""
    documented = documented_names()
    text = read(DOCS / "api.md")
    described = [
        getattr(importlib.import_module(module), name, None)
        for module, names in documented.items()
        for name in names
    ]
    for module, names in documented.items():
        for name in names:
            if not hasattr(importlib.import_module(module), name):
                yield f"no {module}.{name}"
    for module, names in public_names().items():
        # lists of the names that only the programs need
        lines = re.findall(rf"^- `{module}`: ((?:`\w+`,?\s+)+)", text, re.M)
        names -= {*documented.get(module, ()), *re.findall(r"\w+", "".join(lines))}
        for name in names:
            value = getattr(importlib.import_module(module), name)
            is_part = not (inspect.isroutine(value) or inspect.isclass(value))
            is_error = inspect.isclass(value) and issubclass(value, Exception)
            if name.startswith("_") or is_part or value in described:
                continue
            # an error is described with those of its kind
            if not (is_error and any(base in described for base in value.__mro__)):
                yield f"lacks {module}.{name}"


def docstrings():
    """Faults that numpydoc finds, and functions without example."""
    # Python 3.13 looks for the line of a class in the file of its `__module__`, which
    # some set to the room that exports them
    Validator.source_file_def_line = None
    settings = runpy.run_path(DOCS / "conf.py")
    allowed = settings["LEFT_OUT"]
    bases = ["BaseSegmenter", "NetworkSegmenter", "PrototypeSegmenter"]
    for module, names in documented_names().items():
        for name in sorted(names):
            value = getattr(importlib.import_module(module), name)
            if not (inspect.isroutine(value) or inspect.isclass(value)):
                continue
            if "\nExamples\n-----" not in inspect.getdoc(value) and name not in bases:
                yield f"no example of {module}.{name}"
            paths = [f"{module}.{name}"]
            name_depth = paths[0].count(".")
            for method, function in inspect.getmembers(value, inspect.isroutine):
                is_own = str(getattr(function, "__module__", "")).startswith("skl_tot.")
                is_public = inspect.isclass(value) and not method.startswith("_")
                if is_public and is_own and not settings["is_left_out"](function):
                    paths.append(f"{module}.{name}.{method}")
            for path in paths:
                # sentences are enough for a method
                passed = allowed | (METHODS if path.count(".") > name_depth else set())
                for code, message in validate(path)["errors"]:
                    if code not in passed:
                        yield f"{path}: {code} {message}"


def main():
    """Print the faults of all pages and docstrings."""
    faults = []
    for path in PAGES:
        checks = [sentences_of_page(path)]
        if path.name not in ("CHANGELOG.md", "SECURITY.md"):
            checks += [commands_of_page(path), names_of_page(path)]
        if path in OUTSIDE:
            checks.append(links_of_page(path))
        faults += [f"{path.name}: {fault}" for check in checks for fault in check]
    for path in sorted((ROOT / "skl_tot").rglob("*.py")):
        name = path.relative_to(ROOT)
        faults += [f"{name}: {fault}" for fault in sentences_of_module(path)]
    faults += [f"README.md on an index: {link}" for link in links_of_index()]
    faults += [f"exchange.md: {fault}" for fault in table_of_formats()]
    faults += [f"api.md: {fault}" for fault in api_page()]
    faults += docstrings()
    print(*faults, sep="\n")
    return bool(faults)


if __name__ == "__main__":
    raise SystemExit(main())
