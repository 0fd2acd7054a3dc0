"""Draw the pictures of guide/corrections.md, and print its figures, by chromium.

python docs/review_pictures.py
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from selenium import webdriver
from selenium.webdriver.support.wait import WebDriverWait

from skl_tot import TemporalOTSegmenter, read_recordings
from skl_tot.app.review import Review
from skl_tot.datasets import make_activities
from skl_tot.io import save_model

WORDS = np.array(["reach", "place", "screw", "check", "put away"])
SIGNALS = [f"{k} {a}" for k in ("acc", "gyro", "mag", "grip") for a in "xyz"]
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


def take_pictures(folder):
    """Look at a review, let it learn, and print how much of the rest is right."""
    command = [sys.executable, "-m", "skl_tot", "review", "model.skops", "wrist"]
    command += ["--out", "checked", "--no-browser"]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    for flag in ["--headless=new", "--no-sandbox", "--hide-scrollbars"]:
        options.add_argument(flag)
    size = {"width": 1280, "height": 720, "deviceScaleFactor": 1, "mobile": False}
    with webdriver.Chrome(options, service) as browser:
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        address = next(line for line in server.stdout if line.startswith("http"))
        browser.get(address.strip())

        def wait(condition):
            script = f"return {condition}"
            WebDriverWait(browser, 60).until(lambda _: browser.execute_script(script))

        def keep(name):
            pause = "setTimeout(arguments[0], 1500)"
            browser.execute_async_script(pause)
            browser.save_screenshot(str(IMAGES / name))

        page = browser.find_element("css selector", "body")
        wait("document.body.dataset.version > 0")
        page.send_keys("n")
        keep("review.png")
        page.send_keys("l")
        wait("document.querySelector('.changed li')")
        page.send_keys("n")
        keep("review_learned.png")
    server.terminate()
    server.wait()


def main():
    """Make recordings, correct three of them, and go on in the page."""
    videos, labels = make_activities(
        30, 5, n_features=12, mean_length=600, unevenness=0.5, missing=0.12, noise=1.1,
        random_state=3,
    )  # fmt: skip
    truth = [WORDS[own] for own in labels]
    with tempfile.TemporaryDirectory() as folder:
        wrist = Path(folder, "wrist")
        wrist.mkdir()
        for i, video in enumerate(videos):
            table = pd.DataFrame(video.round(3), columns=SIGNALS)
            table.insert(0, "time", np.arange(len(table)) / 10)
            table.to_csv(wrist / f"cycle_{i:02}.csv", index=False)
        recordings = read_recordings(wrist)
        model = TemporalOTSegmenter(n_actions=5, random_state=0).fit(recordings)
        save_model(model, Path(folder, "model.skops"))
        review = Review(model, recordings, Path(folder, "checked")).open()
        for k, word in enumerate(WORDS):
            review.rename(f"action {k}", str(word))
        for _ in range(3):
            i = review.next(1)[0]["recording"]
            correct(review, i, truth[i])
        print_share(review, truth)
        review.close()
        take_pictures(folder)
        review = Review(None, recordings, Path(folder, "checked")).open()
        print_share(review, truth)
        review.close()


def print_share(review, truth):
    """Print the share of right frames where nothing is checked, and what is told."""
    found = review.labels()
    rest = [own["recording"] for own in review.next(len(truth))]
    right = np.concatenate([found[i] == truth[i] for i in rest])
    print(f"{right.mean():.3f}", *review.accuracy()["sentences"])


if __name__ == "__main__":
    main()
