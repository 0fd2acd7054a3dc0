"""The systems of the paper's tables and later ones, with their reported numbers."""

SOURCES = {
    "P": "printed in the paper of TOT, and read there",
    "L": "as quoted by later papers that compare themselves",
    "N": "notes on the system's own paper, or its abstract; its tables were not read",
}
# System: where it was published, and basis of the implementation here.
SYSTEMS = {
    "Frank-Wolfe": ("CVPR 2016", "authors' code, here without narrations"),
    "Mallow": ("CVPR 2018", "another group's code and the abstract"),
    "CTE": ("CVPR 2019", "authors' code"),
    "CTE, SIL split": ("CVPR 2019", ""),
    "VTE": ("WACV 2021", "reconstruction from the abstract"),
    "ASAL": ("CVPR 2021", "reconstruction from the abstract"),
    "UDE": ("ICIP 2021", "reconstruction from the abstract"),
    "OT": ("CVPR 2022", "authors' paper and code"),
    "OT+CTE": ("CVPR 2022", "authors' paper and code"),
    "OT+TCL": ("CVPR 2022", "authors' paper and code"),
    "TOT": ("CVPR 2022", "authors' paper and code"),
    "TOT+CTE": ("CVPR 2022", "authors' paper and code"),
    "TOT+TCL": ("CVPR 2022", "authors' paper and code"),
    "UFSA": ("WACV 2024", ""),
    "ASOT": ("CVPR 2024", "authors' code"),
    "HVQ": ("AAAI 2025", ""),
    "VASOT": ("ICCV 2025", ""),
    "CLOT": ("ICCV 2025", ""),
}
# One match over all videos of an activity: MoF, F1 and letters of SOURCES, by protocol.
# By year; TOT with its ablation.
PROTOCOLS = ["50salads-eval", "50salads-mid", "yti", "breakfast", "desktop"]
RESULTS = """
Frank-Wolfe | - | - | -/24.4/P | - | -
Mallow | - | - | 27.8/27.0/P | 34.6/-/P | -
CTE | 35.5/-/P | 30.2/-/P | 39.0/28.3/P | 41.8/26.4/P | 47.6/44.9/P
CTE, SIL split | - | - | - | 41.5/22.7/P | -
VTE | 30.6/-/P | 24.2/-/P | -/29.9/P | 48.1/-/P | -
ASAL | 39.2/-/P | 34.4/-/P | 44.9/32.1/P | 52.5/37.9/P | -
UDE | 42.2/-/P | - | 43.8/29.6/P | 47.4/31.9/P | -
OT | 37.6/27.8/P | - | 16.0/11.6/P | - | -
OT+CTE | 40.4/34.3/P | - | 35.2/22.0/P | - | -
OT+TCL | 27.5/30.3/P | - | 35.7/24.8/P | - | -
TOT | 47.4/42.8/P | 31.8/-/P | 40.6/30.0/P | 47.5/31.0/P | 56.3/51.7/P
TOT+CTE | 40.8/36.0/P | - | 38.2/26.7/P | - | -
TOT+TCL | 44.5/48.2/P | 34.3/-/P | 45.3/32.9/P | 39.0/30.3/P | 58.1/53.4/P
UFSA | 55.8/-/L | - | - | 52.1/-/L | -
ASOT | 59.3/53.6/NL | 46.2/37.4/NL | 52.9/35.1/NL | 56.1/38.3/NL | 70.4/68.0/N
HVQ | - | - | 50.3/35.1/NL | 54.4/39.7/N | -
VASOT | 60.6/57.4/N | - | - | 57.5/39.0/N | 70.9/75.1/N
CLOT | -/63.2/N | - | 54.4/-/N | 60.1/40.1/NL | -/72.6/N
"""
# Table 7: fitted on other videos.
UNSEEN = """
CTE | 12.2/18.4/P | - | 17.0/16.4/P | 40.6/23.4/P | 36.0/33.8/P
TOT | 38.3/38.2/P | - | 24.7/20.6/P | 45.3/24.5/P | 49.7/45.1/P
TOT+TCL | 38.6/44.2/P | - | 38.8/23.6/P | 36.1/25.1/P | 51.0/45.4/P
"""
REMARKS = {
    "yti": "Another paper quotes 32.9 as ASOT's F1 on YouTube Instructions.",
    "desktop": "Desktop Assembly: K is 22 for ASOT, 23 for TOT (background).",
}


def published(protocol, unseen=False):
    """MoF, F1 and source of each system that has a result under a protocol."""
    results = {}
    for line in (UNSEEN if unseen else RESULTS).strip().splitlines():
        name, *cells = line.split(" | ")
        cell = dict(zip(PROTOCOLS, cells)).get(protocol, "-")
        if cell != "-":
            *scores, source = cell.split("/")
            numbers = [None if text == "-" else float(text) for text in scores]
            results[name] = (*numbers, source)
    return results


def remarks(protocol):
    """Remarks on the results of a protocol."""
    return [REMARKS[protocol]] if protocol in REMARKS else []


# State detection: ARI, NMI, covering, SMS on two sets, each recording alone. ARI and
# NMI of Time2State are from its authors' figure scripts, of E2USD from outputs stored
# in a fork of theirs, of the others as quoted by Time2State; SMS from its own paper.
STATES = {
    "Time2State": {
        "mocap86": (0.753, 0.767, None, 0.697),
        "actrectut": (0.767, 0.717, None, 0.802),
    },
    "E2USD": {
        "mocap86": (0.767, 0.771, None, 0.773),
        "actrectut": (None, None, None, 0.582),
    },
    "TICC, true K": {
        "mocap86": (0.722, 0.752, None, 0.759),
        "actrectut": (0.784, 0.747, None, 0.442),
    },
    "HDP-HSMM": {
        "mocap86": (0.551, 0.717, None, None),
        "actrectut": (0.664, 0.68, None, 0.737),
    },
    "AutoPlait": {
        "mocap86": (0.806, 0.829, None, None),
        "actrectut": (0.059, 0.142, None, None),
    },
    "ClaSP and clustering": {
        "mocap86": (0.545, 0.677, None, 0.733),
        "actrectut": (0.172, 0.231, None, None),
    },
    "PaTSS": {"actrectut": (None, None, None, 0.78)},
}
