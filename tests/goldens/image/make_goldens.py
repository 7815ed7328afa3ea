#!/usr/bin/env python3
"""Makes the goldens of tests/image: what Pillow, NumPy and torchvision do with seeded images.

Run in an environment with pillow 13, numpy and torchvision 0.29; writes resize.json,
resize_torch.json, png.json, recipe.json and npy.json beside this file. With pillow 12 it writes
resize_pillow12.json alone: the sizes where the two differ. With the folder shared/data as an argument it also prints the hashes of
the real images that the tests name.

The seeded images are base/random.h's: sample i is the low bits of random_bits(seed, i).
"""
import base64, hashlib, json, pathlib, struct, sys, zlib

import numpy as np
from PIL import Image
import PIL

PILLOW_12 = int(PIL.__version__.split(".")[0]) <= 12
if not PILLOW_12:
    import torchvision
    from torchvision import transforms

HERE = pathlib.Path(__file__).parent


def random_bits(seed, count):
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def seeded(kind, seed, height, width, channels=1):
    bits = random_bits(seed, height * width * channels)
    if kind == "float":  # random_symmetric
        k = (bits % np.uint64(0x1FFFFFF)).astype(np.int64) - 0xFFFFFF
        samples = (k * 2.0**-24).astype(np.float32)
    else:
        samples = bits.astype({"u8": np.uint8, "u16": np.uint16}[kind])
    return samples.reshape((height, width) if channels == 1 else (height, width, channels))


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


# ---- Resizing

SIZES = [  # in height, in width, out height, out width
    (2, 2, 5, 7), (7, 5, 2, 2), (1, 9, 1, 4), (9, 1, 4, 1), (1, 1, 3, 5), (3, 5, 1, 1),
    (16, 16, 16, 9), (16, 16, 9, 16), (13, 17, 13, 17), (32, 32, 224, 224), (255, 257, 64, 63),
    (301, 203, 299, 205), (640, 480, 31, 29), (100, 3, 7, 300), (33, 1000, 50, 9),
    (70, 40, 30, 20), (71, 40, 30, 20),  # either side of Pillow 13's change of order
]
VERTICAL_FIRST = [s for s in SIZES if s[0] - s[2] > max(0, 2 * (s[1] - s[3])) and s[1] != s[3]]


FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC,
           "lanczos": Image.Resampling.LANCZOS, "box": Image.Resampling.BOX,
           "nearest": Image.Resampling.NEAREST}
KINDS = (("u8", 1), ("u8", 3), ("u16", 1), ("float", 1))


def resize_case(name, filter, kind, channels, seed, size):
    h, w, oh, ow = size
    image = Image.fromarray(seeded(kind, seed, h, w, channels))
    result = np.asarray(image.resize((ow, oh), filter))
    return dict(method=name, kind=kind, channels=channels, seed=seed, input=[h, w],
                output=[oh, ow], mode=image.mode, sha256=sha256(result),
                first=[float(v) for v in result.reshape(-1)[:3]])


def resize_cases():
    return [resize_case(f"pillow-{name}", filter, kind, channels, seed, size)
            for name, filter in FILTERS.items() for kind, channels in KINDS
            for seed, size in enumerate(SIZES)]


def resize_cases_12():
    # Bicubic and Lanczos overshoot, which Pillow 12 does not cut right in 16 bits.
    return [resize_case(f"pillow-12-{name}", FILTERS[name], kind, channels, seed, size)
            for name in ("bilinear", "bicubic", "lanczos") for kind, channels in KINDS
            if name == "bilinear" or kind != "u16"
            for seed, size in enumerate(VERTICAL_FIRST)]


TORCH = {"torch-bilinear": ("bilinear", False), "torch-bilinear-antialias": ("bilinear", True),
         "torch-bicubic": ("bicubic", False), "torch-bicubic-antialias": ("bicubic", True),
         "torch-nearest": ("nearest", False), "torch-nearest-exact": ("nearest-exact", False)}
TORCH_SIZES = SIZES + [(7, 9, 14, 18), (3, 5, 65, 77), (2, 3, 1, 1), (61, 67, 60, 68)]


def torch_cases():
    """In binary64; all values of a small result, some of a large one."""
    import torch
    cases = []
    for name, (mode, antialias) in TORCH.items():
        align = {} if mode.startswith("nearest") else dict(align_corners=False)
        for seed, (h, w, oh, ow) in enumerate(TORCH_SIZES):
            channels = 3 if seed % 3 == 0 else 1
            samples = seeded("float", seed, h, w, channels).astype(np.float64)
            tensor = torch.from_numpy(samples.reshape(h, w, channels)).permute(2, 0, 1)[None]
            # torch 2.15's antialias is wrong for images one pixel wide: it repeats the first value
            # of the column. So they are computed as two equal columns.
            repeat = 2 if antialias and w == ow == 1 else 1
            result = torch.nn.functional.interpolate(
                tensor.repeat(1, 1, 1, repeat), (oh, ow * repeat), mode=mode, antialias=antialias,
                **align)[..., :ow]
            result = result[0].permute(1, 2, 0).reshape(-1).numpy()
            positions = np.unique(np.linspace(0, result.size - 1, 24).astype(int))
            cases.append(dict(method=name, kind="float", channels=channels, seed=seed,
                              input=[h, w], output=[oh, ow],
                              values={str(p): float(result[p]) for p in positions}))
    return cases


# ---- PNG: an encoder of its own, of every kind of file

GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}
DEPTHS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16),
          RGB_ALPHA: (8, 16)}
ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
         (1, 0, 2, 1)]


def chunk(kind, payload):
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(
        ">I", zlib.crc32(kind + payload))


def packed(row, depth):
    if depth == 16:
        return row.astype(">u2").tobytes()
    if depth == 8:
        return row.astype(np.uint8).tobytes()
    bits = "".join(format(v, f"0{depth}b") for v in row.reshape(-1))
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def paeth(a, b, c):
    p = a + b - c
    return min(((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c)))[2]


def filtered(rows, step):
    """Each row with another of the five filters."""
    out, above = b"", None
    for y, row in enumerate(rows):
        above = above or bytes(len(row))
        kind = y % 5
        out += bytes([kind])
        for i, value in enumerate(row):
            left = row[i - step] if i >= step else 0
            corner = above[i - step] if i >= step else 0
            guess = (0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))[kind]
            out += bytes([(value - guess) & 255])
        above = row
    return out


def encode(samples, colour_type, depth, interlaced, palette=None, transparency=None):
    height, width, _ = samples.shape
    step = max(1, CHANNELS[colour_type] * depth // 8)
    parts = [samples]
    if interlaced:
        parts = [samples[y::dy, x::dx] for y, x, dy, dx in ADAM7]
    data = b"".join(filtered([packed(row, depth) for row in part], step)
                    for part in parts if part.size)
    file = b"\x89PNG\r\n\x1a\n"
    file += chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0,
                                       int(interlaced)))
    if palette is not None:
        file += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    if transparency is not None:
        file += chunk(b"tRNS", transparency)
    return file + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def expanded(samples, colour_type, depth, palette, transparency):
    """The samples as docs/recipes.md and image/codec/png.h define them, computed without a PNG reader."""
    top = (1 << depth) - 1
    dtype = np.uint16 if depth == 16 else np.uint8
    if colour_type == PALETTE:
        alpha = np.full((len(palette), 1), 255)
        alpha[:len(transparency or b""), 0] = list(transparency or b"")
        table = np.concatenate([palette, alpha], 1) if transparency else palette
        return table[samples[..., 0]].astype(np.uint8)
    values = samples * 255 // top if depth < 8 else samples
    if transparency:
        key = np.frombuffer(transparency, ">u2")
        alpha = np.where((samples == key).all(-1, keepdims=True), 0, 255 if depth < 16 else 65535)
        values = np.concatenate([values, alpha], -1)
    return values.astype(dtype)


def check_with_pillow(file, pixels, colour_type, depth, transparency):
    import io
    image = Image.open(io.BytesIO(file))
    if depth == 16 and colour_type != GREY:
        return  # Pillow reads these with 8 bits
    if transparency and colour_type == GREY and depth != 8:
        return  # Pillow does not scale the transparent colour, or has no mode for it
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[pixels.shape[2]]
    if depth == 16:
        mode, pixels = None, pixels[..., :1]
    read = np.asarray(image.convert(mode) if mode else image)
    assert (read.reshape(pixels.shape) == pixels).all(), (colour_type, depth, transparency)


def png_cases():
    cases, seed = [], 0
    for colour_type, depths in DEPTHS.items():
        for depth in depths:
            for interlaced, with_transparency, size in (
                    (False, False, (5, 7)), (True, False, (9, 5)), (False, True, (2, 3)),
                    (True, True, (3, 2)), (True, False, (1, 1))):
                if with_transparency and colour_type in (GREY_ALPHA, RGB_ALPHA):
                    continue
                seed += 1
                channels = CHANNELS[colour_type]
                samples = (random_bits(seed, size[0] * size[1] * channels).astype(np.int64)
                           & ((1 << depth) - 1)).reshape(*size, channels)
                palette = transparency = None
                if colour_type == PALETTE:
                    samples %= min(1 << depth, 5)
                    palette = (random_bits(seed + 1000, 3 * min(1 << depth, 5))
                               & np.uint64(255)).astype(np.int64).reshape(-1, 3)
                if with_transparency:
                    transparency = (bytes([0, 128]) if colour_type == PALETTE else
                                    b"".join(struct.pack(">H", v) for v in samples[1, 1]))
                file = encode(samples, colour_type, depth, interlaced, palette, transparency)
                pixels = expanded(samples, colour_type, depth, palette, transparency)
                check_with_pillow(file, pixels, colour_type, depth, transparency)
                cases.append(dict(
                    colour_type=colour_type, depth=depth, interlaced=interlaced,
                    transparency=with_transparency, size=list(size), channels=pixels.shape[2],
                    bit_depth=16 if depth == 16 else 8, sha256=sha256(pixels),
                    file=base64.b16encode(file).decode()))
    return cases


# ---- Recipes

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def recipe_case(name, geometry, samples):
    image = Image.fromarray(samples)
    for step in geometry:
        image = step(image)
    if image.mode == "L":
        image = image.convert("RGB")
    torched = transforms.Normalize(MEAN, STD)(transforms.ToTensor()(image)).numpy()
    pixels = np.asarray(image).astype(np.float64).transpose(2, 0, 1)
    exact = ((pixels / 255 - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1)))
    exact = exact.astype(np.float32) + np.float32(0)
    positions = [int(p) for p in np.linspace(0, exact.size - 1, 40)]
    return dict(name=name, shape=list(exact.shape), sha256=sha256(exact),
                torchvision={str(p): float(torched.reshape(-1)[p]) for p in positions})


def recipe_cases():
    bilinear = transforms.InterpolationMode.BILINEAR
    return [
        recipe_case("cifar", [], seeded("u8", 1, 32, 32, 3)),
        recipe_case("imagenet", [transforms.Resize(256, bilinear), transforms.CenterCrop(224)],
                    seeded("u8", 2, 281, 403, 3)),
        recipe_case("imagenet_portrait",
                    [transforms.Resize(256, bilinear), transforms.CenterCrop(224)],
                    seeded("u8", 3, 519, 300, 3)),
        recipe_case("square_grey", [transforms.Pad((10, 0, 11, 0)),
                                    transforms.Resize((64, 64), bilinear)],
                    seeded("u8", 4, 51, 30, 1)),
    ]


def npy_cases():
    import io
    cases = []
    for shape in ((7,), (1, 3, 5, 4), (2, 3)):
        file = io.BytesIO()
        np.save(file, seeded("float", 5, 1, int(np.prod(shape))).reshape(shape))
        cases.append(dict(shape=list(shape), sha256=hashlib.sha256(file.getvalue()).hexdigest()))
    return cases


def write(name, cases):
    made_with = f"Pillow {PIL.__version__}, NumPy {np.__version__}"
    if not PILLOW_12:
        made_with += f", torchvision {torchvision.__version__}"
    text = json.dumps(dict(made_with=made_with, cases=None))
    rows = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (HERE / name).write_text(text.replace("null", "[\n" + rows + "\n]") + "\n")


def real_images(data):
    mammogram = Image.open(data / "png/nyu_1_L_CC.png")
    print("mammogram", sha256(np.asarray(mammogram)))
    for name, filter in FILTERS.items():
        small = mammogram.resize((224, 224), filter)
        print("mammogram 224x224", name, mammogram.mode, sha256(np.asarray(small)))
    files = sorted((data / "cifar10/test/cat").glob("*.png"))[:20]
    joined = b"".join(np.asarray(Image.open(f)).tobytes() for f in files)
    print("20 cats", hashlib.sha256(joined).hexdigest())


if __name__ == "__main__":
    if PILLOW_12:
        write("resize_pillow12.json", resize_cases_12())
        sys.exit()
    write("resize.json", resize_cases())
    write("resize_torch.json", torch_cases())
    write("png.json", png_cases())
    write("recipe.json", recipe_cases())
    write("npy.json", npy_cases())
    if len(sys.argv) > 1:
        real_images(pathlib.Path(sys.argv[1]))
