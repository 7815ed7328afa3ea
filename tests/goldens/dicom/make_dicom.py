#!/usr/bin/env python3
"""Makes the small DICOM files beside it and expected.json: what pydicom makes of them.

Run in an environment with pydicom 3, numpy, pillow, pylibjpeg (libjpeg, openjpeg, rle), pyjpegls, and
with DCMTK's dcmcjpeg and dcmdjpeg on the path. With the folder shared/data as an argument it also
writes real.json: hashes of the real files' pixels, as pydicom, and where it can DCMTK, decodes them.

A case of expected.json is a file, the section "dicom" of a recipe, and the SHA-256 of the samples
that it gives (little-endian, interleaved). The stored samples are known here, since this script made
them; pydicom's decoding is compared with them, and the grey-scale pipeline is pydicom's.
"""
import copy, json, pathlib, subprocess, sys, tempfile

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_modality_lut, apply_voi, apply_windowing
from pydicom.sequence import Sequence
from pydicom.uid import (ExplicitVRBigEndian, ImplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless,
                         RLELossless)

from dicom_files import HERE, RAW, dataset, dcmtk, noise, save, set_pixels, sha256

cases = []


def add(name, options, samples):
    cases.append({"file": name, "dicom": options, "sha256": sha256(samples),
                  "shape": list(samples.shape)})


def add_stored(ds, name, stored, check=True, **more):
    read = save(ds, name)
    if check:
        assert np.array_equal(read.pixel_array, stored), name
    frames = stored if stored.ndim == 3 else stored[None]
    if len(frames) == 1:
        return add(name, {**RAW, **more}, frames[0].astype("<f4"))
    for i, frame in enumerate(frames):
        add(name, {**RAW, "frame": i + 1, **more}, frame.astype("<f4"))


# ---- Codecs and depths

for bits in (8, 10, 12, 14, 16):
    for signed in (False, True):
        stored = noise(bits, (7, 13), bits, signed)
        kind = f"{bits}{'s' if signed else 'u'}"
        plain = dataset(stored, bits, signed)
        add_stored(copy.deepcopy(plain), f"explicit_{kind}.dcm", stored)
        for syntax, word in ((RLELossless, "rle"), (JPEGLSLossless, "jpegls")):
            packed = copy.deepcopy(plain)
            packed.compress(syntax, generate_instance_uid=False)
            add_stored(packed, f"{word}_{kind}.dcm", stored)
        large = noise(bits, (33, 35), bits, signed)  # OpenJPEG wants 2^5 pixels
        packed = dataset(large, bits, signed)
        packed.compress(JPEG2000Lossless, generate_instance_uid=False)
        add_stored(packed, f"j2k_{kind}.dcm", large)
        for option, word in (("+el +sv 1", "jpeg57"), ("+e1", "jpeg70"), ("+el +sv 6", "jpeg57p6")):
            add_stored(dcmtk(plain, option), f"{word}_{kind}.dcm", stored)

for bits, signed in ((8, False), (12, True)):
    stored = noise(90 + bits, (5, 9), bits, signed)
    kind = f"{bits}{'s' if signed else 'u'}"
    ds = dataset(stored, bits, signed)
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    add_stored(ds, f"implicit_{kind}.dcm", stored)
    ds = dataset(stored, bits, signed)
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    if bits == 8:
        data = stored.astype("u1").tobytes() + b"\0"
        ds.PixelData = data
    else:
        ds.PixelData = stored.astype(">i2").tobytes()
    for tag in (0x7FE00010,):
        ds[tag].VR = "OB" if bits == 8 else "OW"
    add_stored(ds, f"bigendian_{kind}.dcm", stored)

# ---- Frames

stored = noise(40, (3, 6, 11), 12)
for syntax, word in ((None, "explicit"), (RLELossless, "rle"), (JPEGLSLossless, "jpegls")):
    ds = dataset(stored, 12)
    if syntax:
        ds.compress(syntax, generate_instance_uid=False)
    add_stored(ds, f"frames_{word}.dcm", stored)
    if word == "jpegls":  # every frame in two fragments, told apart by the offset table alone
        parts = list(pydicom.encaps.generate_frames(ds.PixelData, number_of_frames=3))
        ds.PixelData = encapsulate(parts, fragments_per_frame=2, has_bot=True)
        add_stored(ds, "frames_fragments.dcm", stored)
odd = noise(41, (3, 3, 5), 8)  # frames of an odd length, one behind the other
add_stored(dataset(odd, 8), "frames_odd.dcm", odd)

# ---- Bits: stored low or high among the allocated ones, the others full of overlays

stored = noise(50, (6, 10), 12)
junk = np.random.default_rng(51).integers(0, 16, stored.shape)
ds = dataset(stored, 12)
set_pixels(ds, stored | junk << 12)
add_stored(ds, "overlay_high.dcm", stored, check=False)
ds = dataset(stored, 12)
ds.HighBit = 15
set_pixels(ds, stored << 4 | junk)
add_stored(ds, "overlay_low.dcm", stored, check=False)
signed = noise(52, (6, 10), 12, True)
ds = dataset(signed & 0xFFF | junk << 12, 12)
ds.PixelRepresentation = 1
add_stored(ds, "overlay_signed.dcm", signed, check=False)
ds = dataset(noise(53, (4, 6), 8), 8, allocated=16)
add_stored(ds, "8_in_16.dcm", noise(53, (4, 6), 8))

# ---- The grey-scale pipeline


def scaled(values, low, high, bits=16):
    t = np.clip((values.astype(np.float64) - low) / (high - low), 0, 1)
    return np.floor(t * (2**bits - 1) + 0.5).astype(f"<u{bits // 8}")


def window_range(ds):
    """What pydicom's apply_windowing gives: of the stored bits, rescaled."""
    low = -(2 ** (ds.BitsStored - 1)) if ds.PixelRepresentation else 0
    high = low + 2**ds.BitsStored - 1
    slope, intercept = float(ds.get("RescaleSlope", 1)), float(ds.get("RescaleIntercept", 0))
    return low * slope + intercept, high * slope + intercept


def add_windows(name, ds, stored):
    ds = save(ds, name)
    values = apply_modality_lut(stored, ds)
    for function in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        shown = copy.deepcopy(ds)
        shown.VOILUTFunction = function
        for index in range(ds["WindowCenter"].VM):
            y = apply_windowing(values, shown, index)
            low, high = window_range(ds)
            add(name, {"voi": {"window": index + 1}, "function": function, "padding": "keep"},
                scaled(y, low, high))
            inverted = scaled(low + high - y, low, high, 8)
            add(name, {"voi": {"window": index + 1}, "function": function, "padding": "keep",
                       "polarity": "invert", "output": 8}, inverted)
            add(name, {"voi": {"window": index + 1}, "function": function, "padding": "keep",
                       "range": "data"}, scaled(y, y.min(), y.max()))


for bits, is_signed in ((8, False), (10, True), (12, False), (16, True), (16, False)):
    stored = noise(60 + bits, (9, 8), bits, is_signed)
    ds = dataset(stored, bits, is_signed)
    middle = 0 if is_signed else 2 ** (bits - 1)
    ds.WindowCenter = [middle, middle + 3.5, middle - 7]
    ds.WindowWidth = [2**bits, 2 ** (bits - 1) + 0.25, 1]
    ds.WindowCenterWidthExplanation = ["ALL", "HALF", "STEP"]
    add_windows(f"window_{bits}{'s' if is_signed else 'u'}.dcm", ds, stored)

stored = noise(70, (9, 8), 12, True)
ds = dataset(stored, 12, True)
ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "2.5", "-1024", "HU"
ds.WindowCenter, ds.WindowWidth = [40, -600.5], [400, 1500]
add_windows("rescale.dcm", ds, stored)
values = stored * 2.5 - 1024
add("rescale.dcm", {"voi": "none", "range": "values", "output": 32}, values.astype("<f4"))
add("rescale.dcm", {"voi": "none"}, scaled(values, -2048 * 2.5 - 1024, 2047 * 2.5 - 1024))
add("rescale.dcm", {"voi": "none", "range": [-1000, 1000]}, scaled(values, -1000, 1000))
add("rescale.dcm", {"voi": "none", "modality": "ignore"}, scaled(stored, -2048, 2047))


def lut(first, table, bits, explanation=None):
    item = Dataset()
    item.LUTDescriptor = [len(table), first & 0xFFFF, bits]
    item["LUTDescriptor"].VR = "US"
    item.LUTData = np.asarray(table, "<u2").tobytes()
    item["LUTData"].VR = "OW"
    if explanation:
        item.LUTExplanation = explanation
    return item


stored = noise(71, (9, 8), 10)
ds = dataset(stored, 10, photometric="MONOCHROME1")
curve = np.floor(np.sqrt(np.arange(1000) / 999.0) * 4095).astype(int)
ds.VOILUTSequence = Sequence([lut(12, curve, 12, "ROOT"), lut(12, curve[::-1], 12, "FALLING")])
ds = save(ds, "voi_lut.dcm")
for index in range(2):
    y = apply_voi(stored, ds, index).astype(np.float64)
    add("voi_lut.dcm", {"voi": {"lut": index + 1}, "polarity": "keep"}, scaled(y, 0, 4095))
    add("voi_lut.dcm", {"voi": {"lut": ("ROOT", "FALLING")[index]}}, scaled(4095 - y, 0, 4095))
    add("voi_lut.dcm", {"voi": {"lut": index + 1}, "polarity": "keep", "range": "values"},
        y.astype("<u2"))
add("voi_lut.dcm", {}, scaled(4095 - apply_voi(stored, ds, 0).astype(np.float64), 0, 4095))

stored = noise(72, (9, 8), 8, True)
ds = dataset(stored, 8, True)
ds.ModalityLUTSequence = Sequence([lut(-100, np.arange(200)[::-1] * 300 + 7, 16)])
ds.ModalityLUTSequence[0].ModalityLUTType = "US"
ds["ModalityLUTSequence"][0]["LUTDescriptor"].VR = "US"
ds = save(ds, "modality_lut.dcm")
y = (np.arange(200)[::-1] * 300 + 7)[np.clip(stored + 100, 0, 199)]
add("modality_lut.dcm", {"voi": "none", "range": "values"}, y.astype("<u2"))
add("modality_lut.dcm", {"voi": "none"}, scaled(y, 7, 199 * 300 + 7))

stored = noise(73, (9, 8), 12)
ds = dataset(stored, 12, photometric="MONOCHROME1")
ds.PresentationLUTShape = "INVERSE"
ds.PixelPaddingValue, ds.PixelPaddingRangeLimit = 4095, 4000
ds["PixelPaddingValue"].VR = ds["PixelPaddingRangeLimit"].VR = "US"
save(ds, "padding.dcm")
y = np.where(stored >= 4000, 0, 4095 - stored)
add("padding.dcm", {"voi": "none", "range": "values"}, y.astype("<u2"))
inside = (4095 - stored)[stored < 4000]
add("padding.dcm", {"voi": "none", "range": "data"}, scaled(y, inside.min(), inside.max()))
add("padding.dcm", {"voi": "none", "range": "values", "padding": "keep"},
    (4095 - stored).astype("<u2"))

# ---- Colours

rgb = np.stack([noise(80 + c, (7, 10), 8) for c in range(3)], axis=-1).astype(np.uint8)
eight = {"range": "values", "output": 8}


def add_rgb(ds, name, samples=rgb, check=True):
    read = save(ds, name)
    if check:
        assert np.array_equal(read.pixel_array, samples), name
    add(name, eight, samples)


add_rgb(dataset(rgb, 8, photometric="RGB"), "rgb.dcm")
ds = dataset(rgb, 8, photometric="RGB")
ds.PlanarConfiguration = 1
ds.PixelData = np.moveaxis(rgb, -1, 0).tobytes()
add_rgb(ds, "rgb_planar.dcm")
for syntax, word in ((RLELossless, "rle"), (JPEGLSLossless, "jpegls")):
    ds = dataset(rgb, 8, photometric="RGB")
    ds.compress(syntax, generate_instance_uid=False)
    add_rgb(ds, f"rgb_{word}.dcm")
large = np.stack([noise(80 + c, (32, 33), 8) for c in range(3)], axis=-1).astype(np.uint8)
ds = dataset(large, 8, photometric="YBR_RCT")
ds.compress(JPEG2000Lossless, large, generate_instance_uid=False)
add_rgb(ds, "rgb_j2k.dcm", large)
add_rgb(dataset(rgb, 8, photometric="YBR_FULL"), "ybr_full.dcm",
        pydicom.pixels.convert_color_space(rgb, "YBR_FULL", "RGB"), check=False)
y, cb, cr = (rgb[..., c] for c in range(3))
pairs = np.stack([y[:, ::2], y[:, 1::2], cb[:, ::2], cr[:, ::2]], axis=-1)
ds = dataset(rgb, 8, photometric="YBR_FULL_422")
ds.PixelData = pairs.tobytes()
wide = np.stack([y, np.repeat(cb[:, ::2], 2, 1), np.repeat(cr[:, ::2], 2, 1)], axis=-1)
add_rgb(ds, "ybr_422.dcm", pydicom.pixels.convert_color_space(wide, "YBR_FULL", "RGB"), check=False)

(HERE / "expected.json").write_text(json.dumps({"cases": cases}, indent=1) + "\n")
print(len(cases), "cases")

# ---- Real files

if len(sys.argv) > 1:
    data = pathlib.Path(sys.argv[1]) / "dicom"
    real = {}
    for path in sorted((data / "nema_wg04").iterdir()):
        ds = pydicom.dcmread(path)
        stored = ds.pixel_array
        digest = sha256(stored.astype("<f4"))
        if path.name.endswith(("JPLL", "UNC", "RLE", "JLSL")):
            tool = {"JLSL": "dcmdjpls", "RLE": "dcmdrle"}.get(path.name[-4:].strip("_"), "dcmdjpeg")
            with tempfile.TemporaryDirectory() as folder:
                plain = pathlib.Path(folder, "plain")
                subprocess.run([tool, path, plain], check=True)
                assert digest == sha256(pydicom.dcmread(plain).pixel_array.astype("<f4")), path
        real[path.name] = digest
    ds = pydicom.dcmread(data / "mammogram" / "GH133.dcm")
    stored = ds.pixel_array
    voi = {"none": sha256(stored.astype("<u2"))}
    levels = np.arange(4096, dtype=np.uint16)
    shown = {}
    for function in ("SIGMOID", "LINEAR", "LINEAR_EXACT"):
        ds.VOILUTFunction = function
        for index in range(3):
            y = apply_windowing(stored, ds, index)
            key = f"{function} {index + 1}"
            voi[key] = sha256(np.floor(y + 0.5).astype("<u2"))
            # binary64 bits of what becomes of every tenth stored value
            shown[key] = [float(v) for v in apply_windowing(levels, ds, index)[::10]]
    for index in range(3):
        voi[f"LUT {index + 1}"] = sha256(apply_voi(stored, ds, index).astype("<u2"))
    mammogram = {"least": int(stored.min()), "greatest": int(stored.max()), "voi": voi,
                 "levels": shown}
    (HERE / "real.json").write_text(
        json.dumps({"nema_wg04": real, "GH133": mammogram}, indent=1) + "\n")
