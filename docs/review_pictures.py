"""Draw the pictures of the review, by chromium.

python docs/review_pictures.py
"""

import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont
from selenium import webdriver
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from skl_tot import TemporalOTSegmenter, read_recordings
from skl_tot.app.review import Review
from skl_tot.datasets import make_activities
from skl_tot.io import save_model

WORDS = np.array(["reach", "place", "screw", "check", "put away"])
SIGNALS = [f"{k} {a}" for k in ("acc", "gyro", "mag", "grip") for a in "xyz"]
GIVEN = {"n_features": 12, "mean_length": 600, "unevenness": 0.5}
GIVEN |= {"missing": 0.12, "noise": 1.1, "random_state": 3}
# Recordings, of which one is labelled; pixels of a picture for one of the page.
N_ROAD, LABELLED, SCALE = 9, 1, 1.5
IMAGES = Path(__file__).parent / "images"


def correct(review, i, words):
    """Leave the true actions in a recording, as a person would, and check it."""
    frames = 1 + np.flatnonzero(words[1:] != words[:-1])
    for frame in np.setdiff1d(frames, review.state.entries[i].segments.starts):
        review.cut(i, int(frame))
    shown = review.labels()[i]
    for frame in review.state.entries[i].segments.starts.tolist():
        if shown[frame] != words[frame]:
            review.relabel(i, frame, words[frame])
    review.check(i)


@contextmanager
def served(folder, start, width, height, scale=1):
    """Open the page of a review; give its body, a wait, and a function for pictures."""
    command = [sys.executable, "-m", "skl_tot", "review", *start]
    command += ["--out", "checked", "--no-browser"]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    for flag in ["--headless=new", "--no-sandbox", "--hide-scrollbars"]:
        options.add_argument(flag)
    size = {"width": width, "height": height}
    size |= {"deviceScaleFactor": scale, "mobile": False}
    with webdriver.Chrome(options, service) as browser:
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        address = next(line for line in server.stdout if line.startswith("http"))
        browser.get(address.strip())

        def wait(condition):
            script = f"return {condition}"
            WebDriverWait(browser, 200).until(lambda _: browser.execute_script(script))

        def picture():
            pause = "setTimeout(arguments[0], 1500)"
            browser.execute_async_script(pause)
            return Image.open(BytesIO(browser.get_screenshot_as_png()))

        page = browser.find_element("css selector", "body")
        wait("document.body.dataset.version > 0")
        yield page, wait, picture
    server.terminate()
    server.wait()


def draw_road(folder):
    """Draw recordings of which one is labelled, and those that follow."""
    with served(folder, ["wrist"], 964, 1100, SCALE) as (page, wait, picture):

        def part(image, first, last):
            boxes = [
                page.find_element("css selector", own).rect for own in (first, last)
            ]
            top, end = boxes[0]["y"], boxes[1]["y"] + boxes[1]["height"]
            left, right = boxes[0]["x"] - 2, boxes[0]["x"] + boxes[0]["width"] + 2
            return image.crop([round(SCALE * x) for x in (left, top, right, end)])

        page.send_keys(*[Keys.ARROW_UP] * N_ROAD, *[Keys.ARROW_DOWN] * LABELLED)
        image = picture()
        labelled = part(image, ".head", ".legend")
        before = part(image, ".small", ".small")
        page.send_keys("l")
        wait("document.body.innerText.includes('learned, and')")
        after = part(picture(), ".small", ".small")
    gap, line = round(24 * SCALE), round(30 * SCALE)
    height = line + max(labelled.height, before.height + gap + line + after.height)
    size = 2 * labelled.width + 3 * gap, height + gap
    whole = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(whole)
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans:bold"), 17 * SCALE)
    y = gap // 2
    x = labelled.width + 2 * gap
    places = [("1. Label one recording", labelled, gap, y), ("", before, x, y)]
    y += line + before.height + gap
    places += [("2. Press L: the others follow", after, x, y)]
    for words, image, left, top in places:
        draw.text((left + 2 * SCALE, top), words, "black", font)
        whole.paste(image, (left, top + line))
    whole.save(IMAGES / "one_recording.png", optimize=True)


def write_recordings(videos, folder):
    """Write recordings of a wrist as CSV files, and read them."""
    folder.mkdir()
    for i, video in enumerate(videos):
        table = pd.DataFrame(video.round(3), columns=SIGNALS)
        table.insert(0, "time", np.arange(len(table)) / 10)
        table.to_csv(folder / f"cycle_{i + 1:02}.csv", index=False)
    return read_recordings(folder)


def label_one():
    """Label one of some recordings, as a person would, and draw what follows."""
    videos, labels = make_activities(N_ROAD, 5, **GIVEN)
    with tempfile.TemporaryDirectory() as folder:
        recordings = write_recordings(videos, Path(folder, "wrist"))
        review = Review(None, recordings, Path(folder, "checked")).open()
        words = WORDS[labels[LABELLED]]
        ends = np.flatnonzero(np.r_[True, words[1:] != words[:-1], True]).tolist()
        for start, end in pairwise(ends):
            review.assign(LABELLED, start, end, str(words[start]))
        review.check(LABELLED)
        review.close()
        draw_road(folder)


def check_three():
    """Correct three of the recordings of a model, and draw the page that goes on."""
    videos, labels = make_activities(30, 5, **GIVEN)
    truth = [WORDS[own] for own in labels]
    with tempfile.TemporaryDirectory() as folder:
        recordings = write_recordings(videos, Path(folder, "wrist"))
        model = TemporalOTSegmenter(n_actions=5, random_state=0).fit(recordings)
        save_model(model, Path(folder, "model.skops"))
        review = Review(model, recordings, Path(folder, "checked")).open()
        for k, word in enumerate(WORDS):
            review.rename(f"action {k}", str(word))
        for _ in range(3):
            i = review.next(1)[0]["recording"]
            correct(review, i, truth[i])
        review.close()
        start = ["model.skops", "wrist"]
        with served(folder, start, 1280, 720) as (page, _, picture):
            page.send_keys("n")
            picture().save(IMAGES / "review.png")


if __name__ == "__main__":
    label_one()
    check_three()
