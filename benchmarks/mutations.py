"""Find out which small changes to the code no test notices.

Each of the changes of `_changes.py` is made in a copy of the package, and the tests
that should notice it run until the first failure. What survives is printed::

    python benchmarks/mutations.py                # all, some ten minutes
    python benchmarks/mutations.py decoding       # those of files with this in the name
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from _changes import CHANGES, ONCE_UNNOTICED

ROOT = Path(__file__).resolve().parents[1]
# Tests for changes in a room; those of estimators are for all but the metrics.
TESTS = {
    "training": ["tests/training"],
    "decoding": ["tests/decoding", "skl_tot/decoding"],
    "metrics": ["tests/metrics", "skl_tot/metrics"],
    "inputs": ["tests/inputs"],
    "solvers": ["tests/solvers", "skl_tot/solvers"],
    "statistics": ["tests/statistics"],
    "segmenters": [],
}
# Of files with this in their names.
MORE_TESTS = {
    "cycl": "tests/segmenters/test_cyclic.py",
    "activit": "tests/segmenters/test_activities.py",
    "online": "tests/segmenters/test_online.py",
    "background": "tests/segmenters/test_background.py",
    "moments": "tests/segmenters/test_background.py",
}
ESTIMATOR_TESTS = [
    f"tests/segmenters/test_{name}.py"
    for name in ("noticed", "segmenter", "beyond", "ensemble")
]
LEFT_OUT = ["tests/training/test_distributed.py", "tests/training/test_cuda.py"]


def tests_of(file):
    """Tests that should notice a change in a file of the package."""
    room = file.partition("/")[0]
    tests = [*TESTS[room]]
    if room not in ("metrics", "statistics") or "label_free" in file:
        tests += ESTIMATOR_TESTS
    return tests + [test for part, test in MORE_TESTS.items() if part in file]


def is_noticed(folder, file, before, after):
    """Whether a test fails once the change is made in the copy in a folder."""
    path = folder / "skl_tot" / file
    text = path.read_text(encoding="utf-8")
    if text.count(before) != 1:
        raise ValueError(f"{file} has {before!r} {text.count(before)} times.")
    path.write_text(text.replace(before, after), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-n0",
        "-p",
        "no:cacheprovider",
    ]
    command += [f"--ignore={test}" for test in LEFT_OUT]
    try:
        result = subprocess.run(
            [*command, *tests_of(file)],
            cwd=folder,
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(folder)},
            capture_output=True,
            timeout=600,
        )
    except subprocess.TimeoutExpired:  # a fit that never ends is noticed, too
        return True
    finally:
        path.write_text(text, encoding="utf-8")
    if result.returncode not in (0, 1):
        raise RuntimeError(result.stdout.decode()[-2000:])
    return result.returncode == 1


def main():
    """Make the changes one by one."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("part", nargs="?", default="", help="of the names of files")
    arguments = parser.parse_args()
    changes = [x for x in ONCE_UNNOTICED + CHANGES if arguments.part in x[0]]
    survivors = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "copy")
        shared = ROOT.parent / "shared"  # where tests look for data
        if shared.is_dir():
            Path(name, "shared").symlink_to(shared)
        for part in ("skl_tot", "tests"):
            shutil.copytree(ROOT / part, folder / part)
        shutil.copy(ROOT / "pyproject.toml", folder)
        for i, change in enumerate(changes, 1):
            if not is_noticed(folder, *change):
                survivors.append(change)
            state = "not noticed" if change in survivors[-1:] else "noticed"
            print(f"{i}/{len(changes)} {change[0]}: {state}", flush=True)
    print(f"{len(changes) - len(survivors)} of {len(changes)} changes are noticed.")
    for file, before, after in survivors:
        print(f"{file}\n  {before}\n  {after}")
    return len(survivors)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
