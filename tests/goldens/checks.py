"""What a golden keeps of a tensor: its shape and three sums that no single wrong value leaves alone.

tests/support/checks.h computes the same."""

import numpy as np


def checks(tensor):
    y = np.asarray(tensor, np.float64).ravel()
    i = np.arange(y.size, dtype=np.int64)
    weights = (i * 7919 % 101 - 50).astype(np.float64)
    return {
        "shape": list(tensor.shape),
        "sum": float(y.sum()),
        "weighted": float((y * weights).sum()),
        "absolute": float(np.abs(y).sum()),
    }
