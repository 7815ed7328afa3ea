#!/usr/bin/env python3
"""Makes jpeg.json: small JPEG files of every kind and the pixels that Pillow and OpenCV see in them.

Run in an environment with pillow 13, numpy, opencv-python-headless and simplejpeg; needs no other
file. The pixels of a picture are a smooth pattern and some noise, so that chroma upsampling matters.
"variants" are the pixels with the less accurate integer DCT, with the nearest chroma sample, and with
both, as simplejpeg has them of a libjpeg-turbo of its own.
"""
import base64, hashlib, io, json, pathlib

import cv2
import numpy as np
import PIL
import simplejpeg
from PIL import Image, ImageOps

HERE = pathlib.Path(__file__).parent


def picture(height, width, channels):
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 90 * np.sin(x / 3.1 + c) * np.cos(y / (2.3 + c)) + (x * y * (c + 3) % 17)
              for c in range(channels)]
    samples = np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)
    return samples[..., 0] if channels == 1 else samples


def pillow_file(samples, mode=None, **options):
    file = io.BytesIO()
    Image.fromarray(samples, mode).save(file, "JPEG", **options)
    return file.getvalue()


def opencv_file(samples, *options):
    return cv2.imencode(".jpg", samples[..., ::-1], list(options))[1].tobytes()


def exif(orientation, big_endian=False):
    order, start = ("big", b"MM\0*") if big_endian else ("little", b"II*\0")
    number = lambda value, size: value.to_bytes(size, order)
    entry = number(0x112, 2) + number(3, 2) + number(1, 4) + number(orientation, 2) + b"\0\0"
    return b"Exif\0\0" + start + number(8, 4) + number(1, 2) + entry + number(0, 4)


FILES = {
    "4:4:4": pillow_file(picture(29, 37, 3), subsampling=0, quality=85),
    "4:2:2": pillow_file(picture(29, 37, 3), subsampling=1, quality=85),
    "4:2:0": pillow_file(picture(29, 37, 3), subsampling=2, quality=85),
    "4:2:0 even": pillow_file(picture(32, 48, 3), subsampling=2, quality=60),
    "4:4:0": opencv_file(picture(27, 35, 3), cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x121111),
    "4:1:1": opencv_file(picture(27, 35, 3), cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x411111),
    "grey": pillow_file(picture(31, 17, 1), quality=90),
    "grey 1x1": pillow_file(picture(1, 1, 1), quality=90),
    "colour 1x1": pillow_file(picture(1, 1, 3), quality=90),
    "colour 3x2": pillow_file(picture(2, 3, 3), quality=95),
    "wide": pillow_file(picture(1, 67, 3), quality=75),
    "tall": pillow_file(picture(67, 1, 3), quality=75),
    "RGB": pillow_file(picture(19, 23, 3), keep_rgb=True, quality=80),
    "progressive": pillow_file(picture(29, 37, 3), progressive=True, quality=85),
    "progressive grey": pillow_file(picture(29, 37, 1), progressive=True, quality=85),
    "progressive 4:4:4": pillow_file(picture(21, 26, 3), progressive=True, subsampling=0),
    "optimised": pillow_file(picture(29, 37, 3), optimize=True, quality=85),
    "restart blocks": pillow_file(picture(29, 37, 3), restart_marker_blocks=2, quality=85),
    "restart rows": pillow_file(picture(40, 37, 3), restart_marker_rows=1, progressive=True),
    "quality 1": pillow_file(picture(24, 24, 3), quality=1),
    "quality 100": pillow_file(picture(24, 24, 3), quality=100, subsampling=0),
}
for value in range(1, 9):
    FILES[f"orientation {value}"] = pillow_file(picture(3, 5, 3), quality=90,
                                                exif=exif(value, value % 2 == 0))


def variant(file, grey, **options):
    pixels = simplejpeg.decode_jpeg(file, "GRAY" if grey else "RGB", **options)
    return hashlib.sha256(pixels.tobytes()).hexdigest()


def case(name, file):
    image = Image.open(io.BytesIO(file))
    pixels = np.asarray(image)
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    seen = cv2.imdecode(np.frombuffer(file, np.uint8), flags)[..., ::-1]
    assert (seen == (pixels if pixels.ndim == 3 else pixels[..., None])).all(), name
    grey = pixels.ndim == 2
    assert variant(file, grey) == hashlib.sha256(pixels.tobytes()).hexdigest(), name
    variants = {"ifast fancy": variant(file, grey, fastdct=True),
                "islow nearest": variant(file, grey, fastupsample=True),
                "ifast nearest": variant(file, grey, fastdct=True, fastupsample=True)}
    upright = np.asarray(ImageOps.exif_transpose(image))
    return dict(name=name, size=list(pixels.shape[:2]), channels=1 if grey else 3,
                orientation=image.getexif().get(0x112, 1),
                sha256=hashlib.sha256(pixels.tobytes()).hexdigest(), variants=variants,
                upright_size=list(upright.shape[:2]),
                upright=hashlib.sha256(np.ascontiguousarray(upright).tobytes()).hexdigest(),
                file=base64.b16encode(file).decode())


cmyk = io.BytesIO()
Image.fromarray(picture(9, 9, 3)).convert("CMYK").save(cmyk, "JPEG")
rows = [case(*item) for item in FILES.items()]
head = dict(made_with=f"Pillow {PIL.__version__} with libjpeg-turbo, OpenCV {cv2.__version__}, "
                      f"simplejpeg {simplejpeg.__version__}",
            cmyk=base64.b16encode(cmyk.getvalue()).decode(), cases=None)
text = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
(HERE / "jpeg.json").write_text(
    json.dumps(head).replace('"cases": null', '"cases": [\n' + text + "\n]") + "\n")
