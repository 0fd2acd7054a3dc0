import numpy as np
from matplotlib.colors import to_rgb

from skl_tot.display.palette import COLOURS, SPECIAL_STYLES

# full protanopia and deuteranopia, of linear RGB: Machado, Oliveira and Fernandes 2009
VISIONS = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}
TO_XYZ = [
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
]


def seen(colours, vision):
    """Colours in CIELAB as somebody sees them."""
    rgb = np.array([to_rgb(colour) for colour in colours])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.transpose(VISIONS[vision]), 0, 1)
    xyz = linear @ np.transpose(TO_XYZ) / [0.95047, 1, 1.08883]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def distances(colours):
    """Smallest distance of each pair in all kinds of vision; 2 can just be seen."""
    smallest = np.inf
    for vision in VISIONS:
        lab = seen(colours, vision)
        smallest = np.minimum(smallest, np.linalg.norm(lab[:, None] - lab, axis=2))
    return smallest


def test_twenty_colours_can_be_told_apart_by_the_colour_blind():
    colours = list(COLOURS)
    specials = [style.fill for style in SPECIAL_STYLES.values()]
    assert len(colours) >= 20
    among = distances([*colours, *specials, "black"])  # of lines
    assert among[np.triu_indices(len(among), 1)].min() > 11
    n = len(colours)
    assert among[np.arange(n), (np.arange(n) + 1) % n].min() > 16
