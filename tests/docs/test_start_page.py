"""The transcript of the first page, in an empty folder."""

import re
import shlex
import shutil
from pathlib import Path

import skl_tot
from skl_tot import TemporalOTSegmenter
from skl_tot.app.cli.main import main

PAGE = Path(skl_tot.__file__).parents[1] / "docs" / "start.md"


def masked(line):
    """Line without digits, which depend on the fit."""
    return re.sub(r"[0-9.]+", "N", line)


def shown(printed, expected):
    """Whether a transcript shows lines in their order, with "..." for some."""
    lines = iter(printed.splitlines())
    for line in expected.splitlines():
        if line != "..." and masked(line) not in map(masked, lines):
            return False
    return True


def block_of(text, start):
    """Content of the block of text that starts with a line."""
    return re.search(rf"^```text\n({re.escape(start)}\n.*?)^```", text, re.S | re.M)[1]


def test_transcript(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, value in {"max_iter": 150, "n_networks": 1}.items():
        monkeypatch.setitem(TemporalOTSegmenter.__init__.__kwdefaults__, name, value)
    text = PAGE.read_text("utf-8")
    labels = block_of(text, "recording,action,start_time,end_time")
    Path("first.csv").write_text(labels, encoding="utf-8")
    Path("names.txt").write_text(block_of(text, "0 reach"), encoding="utf-8")
    assert main(["demo", "--recordings", "cycles"]) == 0
    for block in re.findall(r"^```console\n(.*?)^```", text, re.S | re.M):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, expected = part.partition("\n")
            capsys.readouterr()
            assert main(shlex.split(command)[1:]) == 0, command
            assert shown(capsys.readouterr().out, expected), command
        if Path("named").exists() and not Path("corrected").exists():
            Path("corrected").mkdir()
            for name in ("cycle_01.csv", "cycle_02.csv"):
                shutil.copy(Path("named", name), "corrected")
    assert Path("edited.skops").is_file()
