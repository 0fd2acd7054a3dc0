"""Thumbnails of typical frames, from recordings."""

import base64
import io
from collections import defaultdict

THUMBNAIL = (160, 160)  # largest width and height in pixels


def add_thumbnails(typical, video_files, fps):
    """Give every typical frame of `Findings` its picture; a recording is read once."""
    of_video = defaultdict(list)
    for frames in typical:
        for found in frames:
            of_video[found["video"]].append(found)
    for i, file in enumerate(video_files):
        if i in of_video:
            _add_thumbnails_of(of_video[i], file, fps)


def _add_thumbnails_of(found, file, fps):
    """Read one recording, as far as it is needed."""
    from skl_tot.preprocessing.video_frames import iterate_frames

    wanted = {of_frame["frame"]: of_frame for of_frame in found}
    n_frames, last = 0, max(wanted)
    for _, pixels in iterate_frames(file, fps):
        if n_frames in wanted:
            wanted[n_frames]["picture"] = _thumbnail(pixels)
        if n_frames == last:
            return
        n_frames += 1
    raise ValueError(
        f"{file} has {n_frames} frames at fps={fps}, expected more than {last} as the "
        "features have."
    )


def _thumbnail(pixels):
    from PIL import Image

    image, buffer = Image.fromarray(pixels), io.BytesIO()
    image.thumbnail(THUMBNAIL)
    image.save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
