"""Values that several sections share, and the first sentences of the page."""

import itertools
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from skl_tot import statistics
from skl_tot.app import web
from skl_tot.app.report.findings import Findings, Truth
from skl_tot.display.palette import style_of
from skl_tot.recordings.clocks import clock_text, duration_text
from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME
from skl_tot.recordings.stops import describe_stops, list_stops
from skl_tot.statistics.actions import (
    describe_equal_parts,
    has_order,
    repeated_cycles,
    usual_codes,
)
from skl_tot.statistics.bouts import collect_bouts
from skl_tot.statistics.deviations import compare_bouts, score_durations
from skl_tot.statistics.groups import describe_pairs

REACH = 2.5  # drawn length of cycles, in usual ones: a long one does not hide others
# Names of `SignalWindows` and of signals without names, and their words.
KINDS = {
    "mean": "level",
    "std": "strength",
    "difference": "speed of change",
    "slope": "rise",
}
WINDOWED = re.compile(rf"(.+) ({'|'.join(KINDS)}) (\S+ (?:s|frames))")
UNNAMED = re.compile(r"(?:x|feature )(\d+)")


@dataclass
class Content:
    """Results for recordings, with derived values that are computed once."""

    # `recordings` are those of the paths, `video_names` as pages show them;
    # `groups` is a table of `compare_groups`; `numbers` has those of colours by name;
    # `rating` is that of `rate_trust`

    model: Any
    segmenter: Any
    video_names: list
    recordings: Any
    findings: Findings
    truth: Truth | None
    groups: Any = None
    accuracy: Any = None
    numbers: dict | None = None
    rating: Any = None

    @property
    def fps(self):
        """Frames per second, or None."""
        return self.recordings.fps

    @cached_property
    def clocks(self):
        """Clock of each recording, from its first frame."""
        return [
            web.read_clock(self.recordings, i) for i in range(len(self.findings.paths))
        ]

    @cached_property
    def all_bouts(self):
        """Bouts of the recordings, also far shorter ones than usual."""
        return collect_bouts(self.recordings)

    @cached_property
    def bouts(self):
        """Bouts as statistics count them."""
        return self.all_bouts.without_crumbs()

    @cached_property
    def circle(self):
        """Codes of actions in order if the model repeats them in cycles, else None."""
        from skl_tot.methods.pipelines import is_cyclic

        # people may have labelled other actions in the place of all of the model's
        names, n_actions = self.findings.names, self.segmenter.n_actions_
        codes = [code for code in names if 0 <= code < n_actions]
        is_shown = not set(codes).isdisjoint(self.bouts.actions)
        return codes if is_cyclic(self.segmenter) and is_shown else None

    @cached_property
    def cycles(self):
        """Table of cycles, in order of time, and their `Bouts`; None without cycles."""
        # with crumbs, as those of idle time are no steps
        cycles = repeated_cycles(self.all_bouts, self.findings.names, self.circle)
        if cycles is None:
            return None
        table, bouts = cycles
        findings = compare_bouts(bouts, in_cycles=True).drop(columns="recording")
        table = table.join(findings)
        ranks = table["score"].rank(method="first").astype(int)
        return table.assign(rank=ranks), bouts

    @property
    def log_likelihoods(self):
        """Mean log-likelihoods of recordings; None if the model gives none."""
        values = self.findings.log_likelihoods
        return values if np.isfinite(values).all() else None

    @cached_property
    def deviations(self):
        """Deviations of recordings, the most deviating first."""
        table = statistics.deviations(
            self.all_bouts, log_likelihoods=self.log_likelihoods
        )
        places = table["recording"].map(self.recordings.names.index)
        return table.assign(index=places).to_dict("records")

    @cached_property
    def unit_bouts(self):
        """Bouts of cycles, if any, else of recordings."""
        return self.bouts if self.cycles is None else self.cycles[1]

    @cached_property
    def reach(self):
        """Time up to which cycles are drawn."""
        lengths = self.unit_bouts.lengths
        return float(min(lengths.max(), REACH * lengths.median()))

    @cached_property
    def totals(self):
        """Time of each action in each cycle or recording that shows it, by code."""
        _, totals, _ = score_durations(self.unit_bouts)
        columns = zip(self.unit_bouts.actions, totals.T)
        return {code: times[np.isfinite(times)] for code, times in columns}

    @cached_property
    def usual(self):
        """Codes of the actions that most cycles or recordings show, in order."""
        return list(self.unit_bouts.name_codes(usual_codes(self.unit_bouts)))

    @cached_property
    def has_order(self):
        """Whether actions have an order, in recordings or in cycles."""
        is_free = getattr(self.segmenter, "order_", None) == "free"
        return self.cycles is not None or (has_order(self.bouts) and not is_free)

    @property
    def order(self):
        """Codes of actions: the usual ones, then others; by time without an order."""
        others = [code for code in self.findings.names if code not in self.usual]
        codes = self.usual + others
        if self.has_order:
            return codes
        times = {code: sum(self.totals.get(code, ())) for code in codes}
        return sorted(codes, key=lambda code: -times[code])

    @cached_property
    def places(self):
        """Number of the colour of each code; of text, its place among sorted names."""
        names, numbers = self.findings.names, self.numbers
        labels = self.truth.names if self.truth else {}
        codes = sorted({*names, *labels} - {BACKGROUND})
        if numbers is None:
            words = [names[code] for code in codes if code in names]
            is_text = self.segmenter.actions_.dtype.kind == "U"
            numbers = dict(zip(sorted(words) if is_text else words, itertools.count()))
        free = itertools.count(1 + max(numbers.values(), default=-1))
        places = {code: numbers.get(names.get(code)) for code in codes}
        return {k: next(free) if n is None else n for k, n in places.items()}

    @cached_property
    def styles(self):
        """Style of each code of an action."""
        return {code: style_of(place) for code, place in self.places.items()}

    def classes(self, code):
        """CSS classes of a code, for marks in tables and pictures."""
        return "cb" if code == BACKGROUND else f"c{code} h{self.styles[code].hatch}"

    @cached_property
    def actions(self):
        """Rows of the table of actions by code, with background if it occurs."""
        paths = self.findings.paths
        frames = np.concatenate(paths)
        seconds = np.concatenate([clock.ends - clock.starts for clock in self.clocks])
        is_doubtful = np.concatenate(self.findings.confidences) < web.DOUBTFUL
        rows = {}
        for code in self.order:
            is_shown = frames == code
            if code == BACKGROUND and not is_shown.any():
                continue
            row: dict = {"code": code}
            row["share"] = np.average(is_shown, weights=seconds)
            row["videos"] = sum(code in path for path in paths)
            if row["videos"] and code != BACKGROUND:
                row["segments"] = int((self.bouts.table["action"] == code).sum())
            totals = self.totals.get(code, [])
            if len(totals):
                doubts = is_doubtful[is_shown]
                row["doubt"] = np.average(doubts, weights=seconds[is_shown])
                row["units"] = len(totals)
                row["quartiles"] = np.quantile(totals, [0.25, 0.5, 0.75])
            rows[code] = row
        return rows

    @cached_property
    def features(self):
        """Names of the features, or None."""
        from skl_tot.methods.pipelines import feature_names

        return feature_names(self.model)

    @cached_property
    def in_plain(self):
        """Words for each feature, without the widths of windows if all are equal."""
        words, has_names = {}, hasattr(self.model, "feature_names_in_")
        for name in self.telling["feature"].unique().tolist():
            match = WINDOWED.fullmatch(name)
            words[name] = match[1] if match else name
            if not has_names:
                words[name] = UNNAMED.sub(r"signal \1", words[name])
            if match:
                wide = f" over {match[3]}" if len(self.widths) > 1 else ""
                words[name] = f"{KINDS[match[2]]} of {words[name]}{wide}"
        return words

    @cached_property
    def widths(self):
        """Widths of the windows that features are of, in words."""
        matches = map(WINDOWED.fullmatch, self.telling["feature"].unique().tolist())
        return sorted({match[3] for match in matches if match})

    @cached_property
    def profiles(self):
        """Profiles of actions, None if there is only background."""
        sums = self.findings.sums
        return sums.profiles(self.features) if sums.actions else None

    @cached_property
    def telling(self):
        """Table of `telling_features`, by code."""
        return self.findings.sample.table(self.features)

    def in_words(self):
        """Labels, telling features, circle and groups, in labels of the model."""
        words = self.segmenter.actions_
        names = self.findings.names  # more than words with labels from people
        new = [names.get(code, "") for code in range(len(words), max(names) + 1)]
        background = BACKGROUND_NAME if words.dtype.kind == "U" else BACKGROUND
        words = np.array([*words, *new, background])
        telling = self.telling.assign(action=words[self.telling["action"].astype(int)])
        telling = telling.sort_values("action", kind="stable", ignore_index=True)
        circle = self.circle and words[self.circle].tolist()
        compared = self.groups
        if compared is not None:
            action = words[compared["action"].astype(int)].tolist()
            to = [k if k == "" else words.tolist()[k] for k in compared["to"]]
            compared = compared.assign(action=action, to=to)
        labels = [words[path] for path in self.findings.paths]
        return labels, telling, circle, compared

    def length(self, time):
        """Duration as text, in seconds with a rate, else in frames."""
        return duration_text(time, self.fps is not None)

    @cached_property
    def dates(self):
        """Date and wall-clock time of the start of each recording, NaT for unknown."""
        places = range(len(self.findings.paths))
        return np.array([web.read_date(self.recordings, i) for i in places], "M8[ms]")

    @cached_property
    def day(self):
        """Date of all recordings, "" if they have several, None without dates."""
        if np.isnat(self.dates).all():
            return None
        ends = [1000 * clock.ends[-1] for clock in self.clocks]
        days = np.concatenate([self.dates, self.dates + np.array(ends, int)])
        days = set(days.astype("M8[D]").tolist())
        return str(*days) if len(days) == 1 else ""

    def when(self, video, time, digits=1):
        """Time since the start of a recording, by the wall clock where it is known."""
        date = self.dates[video]
        if not np.isnat(date):
            return clock_text(date, time, digits)[11 if self.day else 0 :]
        if self.fps is None:
            return f"frame {time:.10g}"
        return web.in_minutes(time, 1)

    def place(self, video, frame):
        """Start of a frame of a recording, by its clock."""
        return web.describe_time(self.recordings, video, frame)

    def lead(self):
        """Summary sentences, as lists of text and codes of actions."""
        sentences = []
        stops = list_stops(self.recordings)
        if len(stops):
            names = dict(zip(self.recordings.names, self.video_names))
            stops["recording"] = stops["recording"].map(names)
            sentences.append([describe_stops(stops)])
        lengths = self.unit_bouts.lengths.to_numpy()
        n_units, kind = len(lengths), "recording" if self.cycles is None else "cycle"
        low, usual, high = map(self.length, np.quantile(lengths, [0.25, 0.5, 0.75]))
        if n_units > 1:
            middle = f"; half of them take {low} to {high}" if low != high else ""
            sentences.append([f"A {kind} usually takes {usual}{middle}."])
        takes = {code: np.median(self.totals[code]) for code in self.usual}
        if len(takes) > 1:
            longest = max(takes, key=takes.get)
            what = "action of a recording" if self.cycles is None else "step of a cycle"
            what, usually = ("action", "") if n_units == 1 else (what, "usually ")
            time = self.length(takes[longest])  # of all its bouts
            text = f", which {usually}takes {time} in all."
            sentences.append([f"The longest {what} is ", longest, text])
        n = sum(row["deviates"] for row in self.deviations)
        if self.cycles is not None:
            n = int(self.cycles[0]["deviates"].sum())
        said = f"{n} of {n_units} {kind}s deviate{'s' if n == 1 else ''} from the rest."
        said = said if n else f"No {kind} stands out among the {n_units}."
        sentences += [[said]] if n_units > 2 else []
        if self.groups is not None:
            sentences += describe_pairs(self.groups, brief=True)
        return sentences

    def unsaid(self):
        """Sentences about actions that are missing, rare or without label."""
        from skl_tot.methods.collapses import describe_lacking

        n_actions = self.segmenter.n_actions_  # without labels from people
        paths = [np.where(p < n_actions, p, BACKGROUND) for p in self.findings.paths]
        names = {k: name for k, name in self.findings.names.items() if k < n_actions}
        return describe_lacking(self.segmenter, paths, names, self.video_names)

    def trust(self):
        """Level and sentences on the reliability of the labels."""
        from skl_tot.meta.trust import HEADLINES, rate_share

        sentences, reasons, labelled = [], [], self.findings.labelled
        bouts = self.bouts  # of people, if they labelled all
        n_labelled = sum(map(np.any, labelled))
        if n_labelled:
            of_all = f"{n_labelled} of {len(labelled)} recording"
            of_all += "s" if len(labelled) > 1 else ""
            sentences.append(f"In {of_all}, this page shows labels that people gave.")
        share = self.accuracy and self.accuracy["frames"]
        if self.truth is not None:
            share = self.truth.scores["scores"]["all"]["MoF"]
            text = f"Of 100 frames, {100 * share:.0f} are labelled as people have."
            sentences.append(text)
            bouts = collect_bouts(self.recordings.replace(self.truth.y))
        elif self.accuracy is not None:
            sentences += self.accuracy["sentences"]
        elif not sentences:
            source = " from labels of people" if self.segmenter.is_taught else ""
            text = f"A program found these actions{source}, and nobody has"
            sentences.append(f"{text} checked them.")
        if self.rating is not None:
            first, *reasons = self.rating["sentences"]
            sentences.insert(0, first)
        elif share is not None:
            sentences.insert(0, HEADLINES[rate_share(share)])
        is_said = self.rating is not None and self.rating["equal_parts"] is not None
        if self.cycles is None and not is_said:  # parts are of recordings, not cycles
            sentences.append(describe_equal_parts(bouts))
        sentences += reasons
        if self.truth is not None or self.accuracy is not None:  # by people
            return sentences
        return [*sentences, "Look at some of the timelines before you rely on them."]
