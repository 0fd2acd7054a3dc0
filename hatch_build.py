"""Shared texts in the docstrings of the wheel, as editors read sources, not objects."""

import runpy
from pathlib import Path
from tempfile import TemporaryDirectory

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FilledDocstrings(BuildHookInterface):
    """Put copies with words in place of sources with lines such as ``{shared: X}``."""

    def initialize(self, version, build_data):
        """Write the copies; an editable install keeps the sources."""
        if version == "editable":
            return
        root, self.copies = Path(self.root), TemporaryDirectory()
        shared = root / "skl_tot" / "shared_texts.py"
        fill = runpy.run_path(str(shared))["fill"]
        for source in (root / "skl_tot").rglob("*.py"):
            name = source.relative_to(root).as_posix()
            text = source.read_text(encoding="utf-8")
            if source != shared and fill(text) != text:
                copy = Path(self.copies.name, name.replace("/", "."))
                copy.write_text(fill(text), encoding="utf-8")
                build_data["force_include"][str(copy)] = name

    def finalize(self, version, *_):
        """Delete the copies."""
        if version != "editable":
            self.copies.cleanup()
