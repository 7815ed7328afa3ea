#!/usr/bin/env python3
"""Writes metrics.json: what scikit-learn and statsmodels say about small data sets.

    pip install numpy==2.4.6 scikit-learn==1.9.1 statsmodels==0.15.0
    python3 tests/goldens/eval/metrics.py

The data sets are in the file too: labels, scores, weights, clusters.
"""
import json
import math
import pathlib

import numpy as np
import sklearn
import statsmodels
import statsmodels.api as sm
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

HERE = pathlib.Path(__file__).parent


def draws(seed):
    """Uniform numbers k / 1000 by a linear congruence: the same with any version of numpy."""
    state = seed
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield ((state >> 33) % 999 + 1) / 1000


def data_set(seed, n, ties, patients):
    u = draws(seed)
    labels, scores, weights, clusters = [], [], [], []
    for i in range(n):
        label = int(next(u) < 0.4)
        x = 2.2 * (label - 0.4) + math.log(next(u) / (1.001 - next(u)))
        p = 1 / (1 + math.exp(-x))
        labels.append(label)
        scores.append(max(0.05, min(0.95, round(p * ties) / ties)) if ties else p)
        weights.append(0.25 + 2 * next(u))
        clusters.append(int(next(u) * patients))
    return np.array(labels), np.array(scores), np.array(weights), np.array(clusters)


def cluster_robust(model, clusters):
    """Covariance with the factor G / (G - 1) alone."""
    groups = np.unique(clusters)
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": clusters, "use_correction": False})
    return np.asarray(fit.cov_params()) * len(groups) / (len(groups) - 1)


def ranking(y, s, w):
    return {
        "auc": sk.roc_auc_score(y, s, sample_weight=w),
        "partial_auc_standardised": sk.roc_auc_score(y, s, sample_weight=w, max_fpr=0.1),
        "average_precision": sk.average_precision_score(y, s, sample_weight=w),
        "brier": sk.brier_score_loss(y, s, sample_weight=w),
        "log_loss": sk.log_loss(y, s, sample_weight=w),
    }


def at_threshold(y, s, w, t):
    call = (s > t).astype(int)
    return {
        "sensitivity": sk.recall_score(y, call, sample_weight=w),
        "specificity": sk.recall_score(y, call, pos_label=0, sample_weight=w),
        "accuracy": sk.accuracy_score(y, call, sample_weight=w),
        "ppv": sk.precision_score(y, call, sample_weight=w),
        "npv": sk.precision_score(y, call, pos_label=0, sample_weight=w),
        "balanced_accuracy": sk.balanced_accuracy_score(y, call, sample_weight=w),
        "youden_j": sk.balanced_accuracy_score(y, call, sample_weight=w, adjusted=True),
        "f1": sk.f1_score(y, call, sample_weight=w),
        "mcc": sk.matthews_corrcoef(y, call, sample_weight=w),
        "kappa": sk.cohen_kappa_score(y, call, sample_weight=w),
        "lr_positive": sk.class_likelihood_ratios(y, call, sample_weight=w)[0],
        "lr_negative": sk.class_likelihood_ratios(y, call, sample_weight=w)[1],
    }


def errors(y, s, t):
    """Standard errors and intervals of independent cases."""
    call = (s > t).astype(int)
    (tn, fp), (fn, tp) = sk.confusion_matrix(y, call).astype(float)
    table = sm.stats.Table2x2(np.array([[tp, fn], [fp, tn]]))
    misses = sm.stats.Table2x2(np.array([[fn, tp], [tn, fp]]))
    kappa = cohens_kappa(np.array([[tp, fn], [fp, tn]]))
    return {
        "diagnostic_odds_ratio": list(table.oddsratio_confint(0.05)),
        "lr_positive": list(table.riskratio_confint(0.05)),
        "lr_negative": list(misses.riskratio_confint(0.05)),
        "kappa": [kappa.kappa_low, kappa.kappa_upp],
    }


def calibration(y, s, clusters):
    x = np.log(s / (1 - s))
    design = sm.add_constant(x)
    tight = {"tol": 1e-14, "tol_criterion": "params", "maxiter": 200}
    fit = sm.GLM(y, design, family=sm.families.Binomial()).fit(**tight)
    large = sm.GLM(y, np.ones(len(y)), family=sm.families.Binomial(), offset=x).fit(**tight)
    groups = np.unique(clusters)
    clustered = sm.GLM(y, design, family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": clusters, "use_correction": False}, **tight)
    factor = math.sqrt(len(groups) / (len(groups) - 1))
    return {
        "large": [large.params[0], large.bse[0]],
        "intercept": [fit.params[0], fit.bse[0], clustered.bse[0] * factor],
        "slope": [fit.params[1], fit.bse[1], clustered.bse[1] * factor],
    }


def ratio_errors(y, s, t, clusters):
    """Standard errors of proportions clustered by patient: mean of a 0/1 column, cluster-robust."""
    call = s > t
    parts = {
        "sensitivity": (y == 1, call), "specificity": (y == 0, ~call),
        "accuracy": (np.ones(len(y), bool), call == (y == 1)),
        "ppv": (call, y == 1), "npv": (~call, y == 0),
    }
    result = {}
    for name, (domain, right) in parts.items():
        model = sm.OLS(right[domain].astype(float), np.ones(domain.sum()))
        result[name] = math.sqrt(cluster_robust(model, clusters[domain])[0, 0])
    return result


def main():
    sets = []
    for seed, n, ties, patients in [(1, 60, 0, 25), (2, 150, 20, 60), (3, 301, 8, 90)]:
        y, s, w, c = data_set(seed, n, ties, patients)
        bins = np.linspace(0, 1, 11)
        observed, mean = calibration_curve(y, s, n_bins=10)
        count = np.histogram(np.searchsorted(bins[1:-1], s), np.arange(11))[0]
        count = count[count > 0]
        sets.append({
            "labels": y.tolist(), "scores": s.tolist(), "weights": w.tolist(),
            "clusters": c.tolist(), "threshold": 0.45,
            "metrics": {**ranking(y, s, None), **at_threshold(y, s, None, 0.45),
                        "expected_calibration_error":
                            float(np.sum(count * np.abs(observed - mean)) / n)},
            "weighted": {**ranking(y, s, w), **at_threshold(y, s, w, 0.45)},
            "intervals": errors(y, s, 0.45),
            "calibration": calibration(y, s, c),
            "clustered_errors": ratio_errors(y, s, 0.45, c),
        })
    proportions = []
    for x, n in [(0, 7), (1, 7), (7, 7), (3, 10), (63, 97), (149, 163), (212, 260), (1, 1),
                 (0, 1), (999, 1000), (5000, 100000), (37, 4000)]:
        for confidence in (0.95, 0.99, 0.8):
            proportions.append({
                "x": x, "n": n, "confidence": confidence,
                "intervals": {
                    ours: list(map(float, proportion_confint(x, n, 1 - confidence, theirs)))
                    for ours, theirs in [("wald", "normal"), ("wilson", "wilson"),
                                         ("clopper-pearson", "beta"),
                                         ("agresti-coull", "agresti_coull")]
                },
            })
    result = {
        "made_with": {"numpy": np.__version__, "scikit-learn": sklearn.__version__,
                      "statsmodels": statsmodels.__version__},
        "proportions": proportions, "sets": sets,
    }
    (HERE / "metrics.json").write_text(json.dumps(result, indent=1, default=float) + "\n")


main()
