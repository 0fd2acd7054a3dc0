"""Time to start: Python, the import, the help, commands that refuse arguments.

Each is run in a new process, several times; the table has median, minimum and maximum.
The mistakes are common ones that need no model, so that none waits for torch.

    python benchmarks/start.py --repeats 10
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

# Found from arguments and paths: nothing is loaded but numpy.
OF_ARGUMENTS = """
fit none --n-actions 3 --out new
fit empty --n-actions 3 --out new
fit notes.txt --n-actions 3 --out new
fit arrays --n-actions 3
fit arrays --n-actions 0 --out new
fit arrays --n-actions 3 --out arrays
fit arrays --n-actions 3 --out no/new
fit arrays --n-actions 3 --out new --method other
fit arrays --n-actions 3 --out new --order other
fit arrays --n-actions 3 --out new --pipeline other
fit arrays --n-actions 3 --out new --labels none
fit arrays --n-actions 3 --out new --like notes.txt
fit arrays --n-actions 3 --out new --cycles --activities 2
features none.mp4 --out new
features clip.mp4 --out no/new
predict none arrays --out new
predict notes.txt arrays --out new
predict model none --out new
predict model empty --out new
predict model arrays --out arrays
predict model arrays --out new --format other
predict model arrays --out new --names none
predict model arrays --out new --names notes.txt
watch none tables/a.csv
watch notes.txt tables/a.csv
watch model none
watch model tables/a.csv --lag -1
evaluate none segments
evaluate arrays none
evaluate arrays segments --scope other
refine none arrays --labels segments --out new
refine notes.txt arrays --labels segments --out new
refine model arrays --out new
refine model arrays --labels none --out new
edit none --merge 0 1 --out new
edit notes.txt --merge 0 1 --out new
edit model --out new
edit model --rename other --out new
plot none --out new.png
plot segments --out new
report none arrays --out new
report notes.txt arrays --out new
report model none --out new
report model arrays --out model
report model arrays --out new --videos none
summary none --out new
summary segments --out segments
demo --out no/new.png
demo --seed other
review model
review none arrays
review notes.txt arrays
review model arrays --n-actions 3
review model arrays --port other
subtasks none segments --out new
subtasks arrays none --out new
doctor other
""".strip().splitlines()

# Mistakes in files: reading finds them, torch is not loaded.
OF_FILES = """
fit broken --n-actions 3 --out new
fit tables --n-actions 3 --out new --columns other
fit tables --n-actions 3 --out new --time other
fit tables --n-actions 3 --out new --by other
fit arrays --n-actions 3 --out new --labels empty
features empty --out new
features clip.mp4 --out arrays
evaluate arrays segments
evaluate arrays empty
plot empty --out new.png
plot segments --out new.other
report model arrays --out new --groups notes.txt
summary empty --out new
summary segments --out new --groups notes.txt
subtasks arrays segments --out new
demo --n-actions 0
""".strip().splitlines()


def make_files(root):
    """Write recordings, segments, and files with other content than their names."""
    import numpy as np

    for folder in ("arrays", "broken", "empty", "segments", "tables"):
        (root / folder).mkdir()
    for name in "abcd":
        np.save(root / "arrays" / f"{name}.npy", np.ones((9, 2)))
        (root / "tables" / f"{name}.csv").write_text("time,x\n0,1\n1,2\n")
        (root / "segments" / f"{name}.csv").write_text("action,start,end\nup,0,9\n")
    (root / "broken" / "a.npy").write_text("no array")
    (root / "clip.mp4").write_text("no video")
    (root / "notes.txt").write_text("no table")
    with zipfile.ZipFile(root / "model", "w"):
        pass


def measure(arguments, repeats, folder, status):
    """Seconds of several processes of Python, which must exit with a status."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True)
        seconds.append(time.perf_counter() - start)
        if done.returncode != status:
            text = done.stderr.decode(errors="replace")
            raise RuntimeError(f"{arguments} left with {done.returncode}: {text}")
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=10)
    repeats = parser.parse_args().repeats
    root = str(Path(__file__).resolve().parents[1])
    os.environ["PYTHONPATH"] = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])
    program = ["-m", "skl_tot"]
    rows = [
        ("(Python alone)", ["-c", "pass"], 0),
        ("(import skl_tot)", ["-c", "import skl_tot"], 0),
        ("--version", [*program, "--version"], 0),
        ("--help", [*program, "--help"], 0),
        ("fit --help", [*program, "fit", "--help"], 0),
    ]
    rows += [(text, [*program, *text.split()], 2) for text in OF_ARGUMENTS + OF_FILES]
    print(f"{'seconds of ' + str(repeats) + ' starts':<64} median    min    max")
    with tempfile.TemporaryDirectory() as folder:
        make_files(Path(folder))
        for text, arguments, status in rows:
            seconds = measure(arguments, repeats, folder, status)
            middle = statistics.median(seconds)
            figures = f"{middle:7.2f}{min(seconds):7.2f}{max(seconds):7.2f}"
            print(f"{text:<63}{figures}", flush=True)


if __name__ == "__main__":
    main()
