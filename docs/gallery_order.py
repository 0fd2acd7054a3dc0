"""Order of the examples: those with kinds of data first, others by their names."""

FIRST = [
    "plot_sensors.py",
    "plot_signals.py",
    "plot_poses.py",
    "plot_video.py",
    "plot_workplace.py",
    "plot_activities.py",
    "plot_timelines.py",
]


class DataFirst:
    """Key to sort examples by, as Sphinx-Gallery wants it."""

    def __init__(self, src_dir):
        self.src_dir = src_dir

    def __call__(self, filename):
        """Give the place of an example."""
        name = str(filename)
        return (FIRST.index(name) if name in FIRST else len(FIRST), name)

    def __repr__(self):
        # a change of it makes Sphinx build the gallery again
        return f"DataFirst of {FIRST}"
