#!/usr/bin/env python3
"""Writes comparisons.json: small clustered studies of three models, and what scikit-learn,
statsmodels and SciPy make of them. comparisons.R adds what pROC and geepack make of them.

    pip install scikit-learn statsmodels scipy
    tests/goldens/eval/comparisons.py > tests/goldens/eval/comparisons.json
"""

import json
import sys

import numpy as np
import scipy.stats
import statsmodels.api as sm
from sklearn.metrics import roc_auc_score
from statsmodels.stats.contingency_tables import cochrans_q, mcnemar
from statsmodels.stats.multitest import multipletests

THRESHOLDS = [0.5, 0.45, 0.55]


def study(seed, rows, digits):
    """Images of patients, whose scores share a patient's part; scores rounded to have ties."""
    random = np.random.default_rng(seed)
    patients = random.integers(0, rows // 3, rows)
    patients = np.unique(patients, return_inverse=True)[1]
    patient_part = random.normal(size=rows)[patients]
    labels = (random.normal(size=rows) + patient_part > 0.4).astype(int)
    shared = random.normal(size=rows)
    models = []
    for strength in (0.9, 0.6, 0.75):
        x = strength * labels + 0.5 * patient_part + 0.5 * shared + 0.6 * random.normal(size=rows)
        models.append(np.round(1 / (1 + np.exp(-x + 0.4)), digits))
    weights = np.round(random.uniform(0, 3, rows), 3)
    return patients, labels, models, weights


def long_format(measure, labels, calls):
    """Outcome, model and row of every call that counts."""
    y, model, row = [], [], []
    for j, call in enumerate(calls):
        keep = {"sensitivity": labels == 1, "specificity": labels == 0,
                "accuracy": labels >= 0, "ppv": call == 1, "npv": call == 0}[measure]
        y.append((labels == call)[keep].astype(float))
        model.append(np.full(keep.sum(), j))
        row.append(np.flatnonzero(keep))
    return np.concatenate(y), np.concatenate(model), np.concatenate(row)


def fit_gee(measure, labels, calls, clusters, structure):
    y, model, row = long_format(measure, labels, calls)
    # statsmodels wants the rows of a group together.
    order = np.lexsort((row, clusters[row]))
    x = np.eye(len(calls))[model]
    fit = sm.GEE(y[order], x[order], groups=clusters[row][order], family=sm.families.Binomial(),
                 cov_struct=structure).fit(maxiter=1000, ctol=1e-13)
    contrast = np.eye(len(calls))[:-1] - np.eye(len(calls))[-1]
    wald = fit.wald_test(contrast, scalar=True)
    return {"logits": list(fit.params), "covariance": [list(r) for r in fit.cov_params()],
            "correlation": float(np.sum(getattr(structure, "dep_params", 0) or 0)),
            "wald": float(wald.statistic), "wald_p": float(wald.pvalue)}


def golden(seed, rows, digits):
    patients, labels, models, weights = study(seed, rows, digits)
    calls = [(m > t).astype(int) for m, t in zip(models, THRESHOLDS)]
    right = [(c == labels).astype(int) for c in calls]
    gee = {}
    for clusters, name in ((patients, "patients"), (np.arange(rows), "images")):
        for measure in ("sensitivity", "specificity", "accuracy", "ppv", "npv"):
            for structure in ("independence", "exchangeable"):
                if (name, structure) == ("images", "exchangeable") and measure in ("ppv", "npv"):
                    continue  # calls on one image are right or wrong together: correlation 1
                cls = {"independence": sm.cov_struct.Independence,
                       "exchangeable": sm.cov_struct.Exchangeable}[structure]
                gee[f"{name} {measure} {structure}"] = fit_gee(measure, labels, calls, clusters, cls())
    only_a = int(((right[0] == 1) & (right[1] == 0)).sum())
    only_b = int(((right[0] == 0) & (right[1] == 1)).sum())
    table = [[0, only_a], [only_b, 0]]
    q = cochrans_q(np.column_stack(right))
    plain = mcnemar(table, exact=False, correction=False)
    smaller = min(only_a, only_b)
    return {
        "patients": patients.tolist(), "labels": labels.tolist(), "weights": weights.tolist(),
        "models": [m.tolist() for m in models], "thresholds": THRESHOLDS,
        "auc": [roc_auc_score(labels, m) for m in models],
        "weighted_auc": [roc_auc_score(labels, m, sample_weight=weights) for m in models],
        "mcnemar": {"only_a": only_a, "only_b": only_b, "exact": float(mcnemar(table).pvalue),
                    "mid": float(mcnemar(table).pvalue
                                 - scipy.stats.binom.pmf(smaller, only_a + only_b, 0.5)),
                    "statistic": float(plain.statistic), "p": float(plain.pvalue)},
        "cochran": {"statistic": float(q.statistic), "p": float(q.pvalue)},
        "gee": gee,
    }


def main():
    p_values = [0.011, 0.02, 0.001, 0.04, 0.3, 0.02, 0.9, 0.0004]
    json.dump({
        "studies": [golden(1, 120, 2), golden(2, 90, 1), golden(3, 200, 6)],
        "p_values": p_values,
        "holm": list(multipletests(p_values, method="holm")[1]),
        "benjamini_hochberg": list(multipletests(p_values, method="fdr_bh")[1]),
    }, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
