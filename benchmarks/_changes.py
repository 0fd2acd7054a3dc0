"""Small changes of meaning, for `mutations.py`: a file, what is there, what comes."""

TRANSPORT = "training/transport.py"
LOSSES = "training/losses.py"
SAMPLING = "training/sampling.py"
PATHS = "decoding/paths.py"
DECODERS = "decoding/decoders.py"
PARTS = "decoding/prototypes.py"
BACKGROUND = "decoding/background.py"
SCORES = "metrics/scores.py"
MATCHING = "metrics/matching.py"
LABEL_FREE = "metrics/label_free.py"
STATE = "training/state.py"
PRIORS = "training/priors.py"
TERMS = "training/terms.py"
LOOP = "training/loop.py"
BATCHES = "training/batches.py"
MOMENTS = "inputs/moments.py"
PROTOTYPES = "segmenters/prototypes.py"
EDITS = "segmenters/edits.py"
STRUCTURED = "training/structured.py"
NETWORK = "training/network.py"
CONCEPTS = "training/reconstruction.py"
ACTION_ORDER = "training/action_order.py"
ORDERS = "decoding/orders.py"
DURATIONS = "decoding/durations.py"
COUNTS = "solvers/counts.py"
MALLOW = "solvers/mallow.py"
EVENTS = "solvers/frank_wolfe.py"
EVIDENCE = "decoding/evidence.py"
CONSENSUS = "solvers/consensus.py"
REFINEMENT = "solvers/refinement.py"
CYCLIC = "decoding/cyclic.py"
ONLINE = "decoding/online.py"
CUTS = "solvers/cuts.py"
CYCLES = "solvers/cycles.py"
RECURRENCE = "solvers/recurrence.py"
GROUPS = "solvers/activities.py"

# Eight that no test noticed once.
ONCE_UNNOTICED = [
    ("inputs/standardization.py", "[scaler.scale_ for", "[scaler.scale_ * 1.001 for"),
    (PARTS, "SIZE_EXPONENT = 2 / 3", "SIZE_EXPONENT = 1 / 2"),
    (PRIORS, "log_path_prior(coverage * by_video)", "log_path_prior(by_video)"),
    (TERMS, "share = min(1, n_sampled / len(similarities))", "share = 1"),
    (PROTOTYPES, "overlap += STREAM_MEMORY * self._overlap", "overlap += 0"),
    (
        "segmenters/pipelines.py",
        "np.where(path == BACKGROUND, 1, own)",
        "np.where(path == BACKGROUND, 0, own)",
    ),
    (
        "inputs/feature_files.py",
        "return status.st_mtime_ns, status.st_size",
        "return status.st_size",
    ),
    (LOOP, "state.best_loss = mean", "state.best_loss = losses[0].mean()"),
]

CHANGES = [
    (TRANSPORT, "log_codes = similarities / rho", "log_codes = similarities * rho"),
    (TRANSPORT, "log_codes = log_codes + log_prior", "log_codes = log_codes"),
    (TRANSPORT, "for _ in range(n_iter):", "for _ in range(n_iter - 1):"),
    (
        TRANSPORT,
        "        log_codes = torch.log_softmax(log_codes, dim=-1)\n",
        "",
    ),
    (
        TRANSPORT,
        "        log_codes = torch.log_softmax(log_codes, dim=-2)\n",
        "",
    ),
    (TRANSPORT, "n_iter=self.n_iter", "n_iter=3"),
    (
        LOSSES,
        "torch.log_softmax(scores.mT / temperature",
        "torch.log_softmax(scores.mT",
    ),
    (LOSSES, "(codes.mT * log_predicted)", "(log_predicted.exp() * log_predicted)"),
    (LOSSES, "(-1 / max(scores.shape[-2], 1))", "(-1 / max(scores.shape[-1], 1))"),
    (
        LOSSES,
        "anchors @ positives.transpose(-1, -2)",
        "anchors @ anchors.transpose(-1, -2)",
    ),
    (
        LOSSES,
        "torch.log_softmax(similarities, -1)",
        "torch.log_softmax(similarities, -2)",
    ),
    (LOSSES, "/ max(n_videos * n_frames, 1)", "/ max(n_frames, 1)"),
    (LOSSES, "((predicted - times) ** 2)", "(predicted - times).abs()"),
    (
        SAMPLING,
        "places = np.arange(n_frames) + uniform[:, :, 0]",
        "places = np.arange(n_frames) + 0.5 + 0 * uniform[:, :, 0]",
    ),
    (
        SAMPLING,
        "frames = np.minimum(frames, lengths - 1)",
        "frames = np.minimum(frames, lengths - 2)",
    ),
    (
        SAMPLING,
        "first = np.maximum(frames - window, 0)",
        "first = np.maximum(frames - 2 * window, 0)",
    ),
    (
        SAMPLING,
        "last = np.minimum(frames + window, lengths - 1)",
        "last = np.minimum(frames, lengths - 1)",
    ),
    (SAMPLING, "(last - first + 1)", "(last - first)"),
    (
        SAMPLING,
        "torch.randperm(n_videos, generator=generator",
        "torch.randperm(n_videos",
    ),
    (BATCHES, "times = (frames + 0.5) / lengths", "times = frames / lengths"),
    (BATCHES, "np.minimum(lengths / n_frames, 1)", "np.minimum(n_frames / lengths, 1)"),
    (
        PATHS,
        "    may_skip = may_skip or n_frames < n_actions\n\n    # best",
        "    may_skip = bool(may_skip)\n\n    # best",
    ),
    (
        PATHS,
        "        entries[1:] -= switch_cost\n        entries = np.maximum",
        "        entries = np.maximum",
    ),
    (PATHS, "            np.maximum(before, best, out=best)", "            pass"),
    (
        PATHS,
        "np.greater(entries[1:], entries[:-1]",
        "np.greater_equal(entries[1:], entries[:-1]",
    ),
    (PATHS, "skipped[action] = before > best", "skipped[action] = before >= best"),
    (PATHS, "other = scores[origin] - switch_cost", "other = scores[origin]"),
    (
        PATHS,
        "np.less(scores, other, out=has_switched[t])",
        "np.less(scores, scores, out=has_switched[t])",
    ),
    (PATHS, "log_stay - np.logaddexp", "-np.logaddexp"),
    (PATHS, "before = np.logaddexp(before, now) if may_skip else now", "before = now"),
    (PATHS, "turned[::-1, ::-1]", "turned[::-1]"),
    (
        DECODERS,
        "switch_cost * n_frames / log_likelihood.shape[1]",
        "switch_cost * n_frames",
    ),
    (DECODERS, "kept = ~np.concatenate(masks)", "kept = np.concatenate(masks)"),
    (DECODERS, "return transcript[viterbi(", "return np.sort(transcript)[viterbi("),
    (
        PARTS,
        "return sum(video.T @ video for video in codes)",
        "return sum(video.T @ video / len(video) for video in codes)",
    ),
    (PARTS, "pairs[int(alike.argmax())]", "pairs[int(alike.argmin())]"),
    (PARTS, "out=np.full(len(scale), np.inf)", "out=np.zeros(len(scale))"),
    (
        PARTS,
        "times = (np.arange(len(video)) + 0.5) / len(video)",
        "times = np.arange(len(video)) + 0.5",
    ),
    (PARTS, "out=np.full_like(total, 0.5)", "out=np.full_like(total, 0.0)"),
    (
        PARTS,
        "linear_sum_assignment(shared, maximize=True)",
        "linear_sum_assignment(shared)",
    ),
    (PARTS, "for turn in range(2):", "for turn in range(1):"),
    (PARTS, "if turn == 0 else blocks[:r] + blocks[r + 1 :]", ""),
    (
        PARTS,
        "shared = members[block].T @ overlap",
        "shared = members[block].T @ 0 ** overlap",
    ),
    (BACKGROUND, "STREAM_MEMORY = 0.95", "STREAM_MEMORY = 1.0"),
    (
        BACKGROUND,
        "at = np.append(LEVELS, percentile / 100)",
        "at = np.append(LEVELS, 1 - percentile / 100)",
    ),
    (
        BACKGROUND,
        '< background["thresholds"]).all(axis=1)',
        '< background["thresholds"]).any(axis=1)',
    ),
    (BACKGROUND, 'np.log(background["variances"])', '0 * background["variances"]'),
    (
        BACKGROUND,
        "moments.variances() + MIN_VARIANCE",
        "moments.variances() + 100 * MIN_VARIANCE",
    ),
    (MOMENTS, "mean_squares - self.means() ** 2", "mean_squares"),
    (MOMENTS, "means - self.shift", "means"),
    (
        MOMENTS,
        "np.maximum(self.counts, 1)[:, None]\n        return np.maximum(mean",
        "np.maximum(self.counts - 1, 1)[:, None]\n        return np.maximum(mean",
    ),
    (
        SCORES,
        "np.mean(frames.true == frames.pred)",
        "np.mean(frames.true == frames.cluster)",
    ),
    (SCORES, "2 * hits / (n_true + n_pred)", "2 * hits / (2 * n_true)"),
    (SCORES, "iou[best] >= overlap", "iou[best] > overlap"),
    (
        SCORES,
        "hits = np.unique(i[best][iou[best] >= overlap])",
        "hits = i[best][iou[best] >= overlap]",
    ),
    (SCORES, "np.where(true_code[i] == code[j], shared / joint, 0)", "shared / joint"),
    (SCORES, "1 - row[-1] / max(len(a), len(b))", "1 - row[-1] / len(a)"),
    (SCORES, "row[:-1] + (code != b)", "row[:-1] + 2 * (code != b)"),
    (SCORES, "hits / (n_true + n_pred - hits)", "hits / (n_true + n_pred)"),
    (MATCHING, "classes, column = classes[::-1], len(classes) - 1 - column", "pass"),
    (MATCHING, "maximize=True", "maximize=False"),
    (MATCHING, "matched[clusters == background_cluster] = background_class", "pass"),
    (
        MATCHING,
        "np.flatnonzero(clusters != background_cluster)",
        "np.arange(len(clusters))",
    ),
    (MATCHING, 'bounds if scope == "video" else bounds[[0, -1]]', "bounds[[0, -1]]"),
    (LABEL_FREE, "half = halves[1 - i % 2]", "half = halves[i % 2]"),
    (LABEL_FREE, "UNIFORM_WEIGHT = 0.1", "UNIFORM_WEIGHT = 0.2"),
    (LABEL_FREE, "kept = actions >= 0", "kept = actions >= -1"),
    (LABEL_FREE, "VIDEO_WEIGHT = 2.0", "VIDEO_WEIGHT = 1.0"),
    (
        LABEL_FREE,
        "lengths @ entropy(counts, axis=1) / lengths.sum()",
        "entropy(counts, axis=1).mean()",
    ),
    (LABEL_FREE, "path[path >= 0], minlength", "np.maximum(path, 0), minlength"),
    (EVIDENCE, "duration = evidence.n_frames / n_segments", "duration = len(path)"),
    (
        EVIDENCE,
        "for log_likelihood in log_likelihoods:",
        "for log_likelihood in log_likelihoods[:1]:",
    ),
    (CONSENSUS, "weights *= np.exp(", "weights = np.exp("),
    (CONSENSUS, "(information - np.max(information))", "information"),
    (REFINEMENT, "find_switch_cost(*scores)", "find_switch_cost(scores[0])"),
    (PROTOTYPES, " - np.log(self._n_networks)", ""),
    (
        PROTOTYPES,
        "np.concatenate(codes, axis=1) / self._n_networks",
        "np.hstack(codes)",
    ),
    (PROTOTYPES, 'order[np.argsort(order // n_prototypes, kind="stable")]', "order"),
    (EDITS, "if (np.diff(groups) < 0).any():", "if False:"),
    (PROTOTYPES, "self.n_parts > 1 or self._n_networks > 1", "self.n_parts > 1"),
    (STATE, "weight_decay=settings.weight_decay", "weight_decay=0"),
    (
        STATE,
        "n_falling = settings.decay * settings.max_iter",
        "n_falling = settings.max_iter",
    ),
    (STATE, "        optimizer.state[network[name]] = values\n", "        pass\n"),
    (STATE, "generator.set_state(", "generator.get_state() or ("),
    (STATE, "if state.n_networks == 1 else torch.clone", "if True else torch.clone"),
    (STATE, ".shape[-len(dimensions) :]", ".shape[: len(dimensions)]"),
    (
        PRIORS,
        "np.arange(n_frames) / n_frames\n    actions",
        "(np.arange(n_frames) + 0.5) / n_frames\n    actions",
    ),
    (PRIORS, "1 / n_frames**2 + 1 / n_actions**2", "1 / n_actions**2"),
    (PRIORS, "backward.flip(-1, -2) - log_likelihood", "backward.flip(-1, -2)"),
    (PRIORS, "if step < self.path_iter:", "if step <= self.path_iter:"),
    (
        TERMS,
        '("prototypes",) if step < self.freeze_iter',
        '("prototypes",) if step <= self.freeze_iter',
    ),
    (
        TERMS,
        "for own in similarities.detach():",
        "for own in similarities.detach()[:1].expand_as(similarities):",
    ),
    (
        TERMS,
        "partners = embed(network, batch.partners, self.encoder)",
        "partners = embeddings",
    ),
    (LOOP, "loss = term.weight * loss", "pass"),
    (
        LOOP,
        "take_snapshot(state), losses.mean(axis=1)",
        "take_snapshot(state), losses.min(axis=1)",
    ),
    (LOOP, "max(changes, default=0) + settings", "settings"),
    (
        LOOP,
        "settings = replace(settings, tol=None)",
        "settings = replace(settings)",
    ),
    (STRUCTURED, "log_codes - push * shares.log()", "log_codes"),
    (STRUCTURED, "(width + 1, width)", "(width, width + 1)"),
    (STRUCTURED, "step = 4 / most", "step = 2 / most"),
    (STRUCTURED, "cost = cost - self.rho * log_prior", "cost = cost + log_prior"),
    (
        NETWORK,
        'network["prototypes"].copy_(unit_length(',
        "torch.abs(unit_length(",
    ),
    (
        CONCEPTS,
        "confidence = torch.log_softmax(scores.detach(), -1).mT",
        "confidence = by_concept",
    ),
    (CONCEPTS, "predicted - batch.later", "predicted - batch.frames"),
    (ACTION_ORDER, "if is_easy < 0.5:", "if is_easy < 1.0:"),
    (ACTION_ORDER, "truth[: len(kept)] = 1", "truth[len(kept) :] = 1"),
    (
        ORDERS,
        "(order[: places[action]] > action)",
        "(order[: places[action]] < action)",
    ),
    (ORDERS, "for _ in range(N_BALANCINGS):", "for _ in range(0):"),
    (DURATIONS, "has_ended[:-1] - has_ended[1:]", "has_ended[1:] - has_ended[:-1]"),
    (DURATIONS, "chosen[segment] = longest - place", "chosen[segment] = place"),
    (COUNTS, "behind = starts[place + 1 :] - 1", "behind = starts[place + 1 :]"),
    (COUNTS, "np.log(counts + others + PRIOR_FRAMES)", "np.log(others + PRIOR_FRAMES)"),
    (MALLOW, "n_values = n_inversions + 1 - k", "n_values = n_inversions + 2 - k"),
    (EVENTS, "* (2 / self.n_chunks)", "* (1 / self.n_chunks)"),
    (EVENTS, "-slope / (2 * curvature)", "-slope / curvature"),
    (CYCLIC, "steps * float(switch_cost)", "(steps > 0) * float(switch_cost)"),
    (ONLINE, "if self.n_waiting > 1:", "if self.n_waiting > 2:"),
    (ONLINE, "ended if ended.max() > -np.inf else scores", "ended"),
    (CUTS, "cuts[video][place - 1], cuts", "cuts[video][place], cuts"),
    (CYCLES, "-votes * np.log(n_frames / lengths)", "-votes"),
    (CYCLES, "since[-1] > LEAST_LAST * N_PHASES", "since[-1] > 0"),
    (RECURRENCE, "last = max(0, n_frames - farthest)", "last = 0"),
    (GROUPS, "SHARE * highest", "highest"),
    (
        "segmenters/activity_outputs.py",
        "videos.lengths[own].sum() * carried",
        "len(own) * carried",
    ),
    ("segmenters/online.py", "max(0, n_added - self._context)", "n_added"),
    ("statistics/tables.py", "return start - first / rate", "return min(start, 0.0)"),
    ("statistics/deviating.py", "numbers[pair] <= half", "numbers[pair] < half"),
]
