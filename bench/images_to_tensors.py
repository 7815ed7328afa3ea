#!/usr/bin/env python3
"""Mammograms to tensors a second: apatite beside pydicom with Pillow or torchvision, and OpenCV.

  images_to_tensors.py [--turns N] [--count N] [--size N] [--program PATH] FILE...

FILE is a 16-bit grey PNG or a DICOM file (those only pydicom's ways and apatite read). Each way
reads the file, resizes it to SIZE x SIZE as Pillow's bilinear does (OpenCV: INTER_AREA, which is not
the same), repeats it to three channels and normalises it to binary32. Ways run by turns, with one
and two workers (threads of apatite, processes of the others); the fastest and the median turn of
each are printed. Needs numpy, pillow, opencv-python-headless, pydicom and what it wants for the
files' codings, torch and torchvision; a way whose packages are missing is left out, and says so.
"""
import argparse, concurrent.futures, importlib, json, pathlib, statistics, subprocess, tempfile, time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
MEAN, STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])


def is_dicom(path):
    with open(path, "rb") as file:
        return file.read(132)[128:] == b"DICM"


def dicom_pixels(path):
    """What apatite's recipe below does: the first window, as 16 bits."""
    import pydicom
    from pydicom.pixels import apply_modality_lut, apply_voi_lut
    data = pydicom.dcmread(path)
    values = apply_voi_lut(apply_modality_lut(data.pixel_array, data), data).astype(np.float64)
    low, high = values.min(), values.max()
    return ((values - low) * (65535 / max(high - low, 1e-9)) + 0.5).astype(np.uint16)


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


WAYS = {"pydicom + Pillow": (with_pillow, ["PIL", "pydicom"]),
        "pydicom + torchvision": (with_torchvision, ["torchvision", "pydicom"]),
        "pydicom + OpenCV": (with_opencv, ["cv2", "pydicom"])}


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

    def run(self, count):
        self.process.stdin.write(f"run {count}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def recipe_text(size, dicom):
    recipe = {"recipe": 1, "channels": 3, "divide_by": "max", "mean": [0.485, 0.456, 0.406],
              "std": [0.229, 0.224, 0.225],
              "steps": [{"resize": {"height": size, "width": size, "method": "pillow-bilinear"}}]}
    if dicom:
        recipe["dicom"] = {"voi": "first", "output": 16}
    return json.dumps(recipe)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--count", type=int, default=8, help="images in a turn")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--program", default=str(ROOT / "build/release/bench/load_images"))
    options = parser.parse_args()
    ways = {}
    for name, (function, packages) in WAYS.items():
        try:
            for package in packages:
                importlib.import_module(package)
            ways[name] = function
        except ImportError as error:
            print(f"left out: {name} ({error})")
    with tempfile.TemporaryDirectory() as folder:
        recipe = pathlib.Path(folder) / "recipe.json"
        recipe.write_text(recipe_text(options.size, any(map(is_dicom, options.files))))
        print(f"{'way':24} workers  images/s (fastest)  (median)  apatite is faster by")
        for workers in (1, 2):
            runners = {"apatite": Apatite(options.program, str(recipe), workers, options.files)}
            for name, function in ways.items():
                runners[name] = Peer(function, options.size, workers, options.files)
            times = {name: [] for name in runners}
            for turn in range(options.turns):
                order = list(runners) if turn % 2 == 0 else list(runners)[::-1]
                for name in order:
                    times[name].append(runners[name].run(options.count))
            median = {name: statistics.median(values) for name, values in times.items()}
            for name, values in times.items():
                print(f"{name:24} {workers:7} {options.count / min(values):19.2f}"
                      f" {options.count / median[name]:9.2f} {median[name] / median['apatite']:20.2f}")


if __name__ == "__main__":
    main()
