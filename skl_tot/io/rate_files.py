"""The file that says the frame rate of the arrays beside it: ``{"fps": 10.0}``."""

import json
from pathlib import Path

from skl_tot.inputs.clocks import is_same
from skl_tot.inputs.errors import one_line, short_repr
from skl_tot.inputs.rates import check_fps
from skl_tot.inputs.text_files import parse_json, read_text

RATE_FILE = "recordings.json"


def write_rate(folder, fps):
    """Write the rate of all arrays of a folder."""
    text = json.dumps({"fps": fps}) + "\n"
    Path(folder, RATE_FILE).write_text(text, encoding="utf-8")


def read_rate(folder):
    """Frames per second of the arrays of a folder, or None if no file says it."""
    path = Path(folder, RATE_FILE)
    if not path.is_file():
        return None
    content = parse_json(path, read_text(path))
    fps = content.get("fps") if isinstance(content, dict) else None
    if isinstance(fps, bool) or not isinstance(fps, (int, float)):
        raise ValueError(
            f"{one_line(path)} is {short_repr(content)}, expected an object with a "
            'number, as {"fps": 10}.'
        )
    check_fps(fps, f"{one_line(path)}: fps")
    return float(fps)


def rate_of_arrays(paths, fps=None):
    """Rate that the folders of arrays say, or else the one that is given."""
    for folder in dict.fromkeys(Path(path).parent for path in paths):
        rate = read_rate(folder)
        if rate is None:
            continue
        if not is_same(rate, fps):
            raise ValueError(
                f"{one_line(folder / RATE_FILE)} says {rate:g} frames per second, "
                f"expected {fps:g} as given (--fps) or as beside other files."
            )
        fps = rate
    return fps
