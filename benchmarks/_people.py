"""Simulated files of people, as their devices and programs write them, and the truth.

Each function writes files into a folder. Labels are numbers of the words of `WORDS`, a
recording's by its name.
"""

import json

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d

GRAVITY = 9.81
DAY = pd.Timestamp("2024-03-04 06:00:00.200")
NIGHT = pd.Timedelta(hours=9)
WORDS = {
    "clinic": ["rise", "walk", "turn", "back", "sit"],
    "line": ["feed", "clamp", "press", "screw", "test", "eject"],
    "mice": ["walk", "rear", "groom", "sit"],
    "robot": ["reach", "grasp", "lift", "carry", "release", "home"],
}


# ------------------------------------------------------------------------------ clinic


def clinic(folder, seed=0, n_patients=13, rate=50):
    """Timed-Up-and-Go tests with a sensor at the back; give labels and clocks by name.

    Files have comments, dates, and values that are lost. A step takes about 0.54 s, and
    sensors are worn aslant. Walking back looks like walking. `turn` is slower in the
    first half of the patients. ``patients.csv`` beside the folder has the groups.
    """
    rng, truth = np.random.default_rng(seed), {}
    folder.mkdir()
    patients = [f"P{i:02}" for i in range(1, n_patients + 1)]
    groups = ["PD" if i < n_patients // 2 else "control" for i in range(n_patients)]
    columns = [f"{kind}_{axis}" for kind in ("Acc", "Gyr") for axis in "XYZ"]
    k = 0
    for patient, group in zip(patients, groups):
        gait = _gait(rng, group)
        for date in ("03-04", "05-01"):
            labels, frames = _walk(rng, gait, rate)
            if k % 4 == 1:  # lost for up to half a second
                start = rng.integers(rate, 3 * rate)
                frames[start : start + rng.integers(5, 20), k % 6] = np.nan
            clock = pd.Timestamp(f"2024-{date} 09:30:00.120")
            clock += pd.to_timedelta(1000 // rate * np.arange(len(labels)), "ms")
            table = pd.DataFrame(frames, columns=columns)
            times = clock.strftime("%Y-%m-%dT%H:%M:%S.%f").str[:-3]
            table.insert(0, "Timestamp (ISO 8601)", times)
            head = f"# Device: MTw 00B4{k:04X}\n# Rate: {rate} Hz\n# Site, sacrum\n"
            text = head + table.to_csv(index=False, float_format="%.4f")
            name = f"{patient}_TUG_2024-{date}"
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
            truth[name] = labels, clock
            k += 1
    group_of = dict(zip(patients, groups))
    subjects = {name: name.partition("_")[0] for name in truth}
    rows = [f"{name},{own},{group_of[own]}" for name, own in subjects.items()]
    head = "recording,subject,group"
    (folder.parent / "patients.csv").write_text("\n".join([head, *rows]))
    return truth


def _gait(rng, group):
    """Draw how a patient moves: seconds of phases, steps, and how the sensor sits."""
    turn = 2.7 if group == "PD" else 1.6
    return {
        "seconds": np.array([1.8, 3.5, turn, 3.5, 2.6]) * rng.normal(1, 0.06, 5),
        "step": rng.normal(0.54, 0.03),
        "strength": rng.uniform(1.5, 3.0),
        "tilt": rng.normal(scale=0.12, size=2),
    }


def _walk(rng, gait, rate):
    """Labels and signals (n_frames, 6) of one test: acceleration, and rotation."""
    seconds = gait["seconds"] * rng.normal(1, 0.06, 5)
    labels = np.repeat(range(5), np.rint(rate * seconds).astype(int))
    time = np.arange(len(labels)) / rate
    place = [np.linspace(0, 1, (labels == k).sum()) for k in range(5)]
    lean, turning, push = np.zeros((3, len(labels)))
    for action, sign in ((0, 1), (4, -1)):  # lean forward, and stand up or sit down
        lean[labels == action] = 0.6 * np.sin(np.pi * place[action]) ** 2
        push[labels == action] = sign * 2 * np.sin(2 * np.pi * place[action])
    for action, half in ((2, 1.0), (4, 0.5)):  # half a turn, before sitting down too
        part = np.flatnonzero(labels == action)
        part = part[: int(half * len(part))]
        bump = np.sin(np.pi * np.linspace(0, 1, len(part))) ** 2
        turning[part] = np.pi * bump / (bump.sum() / rate)
    turning *= rng.choice([-1, 1])
    stride = np.choose(labels, [0, 1, 0.6, 1, 0.25])
    stride = gait["strength"] * gaussian_filter1d(stride.astype(float), 0.1 * rate)
    pace = 1 + gaussian_filter1d(rng.normal(scale=0.5, size=len(time)), rate)
    angle = 2 * np.pi * np.cumsum(pace) / rate / gait["step"] + rng.uniform(0, 6)
    up = stride * (np.sin(angle) + 0.4 * np.sin(2 * angle + 1)) + push
    ahead = 0.6 * stride * np.sin(angle + 2)
    aside = 0.5 * stride * np.sin(angle / 2)
    lean = lean + gait["tilt"][0]
    acceleration = [
        (GRAVITY + up) * np.cos(lean) - ahead * np.sin(lean),
        aside + GRAVITY * np.sin(gait["tilt"][1]),
        (GRAVITY + up) * np.sin(lean) + ahead * np.cos(lean),
    ]
    rotation = [
        turning + 0.15 * stride * np.sin(angle / 2 + 1),
        np.gradient(lean) * rate + 0.1 * stride * np.sin(angle),
        0.12 * stride * np.sin(angle / 2 + 2),
    ]
    frames = np.column_stack(acceleration + rotation)
    return labels, frames + rng.normal(scale=[0.2] * 3 + [0.05] * 3, size=frames.shape)


# -------------------------------------------------------------------------------- line

STEP_SECONDS = np.array([5.0, 3.0, 9.0, 11.0, 4.0, 4.0])
# Position, load and torque at the end of each step.
AIMS = np.array(
    [[80, 0, 0], [80, 5, 0], [120, 9, 1], [120, 6, 8], [120, 7, 0], [0] * 3]
)


def line(path, seed=0, n_cycles=186, rate=10):
    """Two hours of a packing machine in one table; give labels, clock and facts.

    Labels are steps, or -1 in stops. The machine stops three times between frames where
    nothing moves, once in mid-cycle; it goes on with the next step. Once it jams, and
    its current swings for more than a minute. A step is skipped, and a night is left
    out. Facts name the cycles of the jam and of the step, and the first frame of the
    second day.
    """
    rng = np.random.default_rng(seed)
    places = np.sort(rng.permutation(np.arange(3, n_cycles - 2, 4))[:6])
    places = dict(zip(rng.permutation(6), places.tolist()))
    facts = {"skipped": places[0], "jam": places[1]}
    stops = {(places[2], 5): 260, (places[3], 5): 60, (places[4], 2): 188}  # seconds
    runs, levels, position = [], [], np.zeros(3)
    for cycle in range(n_cycles):
        if cycle == places[5]:
            facts["night"] = sum(len(frames) for frames in levels)
        for step, aim in enumerate(AIMS):
            if (cycle, step) == (facts["skipped"], 4):
                continue
            n = max(4, round(rate * STEP_SECONDS[step] * rng.normal(1, 0.05)))
            share = np.linspace(0, 1, n, endpoint=False) + 1 / n
            share = np.minimum(1.25 * share, 1)[:, None]
            smooth = share**3 * (10 - 15 * share + 6 * share**2)
            frames = _machine(position + smooth * (aim - position), step, rng)
            if (cycle, step) == (facts["jam"], 3):
                swings = _swings(frames, rng.integers(70 * rate, 100 * rate), rng)
                frames = np.concatenate([frames, swings])
            position = aim
            runs.append((step, len(frames)))
            levels.append(frames)
            if (cycle, step) in stops:
                still = np.repeat(levels[-1][-1:], stops[cycle, step] * rate, axis=0)
                still[:, 3] = 0.3  # idle
                runs.append((-1, len(still)))
                levels.append(still)
    labels = np.repeat(*map(np.array, zip(*runs)))
    frames = np.concatenate(levels)
    frames += rng.normal(scale=[0.3, 0.03, 0.03, 0.02], size=frames.shape)
    second_day = np.arange(len(labels)) >= facts["night"]
    clock = DAY + pd.to_timedelta(np.arange(len(labels)) * (1000 // rate), "ms")
    clock = clock.where(~second_day, clock + NIGHT)
    table = pd.DataFrame(frames, columns=["travel", "force", "torque", "current"])
    table.insert(0, "ts", clock)
    table.to_parquet(path)
    return labels, clock, facts


def _machine(levels, step, rng):
    """Levels, which vibrate, and the current, which moves and loads need."""
    speed = np.abs(np.gradient(levels[:, 0]))
    n = len(levels)
    swing = np.sin(np.outer(np.arange(n), [2.1, 2.9, 1.7]) + rng.uniform(0, 6, 3))
    swing *= np.array([0.6, 0.3, 0.3]) * [1, 1 + (step == 2), 1 + (step == 3)]
    current = 1.5 + 0.25 * speed + 0.4 * levels[:, 2] + 0.15 * levels[:, 1]
    current += 0.4 * np.sin(2.5 * np.arange(n) + rng.uniform(0, 6))
    return np.column_stack([levels + swing, current])


def _swings(frames, n, rng):
    """Frames of a jam: all signals stand still, and only the current swings."""
    stuck = np.repeat(frames[-1:], n, axis=0)
    stuck[:, 3] += 2.5 * np.sin(0.4 * np.arange(n)) + rng.normal(scale=0.3, size=n)
    return stuck


# -------------------------------------------------------------------------------- mice

POINTS = ["nose", "left_ear", "right_ear", "neck", "left_paw", "right_paw", "tail_base"]
SCORER = "DLC_resnet50_cageMar4shuffle1_100000"
# Pixels ahead of the centre, and aside, of each point in each action.
AHEAD = np.array(
    [
        [55, 38, 38, 25, 22, 22, -50],
        [22, 15, 15, 10, 14, 14, -26],
        [26, 20, 20, 14, 27, 27, -40],
        [40, 28, 28, 18, 16, 16, -36],
    ]
)
ASIDE = np.array(
    [
        [0, 9, -9, 0, 11, -11, 0],
        [0, 11, -11, 0, 15, -15, 0],
        [9, 14, -6, 4, 12, 3, 5],
        [0, 9, -9, 0, 9, -9, -6],
    ]
)


def mice(folder, seed=0, n_mice=20, n_bouts=60, rate=25):
    """Tracks of DeepLabCut of mice in an open field; give labels by name.

    Mice turn, walk about and stay within walls. Bouts take 0.4 s and more, in no order.
    Knock-outs, every other mouse, groom twice as often. ``mice.csv`` beside the folder
    has the genotypes.
    """
    rng, truth = np.random.default_rng(seed), {}
    folder.mkdir()
    for i in range(n_mice):
        chances = [0.3, 0.25, 0.3, 0.15] if i % 2 else [0.4, 0.3, 0.12, 0.18]
        actions = [rng.choice(4, p=chances)]
        while len(actions) < n_bouts:
            action = rng.choice(4, p=chances)
            actions += [action] if action != actions[-1] else []
        seconds = np.maximum(rng.lognormal(np.log(1.4), 0.5, n_bouts), 0.4)
        labels = np.repeat(actions, np.rint(rate * seconds).astype(int))
        name = f"m{i + 1}_open-field"
        _write_tracks(folder / f"{name}{SCORER}.csv", _tracks(rng, labels, rate), rng)
        truth[name] = labels
    genotypes = [["wt", "ko"][i % 2] for i in range(n_mice)]
    rows = [",".join(row) for row in zip(truth, genotypes)]
    (folder.parent / "mice.csv").write_text("\n".join(["recording,group", *rows]))
    return truth


def _tracks(rng, labels, rate):
    """Points (n_frames, n_points, 2) of a mouse."""
    n, is_walk = len(labels), labels == 0
    time = np.arange(n) / rate
    speed = gaussian_filter1d(is_walk * rng.uniform(100, 160), 0.1 * rate) / rate
    turns = gaussian_filter1d(rng.normal(size=n), 0.5 * rate)
    turns *= np.where(is_walk, 1.5, 0.6) / turns.std() / rate
    place, angle = rng.uniform(150, 450, 2), rng.uniform(0, 6)
    places, angles = np.empty((n, 2)), np.empty(n)
    for t in range(n):
        ahead = place + speed[t] * np.array([np.cos(angle), np.sin(angle)])
        if ahead.min() < 60 or ahead.max() > 540:  # turn at a wall, to the middle
            middle = np.arctan2(*(300 - place)[::-1])
            away = np.angle(np.exp(1j * (middle - angle)))
            angle += np.sign(away) * min(abs(away), 6 / rate)
        else:
            place = ahead
        angle += turns[t]
        places[t], angles[t] = place, angle
    bouts = np.cumsum(np.r_[0, np.diff(labels) != 0])  # no two are alike
    depth = rng.normal(1, 0.12, bouts[-1] + 1)[bouts, None]
    differs = rng.normal(scale=3, size=(2, bouts[-1] + 1, len(POINTS)))[:, bouts]
    smooth = 0.08 * rate
    ahead = gaussian_filter1d(depth * AHEAD[labels] + differs[0], smooth, axis=0)
    aside = gaussian_filter1d(depth * ASIDE[labels] + differs[1], smooth, axis=0)
    stride = np.sin(2 * np.pi * 4 * time)[:, None] * is_walk[:, None]
    ahead[:, 4:6] += 6 * stride * [1, -1]
    strokes = np.sin(2 * np.pi * 5 * time)[:, None] * (labels == 2)[:, None]
    ahead[:, [0, 4, 5]] += 3 * strokes * [0.5, 1, 1]
    looks = gaussian_filter1d(rng.normal(size=n), 0.4 * rate)
    aside[:, 0] += 6 * looks / looks.std()  # the head looks about
    size = rng.uniform(0.9, 1.1)
    heading = np.stack([np.cos(angles), np.sin(angles)], axis=1)[:, None]
    normal = np.stack([-np.sin(angles), np.cos(angles)], axis=1)[:, None]
    points = ahead[..., None] * heading + aside[..., None] * normal
    return places[:, None] + size * points + rng.normal(scale=1.5, size=points.shape)


def _write_tracks(path, points, rng):
    """Write tracks as DeepLabCut does; points are lost for up to 0.4 s."""
    likelihood = np.full(points.shape[:2], 0.99)
    for point in range(len(POINTS)):
        for start in rng.integers(20, len(points) - 40, 1 + len(points) // 1000):
            lost = slice(start, start + rng.integers(3, 11))
            likelihood[lost, point] = 0.1
            points[lost, point] += rng.normal(scale=60, size=2)
    values = np.concatenate([points, likelihood[..., None]], axis=2)
    levels = [[SCORER], POINTS, ["x", "y", "likelihood"]]
    names = ["scorer", "bodyparts", "coords"]
    columns = pd.MultiIndex.from_product(levels, names=names)
    table = pd.DataFrame(values.reshape(len(values), -1), columns=columns)
    table.to_csv(path, float_format="%.3f")


# ------------------------------------------------------------------------------- robot

JOINTS = ["pan", "lift", "elbow", "wrist_flex", "wrist_roll", "gripper"]
ROBOT_SECONDS = np.array([2.2, 0.8, 1.2, 2.4, 0.8, 1.8])


def robot(root, seed=0, n_episodes=50, version="v3.0", rate=30):
    """Demonstrations of an arm as a LeRobot data set; give labels by name.

    People demonstrate at different speeds, up to threefold; cubes and goals lie
    elsewhere each time.
    """
    rng, truth, tables = np.random.default_rng(seed), {}, []
    home = np.array([0, -1.5, 1.4, 0.6, 0, 0.1])
    for i in range(n_episodes):
        labels, states = _demonstration(rng, home, rate)
        n = len(labels)
        table = pd.DataFrame({"observation.state": list(states.astype(np.float32))})
        commands = np.concatenate([states[1:], states[-1:]]).astype(np.float32)
        table["action"] = list(commands)
        table["timestamp"] = (np.arange(n) / rate).astype(np.float32)
        table["frame_index"], table["episode_index"] = np.arange(n), i
        table["index"] = np.arange(n) + sum(map(len, tables))
        table["task_index"], table["next.done"] = 0, np.arange(n) == n - 1
        tables.append(table)
        truth[f"episode_{i:06d}"] = labels
    _write_episodes(root, tables, version, rate)
    return truth


def _demonstration(rng, home, rate):
    """Labels and joints (n_frames, 6) of one demonstration."""
    cube = home + [rng.uniform(-0.8, 0.8), 1.7, -1.0, rng.normal(0, 0.1), 0, 0.9]
    cube[1] += rng.normal(scale=0.12)
    cube[4] = rng.uniform(-0.5, 0.5)
    held = cube + [0, 0, 0, 0, 0, -0.7]
    lifted = held + [0, -0.7, 0.2, 0.1, 0, 0]
    goal = lifted + [0, 0.6, -0.1, 0, 0, 0]
    goal[0] = rng.uniform(1.0, 1.8) * rng.choice([-1, 1])
    aims = [home, cube, held, lifted, goal, goal + [0, 0, 0, 0, 0, 0.7], home]
    seconds = ROBOT_SECONDS * np.exp(rng.uniform(-0.55, 0.55))
    counts = np.rint(rate * seconds * np.exp(rng.normal(scale=0.2, size=6)))
    counts = np.maximum(counts.astype(int), 4)
    states = []
    for before, after, n in zip(aims, aims[1:], counts):
        share = (np.arange(n) / n)[:, None]
        smooth = share**3 * (10 - 15 * share + 6 * share**2)
        states.append(np.array(before) + smooth * (np.array(after) - before))
    states = gaussian_filter1d(np.concatenate(states), 0.03 * rate, axis=0)
    shake = gaussian_filter1d(rng.normal(size=states.shape), 0.15 * rate, axis=0)
    states = states + 0.02 * shake / shake.std()
    labels = np.repeat(range(6), counts)
    return labels, states + rng.normal(scale=0.004, size=states.shape)


def _write_episodes(root, tables, version, rate):
    """Write the files of a LeRobot data set of version v2.1 or v3.0."""
    (root / "meta").mkdir(parents=True)
    (root / "data" / "chunk-000").mkdir(parents=True)
    joints = {"dtype": "float32", "shape": [len(JOINTS)], "names": JOINTS}
    info = {"codebase_version": version, "fps": rate, "total_episodes": len(tables)}
    info["features"] = {"observation.state": joints, "action": joints}
    folder, task = root / "data" / "chunk-000", "put the cube into the box"
    if version == "v3.0":
        tasks = pd.DataFrame({"task_index": [0]}, pd.Index([task]))
        tasks.to_parquet(root / "meta" / "tasks.parquet")
        table = pd.concat(tables, ignore_index=True)
        table.to_parquet(folder / "file-000.parquet")
    else:
        info["data_path"] = (
            "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
        )
        info["chunks_size"] = 1000
        tasks = json.dumps({"task_index": 0, "task": task})
        (root / "meta" / "tasks.jsonl").write_text(tasks + "\n")
        lines = []
        for i, table in enumerate(tables):
            table.to_parquet(folder / f"episode_{i:06d}.parquet")
            row = {"episode_index": i, "tasks": [task], "length": len(table)}
            lines.append(json.dumps(row) + "\n")
        (root / "meta" / "episodes.jsonl").write_text("".join(lines))
    (root / "meta" / "info.json").write_text(json.dumps(info))
