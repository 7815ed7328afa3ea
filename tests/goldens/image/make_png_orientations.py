#!/usr/bin/env python3
"""Makes png_orientation.json: PNG files with a chunk eXIf, and what Pillow makes of them upright.

Run in an environment with pillow 13 and numpy; needs no other file. Every orientation, in both byte
orders, for RGB of 8 bits and grey of 16; the chunk before the image data, and after it.
"""
import hashlib, io, json, pathlib, struct, zlib

import numpy as np
import PIL
from PIL import Image, ImageOps

HERE = pathlib.Path(__file__).parent


def chunk(kind, payload):
    body = kind + payload
    return struct.pack(">I", len(payload)) + body + struct.pack(">I", zlib.crc32(body))


def exif(orientation, order):
    mark = b"MM\0*" if order == ">" else b"II*\0"
    return mark + struct.pack(order + "IHHHIHHI", 8, 1, 0x112, 3, 1, orientation, 0, 0)


def with_exif(png, payload, last):
    """A file of Pillow's with the chunk behind IHDR (8 + 25 bytes) or before IEND (12 bytes)."""
    at = len(png) - 12 if last else 33
    return png[:at] + chunk(b"eXIf", payload) + png[at:]


rows = []
for orientation in range(1, 9):
    for kind, samples in (("RGB", np.arange(3 * 5 * 3, dtype=np.uint8).reshape(3, 5, 3)),
                          ("grey16", (np.arange(15).reshape(3, 5) * 4099).astype(np.uint16))):
        plain = io.BytesIO()
        Image.fromarray(samples).save(plain, "PNG")
        order = "<>"[orientation % 2]
        file = with_exif(plain.getvalue(), exif(orientation, order), orientation % 3 == 0)
        image = Image.open(io.BytesIO(file))
        image.load()
        assert image.getexif().get(0x112) == orientation
        upright = np.asarray(ImageOps.exif_transpose(image)).astype(samples.dtype)
        rows.append(dict(name=f"{kind} {orientation}", orientation=orientation, file=file.hex(),
                         upright_size=list(upright.shape[:2]),
                         upright=hashlib.sha256(np.ascontiguousarray(upright).tobytes()).hexdigest()))
text = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
(HERE / "png_orientation.json").write_text(
    '{"made_with": "Pillow ' + PIL.__version__ + '", "cases": [\n' + text + "\n]}\n")
