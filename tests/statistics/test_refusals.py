"""What the functions refuse, in an error of one line that names it."""

import numpy as np
import pandas as pd
import pytest

from skl_tot.io import segments
from skl_tot.recordings import Recordings
from skl_tot.statistics import (
    action_profiles,
    compare_groups,
    cycle_times,
    deviations,
    durations,
)

LONG = pd.DataFrame({"action": ["a", "b"], "start": [0, 1], "end": [2, 3]})
VIDEO, AB = [[0.0, 1.0], [2.0, 3.0]], {"x": ["a", "b"], "y": ["b"]}
CALLS = {
    durations: [
        ({"q": []}, {}),
        ({}, {}),
        ({"a": [1.5]}, {}),
        ({"a": ["x"], "b": [1]}, {}),
        (LONG[["start", "end"]], {}),
        (LONG.iloc[:0], {}),
        (LONG, {}),
        (LONG.assign(end=["x", 3]), {}),
        (LONG.assign(action=[None, "a"]), {}),
        (LONG.assign(start=0, end=0), {}),
        (segments({"x": ["a"] * 20}, 10), {"fps": 11}),
        (Recordings([["a"]], fps=5), {"fps": 6}),
        (["a"], {"fps": 0}),
        *(({"x": ["a"]}, {"groups": groups}) for groups in ({"y": 1}, {"x": None})),
        *((["a"], {"groups": groups}) for groups in ("a", [1, 2])),
    ],
    deviations: [
        (AB, {"log_likelihoods": x}) for x in ([1], {"x": 1}, [1, np.nan])
    ],
    cycle_times: [(AB, {"start": start}) for start in ("z", ["a", "b", "a"])],
    compare_groups: [
        *(([["x", "y"]] * 4, list("aabb"), options) for options in (
            {"subject": list("xyyz")},
            {"subject": list("xyz")},
            {"subject": ["x", "y", "z", None]},
        )),
        *(([["x", "y"]] * 4, groups, {}) for groups in (
            list("aaaa"), list("aaab"), {"0": "a"}, [["a"], "a", "b", "b"],
        )),
        ([["background"]] * 4, list("aabb"), {}),
        ([["x", "y"]], ["a"], {}),
    ],
    action_profiles: [
        (VIDEO, [0], {}),
        ([VIDEO, VIDEO], [[0, 1]], {}),
        ([VIDEO, [[1.0]]], [[0, 1], [0]], {}),
        ([[0.0, np.nan]], [0], {}),
        ([[1e200], [2e200]], [0, 1], {}),
        ([0.0, 1.0], [0, 1], {}),
        ([], [0], {}),
        (VIDEO, ["-1", "background"], {}),
        *((VIDEO, [0, 1], {"feature_names": names}) for names in (["a"], "ab")),
    ],
}  # fmt: skip


@pytest.mark.parametrize("function", CALLS)
def test_one_line(function):
    for *arguments, options in CALLS[function]:
        with pytest.raises((TypeError, ValueError)) as caught:
            function(*arguments, **options)
        assert "\n" not in str(caught.value)
        for name in list(options)[-1:]:
            assert name in str(caught.value)
