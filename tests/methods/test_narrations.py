"""Narrations: checks, and where events may be."""

import warnings
from functools import lru_cache
from itertools import combinations

import numpy as np
import pytest

from skl_tot.methods.narrations import (
    align_tokens,
    allowed_chunks,
    check_events,
    check_narrations,
    count_pairs,
    events_of_tokens,
    fullest_columns,
)
from skl_tot.recordings.errors import RecordingError

LENGTHS = np.array([100, 50])
EDGES = [np.arange(0, 101, 10), np.arange(0, 51, 10)]


def windows(narrations, delays=(0, 0), n_events=2):
    allowed = allowed_chunks(narrations, EDGES, n_events, list(delays), [0, 1])
    return [[np.flatnonzero(row).tolist() for row in event] for event in allowed]


def test_windows_hold_the_chunks_that_narrations_touch():
    ten, five = list(range(10)), list(range(5))
    assert windows([[], []]) == [[ten, five], [ten, five]]
    said = [[(0, 12.0, 31.0)], [(1, 40.0, 50.0)]]
    assert windows(said) == [[[1, 2, 3], five], [ten, [4]]]
    # ends are exclusive, and moments have a chunk, too
    assert windows([[(0, 10.0, 30.0)], []])[0][0] == [1, 2]
    assert windows([[(0, 30.0, 30.0)], []])[0][0] == [3]
    # a delay reaches as far as the video does
    assert windows([[(0, 12.0, 12.0)], [(1, 40.0, 41.0)]], (25, 999)) == [
        [[1, 2, 3], five],
        [ten, [4]],
    ]


def test_as_few_narrations_as_can_be_are_left_out():
    said = [[(0, 60.0, 70.0), (1, 10.0, 20.0), (2, 30.0, 40.0)], []]
    with pytest.warns(UserWarning, match=r"1 of the narrations .* event 0 in video 0"):
        found = windows(said, n_events=3)
    assert found[0][0] == list(range(10))
    assert found[1][0] == [1]
    assert found[2][0] == [3]


def test_narrations_need_room_for_others():
    """The third event cannot be in the second chunk."""
    with pytest.warns(UserWarning, match=r"1 of the narrations .* event 2 in video 1"):
        windows([[], [(2, 10.0, 20.0)]], n_events=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        windows([[], [(2, 20.0, 30.0)]], n_events=3)


def test_forms():
    entries = [(1, 20, 30), (0, 5)]
    expected = [(0, 5.0, 5.0), (1, 20.0, 30.0)]
    one = LENGTHS[:1]
    assert check_narrations(entries, one) == ([expected], False)
    assert check_narrations([entries], one) == ([expected], False)
    assert check_narrations([], one) == ([[]], False)
    assert check_narrations([[]], one) == ([[]], False)
    assert check_narrations([[], entries], LENGTHS[::-1]) == ([[], expected], False)
    assert check_narrations(np.array([[0, 5, 6]]), one)[0] == [[(0, 5.0, 6.0)]]
    assert check_narrations([("a", 1)], one) == ([[("a", 1.0, 1.0)]], True)


@pytest.mark.parametrize(
    ("narrations", "kind", "text"),
    [
        ("jack", TypeError, "expected a list"),
        (3, TypeError, "expected a list"),
        ([], ValueError, "of 0 videos, expected 2"),
        ([[]], ValueError, "of 1 videos, expected 2"),
        ([[], [], []], ValueError, "of 3 videos, expected 2"),
        ([[], "ab"], TypeError, "Video 1: its narrations are 'ab'"),
        ([[], [3]], ValueError, "Video 1: a narration is 3"),
        ([[], [(1,)]], ValueError, r"Video 1: .*expected \(event, start, end\)"),
        ([[(0, 1, 2, 3)], []], ValueError, "Video 0: a narration is"),
        ([[(0.5, 1, 2)], []], TypeError, "of type float, expected an integer or text"),
        ([[(True, 1, 2)], []], TypeError, "of type bool"),
        ([[(None, 1, 2)], []], TypeError, "of type NoneType"),
        ([[(0, "1", 2)], []], TypeError, "has the time '1'"),
        ([[(0, 1, None)], []], TypeError, "has the time None"),
        ([[(0, 1, 2)], [("a", 1, 2)]], TypeError, "Video 1: .* integers and text"),
        ([[], [(0, 50)]], ValueError, "Video 1: .*which has 50 frames"),
        ([[], [(0, 49, 51)]], ValueError, "not inside of the video"),
        ([[], [(0, -1, 5)]], ValueError, "not inside of the video"),
        ([[], [(0, float("nan"), 5)]], ValueError, "not inside of the video"),
        ([[], [(0, 1, float("inf"))]], ValueError, "not inside of the video"),
        ([[], [(0, 9, 5)]], ValueError, "ends before it starts"),
    ],
)
def test_what_is_wrong_is_said(narrations, kind, text):
    with pytest.raises(kind, match=text) as caught:
        check_narrations(narrations, LENGTHS)
    assert "\n" not in str(caught.value)


def test_errors_of_a_single_video_have_no_number():
    with pytest.raises(ValueError, match="ends before") as caught:
        check_narrations([(0, 9, 5)], LENGTHS[:1])
    assert not isinstance(caught.value, RecordingError)


def test_events():
    check_events([[(0, 1, 2), (2, 3, 4)], [(0, 1, 2)]], 3)
    with pytest.raises(ValueError, match=r"Video 1: .*event 3, expected 0 to 2"):
        check_events([[], [(3, 1, 2)]], 3)
    with pytest.raises(ValueError, match="event -1, expected 0 to 2"):
        check_events([[(-1, 1, 2)]], 3)
    with pytest.raises(ValueError, match=r"Video 0: .*event 1 more than once"):
        check_events([[(1, 1, 2), (1, 5, 6)], []], 3)


def test_tokens_become_events():
    said = [
        [("hello", 0, 1), ("jack", 5, 6), ("wheel", 9, 12)],
        [("jack", 2, 4), ("so", 5, 5), ("wheel", 7, 8)],
    ]
    found, names = events_of_tokens(said, 2)
    assert names.tolist() == ["jack", "wheel"]
    assert found == [[(0, 5, 6), (1, 9, 12)], [(0, 2, 4), (1, 7, 8)]]
    with pytest.raises(ValueError, match="make 4 events, expected n_actions=5"):
        events_of_tokens(said, 5)


def brute_force(sequences):
    """Most pairs that any alignment has, over all states of all sequences."""
    n_sequences = len(sequences)

    @lru_cache(None)
    def most(positions):
        best = 0
        by_token = {}
        for i in range(n_sequences):
            if positions[i] < len(sequences[i]):
                by_token.setdefault(sequences[i][positions[i]], []).append(i)
        for members in by_token.values():
            for size in range(1, len(members) + 1):
                for chosen in combinations(members, size):
                    after = list(positions)
                    for i in chosen:
                        after[i] += 1
                    rest = most(tuple(after))
                    best = max(best, size * (size - 1) // 2 + rest)
        return best

    return most((0,) * n_sequences)


def assert_alignment(columns, sequences):
    """Every token stands in one column of its kind, in order."""
    for number, sequence in enumerate(sequences):
        found = []
        for token, members in columns:
            if number in members:
                assert sequence[members[number]] == token
                found.append(members[number])
        assert found == list(range(len(sequence)))


@pytest.mark.parametrize(
    ("n_sequences", "longest", "n_tokens"),
    [(1, 4, 2), (2, 8, 3), (3, 5, 3), (4, 4, 3), (5, 4, 4)],
)
def test_tiny_cases_are_brute_force(n_sequences, longest, n_tokens):
    rng = np.random.RandomState(0)
    for _ in range(40):
        sequences = []
        for _ in range(n_sequences):
            size = rng.randint(longest + 1)
            sequences.append(rng.choice(list("abcd")[:n_tokens], size).tolist())
        columns = align_tokens(sequences, random_state=0)
        assert_alignment(columns, sequences)
        assert count_pairs(columns) == brute_force(sequences)


@pytest.mark.parametrize("seed", range(5))
def test_recovers_the_common_sequence(seed):
    """A third of the steps are left out, and half as many words come in between."""
    rng = np.random.RandomState(seed)
    script = ["jack", "nut", "wheel", "spare", "nut", "tighten", "lower"]
    sequences = []
    for _ in range(30):
        said = [token for token in script if rng.uniform() > 1 / 3]
        for _ in range(4):
            noise = f"word {rng.randint(20)}"
            said.insert(rng.randint(len(said) + 1), noise)
        sequences.append(said)
    columns = align_tokens(sequences, random_state=0)
    assert_alignment(columns, sequences)
    found = fullest_columns(columns, len(script))
    assert [token for token, _ in found] == script
    for k, (token, members) in enumerate(found):
        if script.count(token) == 1:
            # nearly all that said it meet; an order may suit a few of them less
            n_said = sum(token in sequence for sequence in sequences)
            assert len(members) >= 0.9 * n_said, k


def test_sweeps_repair_what_came_first():
    rng = np.random.RandomState(0)
    gains = []
    for _ in range(20):
        sequences = [rng.choice(list("abcd"), 5).tolist() for _ in range(6)]
        without, once = (
            count_pairs(align_tokens(sequences, n_init=1, max_sweeps=n)) for n in (0, 9)
        )
        gains.append(once - without)
    assert min(gains) >= 0
    assert max(gains) > 0


def test_same_seed_same_result():
    rng = np.random.RandomState(0)
    sequences = [rng.choice(list("abcdef"), 12).tolist() for _ in range(8)]
    first, second = (align_tokens(sequences, random_state=3) for _ in range(2))
    assert first == second


def test_fullest_columns_are_in_order_and_first_of_equals():
    columns = [("a", {0: 0}), ("b", {0: 1, 1: 0}), ("c", {1: 1}), ("d", {0: 2, 1: 2})]
    assert fullest_columns(columns, 3) == [columns[0], columns[1], columns[3]]


def test_empty_sequences():
    assert align_tokens([[], []]) == []
    assert align_tokens([[], ["a"]]) == [("a", {1: 0})]
