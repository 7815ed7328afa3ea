#!/usr/bin/env python3
"""Times the evaluator's statistics beside pROC, scikit-learn and NumPy (README.md).

    pip install numpy scikit-learn; Debian: r-cran-proc
    cmake --build --preset release --target run_statistics
    bench/compare_statistics.py build/release/bench/run_statistics [--rows 10000000]
        [--chexnet ../shared/data/chexnet] [--rounds 5] [--seconds 45] [--threads N]

1. The AUC with DeLong's interval of ROWS seeded rows. NumPy twice: midranks of Sun and Xu 2014, the
   form that people copy, and, written for this comparison, both classes sorted and searched in each
   other, which is the fastest that we know. scikit-learn has no interval: its time is that of the
   AUC alone.
2. DRAWS draws of patients for the 14 findings of CheXNet. NumPy twice: multiplicities and cumulated
   sums per draw, and, written for this comparison, matrices of 50 draws with all places of the
   positives among the negatives found before. scikit-learn: roc_auc_score of the drawn rows. pROC
   draws images, as it has no clusters. A peer that would take minutes does fewer draws and its time
   is multiplied; the table says so.

Each engine is a process of its own that has read the data; they take turns, a round each, until
ROUNDS rounds or SECONDS seconds of its own are over. Only apatite uses more than one thread. The
table has the fastest, the median and the slowest round, the ratios to apatite's, and the peak memory
of the process, with the data. That they computed the same is checked first.
"""

import argparse
import gzip
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SEED = 1
# Draws that a peer does for each 100 of apatite's.
SHARE = {"scikit-learn": 1, "pROC": 1, "NumPy": 10, "NumPy, tuned": 20}


def midranks(x):
    """Of the sorted copy and back: (a + b) / 2 + 1 of each run of equal values."""
    order = np.argsort(x)
    z = x[order]
    starts = np.flatnonzero(np.concatenate(([True], z[1:] != z[:-1])))
    ends = np.concatenate((starts[1:], [len(z)]))
    ranks = np.repeat(0.5 * (starts + ends + 1), ends - starts)
    result = np.empty(len(x))
    result[order] = ranks
    return result


def numpy_delong(labels, scores):
    positives = scores[labels == 1]
    negatives = scores[labels == 0]
    m, n = len(positives), len(negatives)
    both = midranks(np.concatenate((positives, negatives)))
    auc = both[:m].sum() / m / n - (m + 1) / 2 / n
    v01 = (both[:m] - midranks(positives)) / n
    v10 = 1 - (both[m:] - midranks(negatives)) / m
    half = 1.959963984540054 * np.sqrt(v01.var(ddof=1) / m + v10.var(ddof=1) / n)
    return auc, max(0, auc - half), min(1, auc + half)


def numpy_delong_tuned(labels, scores):
    positives, negatives = np.sort(scores[labels == 1]), np.sort(scores[labels == 0])
    m, n = len(positives), len(negatives)
    won = np.searchsorted(negatives, positives, "left") + np.searchsorted(negatives, positives,
                                                                          "right")
    lost_to = 2 * m - (np.searchsorted(positives, negatives, "left") +
                       np.searchsorted(positives, negatives, "right"))
    auc = won.sum() / (2 * m * n)
    half = 1.959963984540054 * np.sqrt((won / (2 * n)).var(ddof=1) / m +
                                       (lost_to / (2 * m)).var(ddof=1) / n)
    return auc, max(0, auc - half), min(1, auc + half)


def sklearn_auc(labels, scores):
    from sklearn.metrics import roc_auc_score
    auc = roc_auc_score(labels, scores)
    return auc, auc, auc


def numpy_bootstrap(labels, scores, clusters, draws):
    """Counts of ties of equal scores by cumulated sums at the ends of their runs."""
    random = np.random.default_rng(SEED)
    count = clusters.max() + 1
    values = []
    for y, x in zip(labels, scores):
        order = np.argsort(x, kind="stable")
        z, positive, cluster = x[order], y[order] == 1, clusters[order]
        starts = np.flatnonzero(np.concatenate(([True], z[1:] != z[:-1])))
        found = []
        for _ in range(draws):
            weight = np.bincount(random.integers(0, count, count), minlength=count)[cluster]
            p = np.add.reduceat(np.where(positive, weight, 0), starts)
            n = np.add.reduceat(np.where(positive, 0, weight), starts)
            below = np.cumsum(n) - 0.5 * n
            found.append((p * below).sum() / (p.sum() * n.sum()))
        values.append(found)
    low, high = np.quantile(values[0], (0.025, 0.975))
    return numpy_delong(labels[0], scores[0])[0], low, high


def numpy_bootstrap_tuned(labels, scores, clusters, draws):
    random = np.random.default_rng(SEED)
    count = clusters.max() + 1
    block = 50
    values = []
    for y, x in zip(labels, scores):
        order = np.argsort(x[y == 0])
        negatives, of_negatives = x[y == 0][order], clusters[y == 0][order]
        of_positives = clusters[y == 1]
        left = np.searchsorted(negatives, x[y == 1], "left")
        right = np.searchsorted(negatives, x[y == 1], "right")
        found = []
        for first in range(0, draws, block):
            size = min(block, draws - first)
            drawn = random.integers(0, count, (size, count)) + count * np.arange(size)[:, None]
            weight = np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count)
            weight = weight.astype(np.int32)
            below = np.zeros((size, len(negatives) + 1), np.int32)
            np.cumsum(weight[:, of_negatives], axis=1, out=below[:, 1:])
            p = weight[:, of_positives].astype(np.int64)
            wins = (p * (below[:, left] + below[:, right])).sum(axis=1)
            found.append(wins / (2 * p.sum(axis=1) * below[:, -1]))
        values.append(np.concatenate(found))
    low, high = np.quantile(values[0], (0.025, 0.975))
    return numpy_delong(labels[0], scores[0])[0], low, high


def sklearn_bootstrap(labels, scores, clusters, draws):
    from sklearn.metrics import roc_auc_score
    random = np.random.default_rng(SEED)
    count = clusters.max() + 1
    rows = np.split(np.argsort(clusters, kind="stable"),
                    np.cumsum(np.bincount(clusters, minlength=count))[:-1])
    values = []
    for _ in range(draws):
        drawn = np.concatenate([rows[c] for c in random.integers(0, count, count)])
        values.append([roc_auc_score(y[drawn], x[drawn]) for y, x in zip(labels, scores)])
    low, high = np.quantile(np.array(values)[:, 0], (0.025, 0.975))
    return roc_auc_score(labels[0], scores[0]), low, high


def serve(name, folder, draws):
    """A Python peer: the protocol of run_statistics.cc."""
    labels = np.fromfile(folder / "labels", np.uint8)
    scores = np.fromfile(folder / "scores", np.float64)
    arguments = ()
    function = {"NumPy": numpy_delong, "NumPy, tuned": numpy_delong_tuned,
                "scikit-learn": sklearn_auc}[name]
    if draws:
        clusters = np.fromfile(folder / "clusters", np.int32)
        labels, scores = labels.reshape(-1, len(clusters)), scores.reshape(-1, len(clusters))
        arguments = (clusters, draws)
        function = {"NumPy": numpy_bootstrap, "NumPy, tuned": numpy_bootstrap_tuned,
                    "scikit-learn": sklearn_bootstrap}[name]
    if name == "scikit-learn":
        import sklearn.metrics  # noqa: F401
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        result = function(labels, scores, *arguments)
        print(time.perf_counter() - start, *map(float, result), flush=True)
    status = Path("/proc/self/status").read_text()
    print(int(status.split("VmHWM:")[1].split()[0]) * 1024)


class Engine:
    def __init__(self, name, command, factor, threads):
        self.name, self.factor, self.times, self.spent = name, factor, [], 0
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout.readline().strip() == "ready"

    def round(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        seconds, *self.result = map(float, self.process.stdout.readline().split())
        self.times.append(seconds * self.factor)
        self.spent += seconds

    def finish(self):
        self.process.stdin.close()
        self.peak = int(float(self.process.stdout.readline()))
        self.process.wait()


def compare(title, engines, options, same):
    for engine in engines:
        engine.round()  # not counted
        engine.times.clear()
    for engine in engines[1:]:
        same(engines[0], engine)
    for _ in range(options.rounds):
        for engine in engines:
            if not engine.times or engine.spent < options.seconds:
                engine.round()
    print(f"## {title}\n\n| | rounds | fastest s | median s | slowest s | fastest / apatite "
          "| median / apatite | peak MB |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    ours = engines[0].times
    for engine in engines:
        engine.finish()
        times = engine.times
        note = "" if engine.factor == 1 else f" (x{engine.factor:g})"
        print(f"| {engine.name}{note} | {len(times)} | {min(times):.4g} "
              f"| {statistics.median(times):.4g} | {max(times):.4g} | {min(times) / min(ours):.1f} "
              f"| {statistics.median(times) / statistics.median(ours):.1f} "
              f"| {engine.peak / 1e6:.0f} |")
    print(flush=True)


def make_rows(folder, rows):
    random = np.random.default_rng(SEED)
    labels = (random.random(rows) < 0.3).astype(np.uint8)
    scores = 1 / (1 + np.exp(-random.normal(size=rows) - labels))
    labels.tofile(folder / "labels")
    scores.tofile(folder / "scores")


def read_chexnet(folder, source):
    import csv
    with gzip.open(source / "Data_Entry_2017_v2020.csv.gz", "rt") as file:
        entries = {r["Image Index"]: (r["Finding Labels"].split("|"), r["Patient ID"])
                   for r in csv.DictReader(file)}
    with open(source / "preds.csv") as file:
        rows = list(csv.DictReader(file))
    findings = [name[5:] for name in rows[0] if name.startswith("prob_")]
    numbers = {}
    clusters = [numbers.setdefault(entries[r["Image Index"]][1], len(numbers)) for r in rows]
    labels = [[f in entries[r["Image Index"]][0] or f.replace("_", " ") in entries[r["Image Index"]][0]
               for r in rows] for f in findings]
    scores = [[float(r["prob_" + f]) for r in rows] for f in findings]
    np.array(labels, np.uint8).tofile(folder / "labels")
    np.array(scores, np.float64).tofile(folder / "scores")
    np.array(clusters, np.int32).tofile(folder / "clusters")
    return len(findings), len(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path, help="run_statistics")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--chexnet", type=Path, default=HERE.parent / "../shared/data/chexnet")
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=45)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve[0], Path(options.serve[1]), int(options.serve[2]))
        return
    has_r = shutil.which("Rscript") is not None
    print(f"{platform.processor() or platform.machine()}, {options.threads} threads, NumPy "
          f"{np.__version__}{'' if has_r else '; R is not installed: pROC is left out'}\n")

    def peer(name, folder, draws):
        return [sys.executable, __file__, "none", "--serve", name, folder, draws]

    def same_interval(a, b):
        whole = b.name != "scikit-learn"
        for x, y in zip(a.result[:3 if whole else 1], b.result):
            assert abs(x - y) < 1e-10, (b.name, a.result, b.result)

    def same_auc(a, b):
        assert abs(a.result[0] - b.result[0]) < 1e-12, (b.name, a.result, b.result)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_rows(folder, options.rows)
        files = [folder / "labels", folder / "scores"]
        engines = [Engine("apatite", [options.program, "auc", *files], 1, options.threads)]
        engines += [Engine(k, peer(k, folder, 0), 1, options.threads)
                    for k in ("NumPy, tuned", "NumPy", "scikit-learn")]
        if has_r:
            engines.append(Engine("pROC", ["Rscript", HERE / "statistics_peer.R", "auc",
                                           options.rows, *files], 1, options.threads))
        compare(f"AUC with DeLong's interval, {options.rows:,} rows", engines, options,
                same_interval)

        if not (options.chexnet / "preds.csv").exists():
            print(f"no CheXNet in {options.chexnet}: the bootstrap is left out")
            return
        findings, rows = read_chexnet(folder, options.chexnet)
        draws = {k: max(2, options.draws * share // 100) for k, share in SHARE.items()}
        factor = {k: options.draws / d for k, d in draws.items()}
        engines = [Engine("apatite", [options.program, "bootstrap", *files, folder / "clusters",
                                      findings, options.draws], 1, options.threads)]
        engines += [Engine(k, peer(k, folder, draws[k]), factor[k], options.threads)
                    for k in ("NumPy, tuned", "NumPy", "scikit-learn")]
        if has_r:
            # One finding of the 14.
            engines.append(Engine("pROC", ["Rscript", HERE / "statistics_peer.R", "bootstrap", rows,
                                           *files, draws["pROC"]],
                                  factor["pROC"] * findings, options.threads))
        compare(f"{options.draws:,} draws of patients, {findings} findings, {rows:,} images",
                engines, options, same_auc)


if __name__ == "__main__":
    main()
