"""What is said of actions that are not found, are rare, or have no label."""

import numpy as np
import pytest

from skl_tot.recordings.names import describe_actions, describe_paths

NOTHING = "no recording shows"
RARE = "Actions that at most half of the"


@pytest.mark.parametrize(
    ("labels", "actions", "expected"),
    [
        ([[0, 1], [1, 0], [0, 0, 1]], [0, 1], []),
        ([["a"], ["b"]], ["a", "b"], [f"{RARE} 2 recordings show: a (1), b (1); 100"]),
        ([[0, 1, 1]], [0, 1, 2], ["2 of the 3 asked for; no recording shows action"]),
        ([[0, 1], [0, 0]], [0, 1], [f"{RARE} 2 recordings show: action 1 (1); 25.0%"]),
        ([[-1, 0], [-1, -1]], [0], [f"{RARE} 2 recordings show: action 0 (1); 25.0%"]),
        ([["background"]], ["a", "background"], ["0 of the 1 asked for"]),
        ([[0, 5], [5, 0]], {0: "reach", 5: "lift", 7: "pour"}, ["shows pour."]),
        ([], [0], ["0 of the 1"]),
    ],
)
def test_sentences(labels, actions, expected):
    found = describe_actions([np.array(own) for own in labels], actions)
    assert len(found) == len(expected)
    for sentence, part in zip(found, expected):
        assert part in sentence


def test_more_than_are_shown_were_asked_for():
    (sentence,) = describe_actions([np.array([0, 1])] * 3, [0, 1], n_lost=2)
    assert sentence == "Actions found: 2 of the 4 asked for."


def test_all_are_listed_or_counted():
    (sentence,) = describe_actions([np.array([0])], range(31))
    assert sentence.endswith("action 20, 10 more.")


def test_paths_of_codes_have_the_words_of_actions():
    paths = [np.array([0, 1, -1]), np.array([0, 0, 0])]
    names = np.array(["reach", "action 1", "lift"])
    missing, rare, kept = describe_paths(paths, names, ["action 1", "gone"])
    assert missing.endswith("no recording shows lift.")
    assert "action 1 (1)" in rare
    assert kept == "Actions that are kept without a label: action 1."
