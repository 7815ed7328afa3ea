#!/usr/bin/env python3
"""Wall time and peak memory of a process from its start to its first ResNet-101 prediction.

The files are in the page cache: the first run of each program does not count. apatite reads an
image and writes predictions.csv; the others, in the Python that runs this script, predict an array
that they make up. Standard library only, and few modules: a child's peak memory starts at its
parent's. ONNX Runtime and torch read the models that compare_onnxruntime.py made.
"""

import argparse
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

IMAGE_SIZE = 224

ONNX_RUNTIME = """
import sys, numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(sys.argv[2])
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
image = numpy.ones((1, 3, 224, 224), numpy.float32)
print(session.run(None, {"x": image})[0].argmax())
"""

TORCH = """
import sys, torch, torchvision, safetensors.torch
torch.set_num_threads(int(sys.argv[2]))
model = torchvision.models.resnet101(weights=None)
model.load_state_dict(safetensors.torch.load_file(sys.argv[1]), strict=False)
with torch.inference_mode():
    print(model.eval()(torch.ones(1, 3, 224, 224)).argmax())
"""


def write_png(path):
    """An 8-bit grey gradient."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    rows = b"".join(b"\0" + bytes((x + y) % 256 for x in range(IMAGE_SIZE))
                    for y in range(IMAGE_SIZE))
    header = struct.pack(">IIBBBBB", IMAGE_SIZE, IMAGE_SIZE, 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
                     chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def run(command):
    """Seconds and bytes."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} ended with {process.returncode}: {errors.decode()}")
    return seconds, usage.ru_maxrss * 1024


def report(name, command, runs):
    run(command)
    results = [run(command) for _ in range(runs)]
    seconds = [result[0] for result in results]
    peak = max(result[1] for result in results)
    print(f"| {name} | {min(seconds):.2f} | {statistics.median(seconds):.2f} | "
          f"{peak / 1e6:.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=Path("build/release"))
    parser.add_argument("--work", type=Path, default=Path("out/bench"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--no-peers", action="store_true", help="apatite alone")
    options = parser.parse_args()
    weights = options.work / "resnet101.safetensors"
    program = options.build / "apatite"
    if not weights.exists():
        options.work.mkdir(parents=True, exist_ok=True)
        subprocess.run([program, "init", "resnet101", "--seed", "1", "-o", weights], check=True)
    threads = str(options.threads)

    print("| program | fastest, s | median, s | peak memory, MB |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder, "images")
        images.mkdir()
        write_png(images / "gradient.png")
        # A fresh output each time: predict continues what it finds.
        predict = ('rm -f "$4" && exec "$0" predict --weights "$1" --images "$2" '
                   '--threads "$3" -o "$4"')
        report("apatite predict",
               ["sh", "-c", predict, program, weights, images, threads,
                Path(folder, "predictions.csv")], options.runs)
    if options.no_peers:
        return
    report("ONNX Runtime (Python)",
           [sys.executable, "-c", ONNX_RUNTIME, options.work / "resnet101.onnx", threads],
           options.runs)
    report("torch", [sys.executable, "-c", TORCH, weights, threads], options.runs)


if __name__ == "__main__":
    main()
