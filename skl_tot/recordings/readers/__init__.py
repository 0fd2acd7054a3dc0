"""Readers of other programs' files, by name."""

from skl_tot.recordings.readers import (
    archives,
    deeplabcut,
    lerobot,
    movement,
    sleap,
)
from skl_tot.recordings.readers.base import Reader

# The first that recognises a file reads it; archives take the files of no other.
READERS: dict[str, Reader] = {
    "deeplabcut": deeplabcut.READER,
    "lerobot": lerobot.READER,
    "movement": movement.READER,
    "sleap": sleap.READER,
    "archives": archives.READER,
}
