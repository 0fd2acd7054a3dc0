"""What a command is refused for is found before slow libraries are loaded."""

import json
import subprocess
import sys
from pathlib import Path

from skl_tot.app.cli.registry import COMMANDS

ROOT = Path(__file__).parents[3]

# Prints for each mistake its status, and which of the slow packages are loaded by then.
SCRIPT = """
import json, os, sys
from pathlib import Path
sys.path[:0] = sys.argv[1:3]
import skl_tot
import start
from skl_tot.app.cli.main import main
SLOW = ("matplotlib", "pandas", "scipy", "sklearn", "skops", "torch")

def refused(line):
    try:
        status = main(line.split())
    except SystemExit as error:
        status = error.code
    return line, status, [name for name in SLOW if name in sys.modules]

start.make_files(Path())
found = [refused(line) for line in [*start.OF_ARGUMENTS, *start.OF_FILES]]
print(json.dumps(found))
"""


def test_mistakes_do_not_wait(tmp_path):
    folders = [str(ROOT), str(ROOT / "benchmarks")]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *folders],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert [row for row in found if row[1] != 2] == []
    assert {line.split()[0] for line, *_ in found} == set(COMMANDS)
    n_light = next(i for i, row in enumerate(found) if row[0].startswith("fit broken"))
    assert [row for row in found[:n_light] if row[2]] == []
    assert [row for row in found if "torch" in row[2]] == []
    errors = done.stderr.splitlines()
    assert len(errors) == len(found)
    assert all(line.startswith("skl-tot") for line in errors)
