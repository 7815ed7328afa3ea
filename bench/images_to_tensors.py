#!/usr/bin/env python3
"""Mammograms to tensors a second: apatite beside pydicom with Pillow or torchvision, and OpenCV.

  images_to_tensors.py [--turns N] [--count N] [--size N] [--workers N,...] [--program PATH] FILE...

FILE is a 16-bit grey PNG (read by Pillow or OpenCV) or a grey DICOM file (read by pydicom). Each way
reads the file (DICOM: modality, the first window or VOI LUT, polarity, 16 bits), resizes it to SIZE x
SIZE as Pillow's bilinear does (OpenCV: INTER_AREA, which is not the same), repeats it to three
channels and normalises it to binary32. First the tensors are compared: a way that promises the same
and is further off than its roundings explain ends the script. Then ways run by turns, with one and
two workers (of apatite threads with a decoder process each, as in `apatite predict`; processes of the
others). Needs numpy, pillow, opencv-python-headless, pydicom and what it wants for the files'
codings, torch and torchvision; a way whose packages are missing is left out, and says so.
"""
import argparse, concurrent.futures, importlib, json, pathlib, statistics, subprocess, sys, tempfile
import time, warnings

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
MEAN, STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
LEVEL = 1 / 65535 / 0.224  # one of the 16-bit grey levels, in units of the tensor
FLOAT = 1e-5  # rounding of the normalisation in binary32, whose values are below 3


def is_dicom(path):
    with open(path, "rb") as file:
        return file.read(132)[128:] == b"DICM"


def dicom_pixels(path):
    """What apatite's recipe below does: the first VOI LUT or window, over the range that it has."""
    import pydicom
    from pydicom.pixels import apply_modality_lut, apply_voi_lut
    data = pydicom.dcmread(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the modality's result, which is binary64
        values = apply_voi_lut(apply_modality_lut(data.pixel_array, data), data)
    luts = data.get("VOILUTSequence")
    high = 2 ** (luts[0].LUTDescriptor[2] if luts else data.BitsStored) - 1
    if data.PhotometricInterpretation == "MONOCHROME1":
        values = high - values
    return (values * (65535 / high) + 0.5).astype(np.uint16)


def normalised(grey):
    return ((grey.astype(np.float32) / np.float32(65535))[None] - MEAN[:, None, None]) / STD[:, None, None]


def with_pillow(path, size):
    from PIL import Image
    image = Image.fromarray(dicom_pixels(path)) if is_dicom(path) else Image.open(path)
    return normalised(np.asarray(image.resize((size, size), Image.Resampling.BILINEAR)))


def with_torchvision(path, size):
    import torch
    from PIL import Image
    from torchvision.transforms import functional as F
    torch.set_num_threads(1)
    pixels = dicom_pixels(path) if is_dicom(path) else np.asarray(Image.open(path))
    tensor = torch.from_numpy(pixels.astype(np.float32) / np.float32(65535))[None]
    tensor = F.resize(tensor, [size, size], antialias=True).expand(3, size, size)
    return F.normalize(tensor, MEAN.tolist(), STD.tolist()).numpy()


def with_opencv(path, size):
    import cv2
    cv2.setNumThreads(1)
    pixels = dicom_pixels(path) if is_dicom(path) else cv2.imread(path, cv2.IMREAD_UNCHANGED)
    return normalised(cv2.resize(pixels, (size, size), interpolation=cv2.INTER_AREA))


# Function, packages, and how far off apatite's tensor it may be. Pillow: a level, where the window's
# value lies between two. torchvision: that, and half a level for each of Pillow's two passes.
WAYS = {"pydicom + Pillow": (with_pillow, ["PIL", "pydicom"], LEVEL + FLOAT),
        "pydicom + torchvision": (with_torchvision, ["torchvision", "pydicom"], 2 * LEVEL + FLOAT),
        "pydicom + OpenCV": (with_opencv, ["cv2", "pydicom"], None)}


class Peer:
    def __init__(self, function, size, workers, files):
        self.function, self.size, self.workers, self.files = function, size, workers, files
        self.pool = concurrent.futures.ProcessPoolExecutor(workers) if workers > 1 else None
        self.run(len(files) * workers)  # imports and caches

    def run(self, count):
        jobs = [self.files[i % len(self.files)] for i in range(count)]
        start = time.perf_counter()
        if self.pool:
            futures = [self.pool.submit(checksum, self.function, job, self.size) for job in jobs]
            for future in futures:
                future.result()
        else:
            for job in jobs:
                self.function(job, self.size)
        return time.perf_counter() - start


def checksum(function, path, size):
    """The tensor stays in its process, as apatite's stay in theirs."""
    return float(function(path, size)[0, 0, 0])


class Apatite:
    def __init__(self, program, recipe, workers, files):
        self.process = subprocess.Popen([program, recipe, str(workers), *files], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == "ready\n", "load_images failed"

    def ask(self, question):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def run(self, count):
        return float(self.ask(f"run {count}"))

    def tensor(self, index, size, folder):
        path = pathlib.Path(folder) / "tensor"
        assert int(self.ask(f"save {index} {path}")) == 3 * size * size
        return np.fromfile(path, np.float32).reshape(3, size, size)


def recipe_text(size, dicom):
    recipe = {"recipe": 1, "channels": 3, "divide_by": "max", "mean": [0.485, 0.456, 0.406],
              "std": [0.229, 0.224, 0.225],
              "steps": [{"resize": {"height": size, "width": size, "method": "pillow-bilinear"}}]}
    if dicom:
        recipe["dicom"] = {"voi": "first", "output": 16}
    return json.dumps(recipe)


def check_agreement(ways, apatite, options, folder):
    print(f"{'way':24} largest difference of a tensor, in grey levels of 16 bits")
    for index, path in enumerate(options.files):
        mine = apatite.tensor(index, options.size, folder)
        for name, (function, _, bound) in ways.items():
            off = float(np.abs(function(path, options.size) - mine).max())
            print(f"{name:24} {off / LEVEL:9.3f}  {pathlib.Path(path).name}"
                  + ("" if bound else "  (another filter)"))
            if bound and off > bound:
                sys.exit(f"{name} and apatite do not agree on {path}")


def measure(runners, options):
    """The seconds of every turn by way."""
    times = {name: [] for name in runners}
    for turn in range(options.turns):
        for name in list(runners)[:: 1 if turn % 2 == 0 else -1]:
            times[name].append(runners[name].run(options.count))
    return times


def report(times, workers, count):
    mine = times["apatite"]
    for name, values in times.items():
        spread = (max(values) - min(values)) / min(values)
        print(f"{name:24} {workers:7} {count / min(values):10.2f}"
              f" {count / statistics.median(values):9.2f} {spread:7.0%} {min(values) / min(mine):14.2f}"
              f" {statistics.median(values) / statistics.median(mine):9.2f}")


def available_ways():
    ways = {}
    for name, way in WAYS.items():
        try:
            for package in way[1]:
                importlib.import_module(package)
            ways[name] = way
        except ImportError as error:
            print(f"left out: {name} ({error})")
    return ways


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--count", type=int, default=8, help="images in a turn")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--workers", type=lambda text: [int(n) for n in text.split(",")], default=[1, 2])
    parser.add_argument("--program", default=str(ROOT / "build/release/bench/load_images"))
    options = parser.parse_args()
    ways = available_ways()
    with tempfile.TemporaryDirectory() as folder:
        recipe = pathlib.Path(folder) / "recipe.json"
        recipe.write_text(recipe_text(options.size, any(map(is_dicom, options.files))))
        for workers in options.workers:
            apatite = Apatite(options.program, str(recipe), workers, options.files)
            if workers == options.workers[0]:
                check_agreement(ways, apatite, options, folder)
                print(f"\n{'':24} {'':7} {'images a second':>20} {'':7} {'apatite is faster by':>24}")
                print(f"{'way':24} workers {'fastest':>10} {'median':>9} {'spread':>7} {'fastest':>14}"
                      f" {'median':>9}")
            runners = {"apatite": apatite}
            for name, (function, _, _) in ways.items():
                runners[name] = Peer(function, options.size, workers, options.files)
            report(measure(runners, options), workers, options.count)


if __name__ == "__main__":
    main()
