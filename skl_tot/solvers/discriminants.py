"""Linear directions that tell actions apart, and a Gaussian for each action on them."""

import numpy as np
from scipy.linalg import solve_triangular

from skl_tot.inputs.errors import VideoValueError
from skl_tot.inputs.states import check_item, check_numbers, item

# Frames that each action is thought to have had before: Dirichlet prior of the shares.
PRIOR_FRAMES = 0.1
# Least share of the spread in a direction that is within actions.
LEAST_WITHIN = 1e-12


def frame_moments(videos):
    """Mean (n_features,) and covariance (n_features, n_features) of all frames.

    Of `StandardizedVideos`, from one pass over them, and float64.
    """
    # far from 0 the products would cancel, and what is constant has none at all
    shift = videos.read(0, slice(0, 1))[0].astype(np.float64)
    n_features = len(shift)
    sums, products = np.zeros(n_features), np.zeros((n_features, n_features))
    for i in range(len(videos)):
        for block in videos.blocks(i):
            frames = block - shift
            with np.errstate(over="ignore", invalid="ignore"):
                sums += frames.sum(axis=0)
                products += frames.T @ frames
    n_frames = videos.lengths.sum()
    mean = sums / n_frames
    with np.errstate(over="ignore", invalid="ignore"):
        covariance = products / n_frames - np.outer(mean, mean)
    if not np.isfinite(covariance).all():
        raise ValueError("X has values whose squares are too large; scale it down.")
    return mean + shift, covariance


def action_means(videos, labels, n_actions, mean):
    """Count the frames of actions, and average them less ``mean``.

    ``labels`` has the action of each frame of each video, below 0 for none. Counts are
    (n_actions,), means (n_actions, n_features); an action without frames has a mean of
    0.
    """
    counts, sums = np.zeros(n_actions), np.zeros((n_actions, len(mean)))
    codes_of = np.vstack([np.eye(n_actions), np.zeros(n_actions)])  # the last of -1
    for i, actions in enumerate(labels):
        start = 0
        for block in videos.blocks(i):
            codes = codes_of[actions[start : start + len(block)]].T
            start += len(block)
            counts += codes.sum(axis=1)
            sums += codes @ (block - mean)
    return counts, sums / np.maximum(counts, 1)[:, None]


def spread_root(covariance, shrinkage):
    r"""Lower triangular L with :math:`L L^\top = C + s v I`.

    C is the covariance (n_features, n_features), s the ``shrinkage`` and v the mean
    variance of a feature, or 1 if all are constant.
    """
    scale = np.trace(covariance) / len(covariance)
    ridge = shrinkage * (scale if scale > 0 else 1.0)
    return np.linalg.cholesky(covariance + ridge * np.eye(len(covariance)))


def discriminants(root, counts, means):
    r"""Directions in which actions differ most for the spread within them.

    With B the covariance of the means, weighted by counts, and :math:`L L^\top` the
    regularised covariance of all frames, directions u solve

    .. math:: B u = \lambda \, (L L^\top - B) \, u, \quad u^\top (L L^\top - B) u = 1,

    which is linear discriminant analysis. In the coordinates of L they are singular
    vectors of K columns, so that L, which labels do not change, is computed once.

    Parameters
    ----------
    root : ndarray of shape (n_features, n_features)
        L, from `spread_root`.
    counts : ndarray of shape (n_actions,)
        Frames of each action.
    means : ndarray of shape (n_actions, n_features)
        Their means, less that of all frames.

    Returns
    -------
    scalings : ndarray of shape (n_features, n_directions)
        One direction a column, largest λ first. Their number is ``n_actions - 1``, but
        at least 1 and at most ``n_features``.
    """
    columns = (means * np.sqrt(counts / counts.sum())[:, None]).T
    columns = solve_triangular(root, columns, lower=True)
    directions, values, _ = np.linalg.svd(columns, full_matrices=False)
    n_directions = max(1, min(len(means) - 1, len(root)))
    within = np.maximum(1 - values[:n_directions] ** 2, LEAST_WITHIN)
    directions = directions[:, :n_directions] / np.sqrt(within)
    return solve_triangular(root, directions, lower=True, trans="T")


def embed(videos, i, mean, scalings):
    """Frames of video i less a mean, along directions: (n_frames_i, n_directions)."""
    with np.errstate(over="ignore", invalid="ignore"):  # which `log_joint` refuses
        blocks = [(block - mean) @ scalings for block in videos.blocks(i)]
    return np.concatenate(blocks)


def fit_gaussians(frames, labels, n_actions, reg_covar, pooled=0.0):
    """Fit a Gaussian to the frames of each action.

    Parameters
    ----------
    frames : ndarray of shape (n_frames, n_directions)
        Embedded frames of all videos.
    labels : ndarray of int of shape (n_frames,)
        Their actions, -1 where it is not known. One of fewer than two frames, or of
        none if covariances are pooled, is spread as all frames are.
    n_actions : int
        Number of actions K.
    reg_covar : float
        Added to the diagonal of the covariances.
    pooled : float, default=0.0
        How far each covariance goes towards that of frames about the mean of their own
        action, from 0 to 1.

    Returns
    -------
    gaussians : dict of ndarray
        ``means`` (K, n_directions), ``precisions_cholesky`` (K, n_directions,
        n_directions), upper triangular as of `sklearn.mixture.GaussianMixture`, and
        ``shares`` (K,) of frames, of which each action is thought to have had a tenth
        of one before.
    """
    n_directions = frames.shape[1]
    means = np.empty((n_actions, n_directions))
    factors = np.empty((n_actions, n_directions, n_directions))
    counts = np.bincount(labels[labels >= 0], minlength=n_actions)
    least = 1 if pooled else 2
    covariances = np.empty_like(factors)
    for k in range(n_actions):
        members = frames[labels == k] if counts[k] >= least else frames
        means[k] = members.mean(axis=0)
        centred = members - means[k]
        covariances[k] = centred.T @ centred / len(members)
    if pooled:
        common = np.tensordot(counts / counts.sum(), covariances, axes=1)
        covariances += pooled * (common - covariances)
    for k, covariance in enumerate(covariances):
        root = np.linalg.cholesky(covariance + reg_covar * np.eye(n_directions))
        factors[k] = solve_triangular(root, np.eye(n_directions), lower=True).T
    shares = counts + PRIOR_FRAMES
    shares /= shares.sum()
    return {"means": means, "precisions_cholesky": factors, "shares": shares}


def fit_appearance(videos, labels, n_actions, center, root, reg_covar, *, pooled=0.0):
    """Fit directions and Gaussians to labels of videos.

    Parameters
    ----------
    videos : StandardizedVideos
        Videos to learn from.
    labels : sequence of ndarray of int of shape (n_frames_i,)
        Action of each frame, -1 where it is not known.
    n_actions : int
        Number of actions K.
    center : ndarray of shape (n_features,)
        Mean of all frames.
    root : ndarray of shape (n_features, n_features)
        From `spread_root`.
    reg_covar, pooled : float
        As of `fit_gaussians`.

    Returns
    -------
    appearance : dict of ndarray
        ``center``, ``scalings`` (n_features, n_directions), and what `fit_gaussians`
        gives.
    embedded : list of ndarray of shape (n_frames_i, n_directions)
        Frames along the directions.
    """
    counts, means = action_means(videos, labels, n_actions, center)
    if counts.sum() < videos.lengths.sum():  # their mean is not that of all
        means -= counts @ means / counts.sum()
        means[counts == 0] = 0
    scalings = discriminants(root, counts, means)
    embedded = [embed(videos, i, center, scalings) for i in range(len(videos))]
    gaussians = fit_gaussians(
        np.concatenate(embedded), np.concatenate(labels), n_actions, reg_covar, pooled
    )
    return {"center": center, "scalings": scalings} | gaussians, embedded


def log_joint(frames, gaussians, i=None):
    """Log-density of each action's Gaussian plus the log of its share of frames.

    Parameters
    ----------
    frames : ndarray of shape (n_frames, n_directions)
        Embedded frames.
    gaussians : dict of ndarray
        From `fit_gaussians`.
    i : int, default=None
        Number of the video, for an error.

    Returns
    -------
    log_joint : ndarray of shape (n_frames, n_actions)
        In nats.
    """
    constants = np.log(gaussians["shares"]) - frames.shape[1] / 2 * np.log(2 * np.pi)
    log_densities = np.empty((len(frames), len(constants)))
    with np.errstate(over="ignore", invalid="ignore"):
        for k, factor in enumerate(gaussians["precisions_cholesky"]):
            distances = np.square((frames - gaussians["means"][k]) @ factor)
            log_densities[:, k] = -0.5 * distances.sum(axis=1)
            constants[k] += np.log(np.diag(factor)).sum()
    log_densities += constants
    # sums over frames are to stay numbers
    if not (log_densities > -1e150).all():
        raise VideoValueError("the features are too far from those of the fit.", i)
    return log_densities


def appearance_scores(videos, appearance):
    """Yield the log-density of each action, plus the log of its share of frames.

    Parameters
    ----------
    videos : StandardizedVideos
        Videos to read.
    appearance : dict of ndarray
        ``center`` (n_features,) and ``scalings`` (n_features, n_directions) of the
        embedding, and what `fit_gaussians` gives.

    Yields
    ------
    scores : ndarray of shape (n_frames_i, n_actions)
        Of one video, in nats.
    """
    for i in range(len(videos)):
        frames = embed(videos, i, appearance["center"], appearance["scalings"])
        yield log_joint(frames, appearance, i)


def check_appearance(appearance, where, n_actions, n_features):
    """Refuse what is no ``appearance`` of `appearance_scores`, called ``where``."""
    scalings = item(appearance, where, "scalings")
    check_numbers(scalings, f"{where}['scalings']")
    width = scalings.shape[-1] if scalings.ndim else 0
    shapes = {
        "center": (n_features,),
        "scalings": (n_features, width),
        "means": (n_actions, width),
        "precisions_cholesky": (n_actions, width, width),
        "shares": (n_actions,),
    }
    for name, shape in shapes.items():
        check_item(appearance, where, name, shape)
