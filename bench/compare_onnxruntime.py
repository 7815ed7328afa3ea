#!/usr/bin/env python3
"""Times apatite beside ONNX Runtime on the same seeded weights (README.md).

For each network, number of threads and batch: both engines compile once and stay; after a check
that they agree, they take turns: a few runs of one, a pause in which the other's threads stop
spinning, a few runs of the other, a pause, and so on. The table gives, for each engine, the fastest
run, the median and the middle half of all runs; the ratios are ONNX Runtime's time divided by
apatite's: above 1, apatite is faster. A turn in which other programs (or the host of a virtual
machine) took more than 5 % of a core does not count, and is repeated a limited number of times.

With --isa apatite is timed alone: ONNX Runtime cannot be held to an instruction set. With --before
an earlier build of apatite takes its turns in the same series; its logits must have the same bits.
"""

import argparse
import dataclasses
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from engines import (
    IMAGE_SIZE, Apatite, cpu_model, difference, seeded_weights, summary, torch_model)

OPSET = 17
# Cores that other programs may take during a turn that counts.
MOST_DISTURBANCE = 0.05


@dataclasses.dataclass
class Case:
    network: str
    threads: int
    batch: int


class OnnxRuntime:
    """A session with the options that a user gets, but the number of threads."""

    def __init__(self, model, case, image):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = case.threads
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"])
        self.feed = {"x": image}
        self.logits = self.session.run(None, self.feed)[0]

    def times(self, runs):
        result = []
        for _ in range(runs):
            start = time.perf_counter()
            self.session.run(None, self.feed)
            result.append(time.perf_counter() - start)
        return result

    def cpu_seconds(self):
        return time.process_time()


def busy_seconds():
    """Of all cores, by all programs and by the host."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def export_onnx(network, weights, path):
    image = torch.zeros(1, 3, IMAGE_SIZE, IMAGE_SIZE)
    torch.onnx.export(
        torch_model(network, weights), (image,), path, dynamo=False, opset_version=OPSET,
        input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "n"}, "y": {0: "n"}})


def one_turn(engine, runs):
    """A turn: its times, and the cores that others took meanwhile."""
    clock, others = time.perf_counter(), busy_seconds() - engine.cpu_seconds()
    times = engine.times(runs)
    others = busy_seconds() - engine.cpu_seconds() - others
    return times, others / (time.perf_counter() - clock)


def take_turns(engines, options):
    """Lists of times, one per engine, and how many turns were undisturbed."""
    runs = []
    for engine in engines:
        time.sleep(options.pause)
        runs.append(max(1, round(options.seconds / min(engine.times(2)))))
    quiet = [[] for _ in engines]
    every = [[] for _ in engines]
    turns = 0
    while min(map(len, quiet)) < options.rounds and turns < options.patience * options.rounds:
        # The order alternates, so that a drift of the clock favours nobody.
        order = range(len(engines))
        for i in order if turns % 2 == 0 else reversed(order):
            time.sleep(options.pause)
            times, others = one_turn(engines[i], runs[i])
            every[i].append(times)
            if others <= MOST_DISTURBANCE:
                quiet[i].append(times)
        turns += 1
    enough = min(map(len, quiet)) >= 3
    chosen = [sum(turns_of_one, []) for turns_of_one in (quiet if enough else every)]
    counts = "/".join(str(len(turns_of_one)) for turns_of_one in quiet)
    return chosen, counts if enough else f"{counts}: disturbed"


def compare(case, weights, model, options):
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--threads", case.threads, *(["--isa", options.isa] if options.isa else [])]
        ours = Apatite(options.build, weights, case.batch, arguments, Path(folder))
        engines = [ours]
        if options.before:
            engines.append(earlier_build(options, weights, case.batch, arguments, ours))
        if not options.isa:
            theirs = OnnxRuntime(model, case, np.load(ours.input_file))
            relative = difference(np.load(ours.logits_file), theirs.logits)
            engines.append(theirs)
        times, quiet = take_turns(engines, options)
        cells = [case.network, case.threads, case.batch, *map(summary, times)]
        for other in times[1:]:
            cells.append(f"**{min(other) / min(times[0]):.3f}**")
            cells.append(f"**{statistics.median(other) / statistics.median(times[0]):.3f}**")
        if not options.isa:
            cells.append(f"{relative:.1e}")
        for engine in engines:
            if isinstance(engine, Apatite):
                engine.close()
    return "| " + " | ".join(map(str, cells)) + f" | {quiet} |"


def earlier_build(options, weights, batch, arguments, ours):
    """The build --before; ends the program if its logits have other bits."""
    folder = Path(ours.input_file).parent / "before"
    folder.mkdir()
    earlier = Apatite(options.before, weights, batch, arguments, folder)
    if not np.array_equal(np.load(ours.logits_file), np.load(earlier.logits_file)):
        raise SystemExit(f"{options.before} gives other logits than {options.build}")
    return earlier


def describe_machine(options):
    apatite = subprocess.run([options.build / "apatite", "--version"], check=True,
                             capture_output=True, text=True).stdout.strip()
    print(f"CPU: {cpu_model()}; {apatite}, ONNX Runtime {onnxruntime.__version__} "
          f"(opset {OPSET}, exported by torch {torch.__version__})\n")


def print_header(options):
    others = ["before"] if options.before else []
    others += [] if options.isa else ["ONNX Runtime"]
    columns = ["network", "threads", "batch"]
    for engine in ["apatite", *others]:
        columns += [f"{engine}: fastest, ms | median (middle half)"]
    for other in others:
        columns += [f"{other} / apatite, fastest", "medians"]
    if not options.isa:
        columns.append("difference")
    columns.append("quiet turns")
    print("| " + " | ".join(columns) + " |")
    print("|" + " --- |" * " | ".join(columns).count("|") + " --- |", flush=True)


def make_models(network, options):
    weights = seeded_weights(network, options)
    model = options.work / f"{network}.onnx"
    if not options.isa and not model.exists():
        export_onnx(network, weights, model)
    return weights, model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=Path("build/release"))
    parser.add_argument("--networks", nargs="+", default=["resnet101", "densenet201"])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--batch", nargs="+", type=int, default=[1, 8])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--patience", type=int, default=4,
                        help="at most so many times the rounds on a disturbed machine")
    parser.add_argument("--seconds", type=float, default=0.8, help="of each turn, about")
    parser.add_argument("--pause", type=float, default=0.3, help="seconds between the engines")
    parser.add_argument("--before", type=Path, help="an earlier build, timed in the same series")
    parser.add_argument("--isa", default="", help="time apatite alone, held to it")
    parser.add_argument("--work", type=Path, default=Path("out/bench"), help="for the models")
    options = parser.parse_args()

    describe_machine(options)
    print_header(options)
    for network in options.networks:
        weights, model = make_models(network, options)
        for batch in options.batch:
            for threads in options.threads:
                print(compare(Case(network, threads, batch), weights, model, options), flush=True)


if __name__ == "__main__":
    main()
