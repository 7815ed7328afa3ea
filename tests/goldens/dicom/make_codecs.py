#!/usr/bin/env python3
"""Makes the small DICOM files with loss or colours beside it and codecs.json: the pixels in them.

Run where make_dicom.py runs, with GDCM's gdcmconv and DCMTK's dcmdjpls on the path too. The cases
are those of expected.json. Where a coding is exact the pixels are known here. Where it is not:

- JPEG (DCT): the standard leaves open how the inverse DCT rounds and how chroma is upsampled.
  Pillow and DCMTK both decode with libjpeg's accurate integer DCT (islow) and triangular ("fancy")
  upsampling; their samples are the same here, and are the expected ones. Colours become RGB by
  pydicom's formula. 12 bits: DCMTK alone, since Pillow reads 8. pylibjpeg has a DCT of its own.
- JPEG-LS near-lossless: exact, once coded; pylibjpeg, pyjpegls and DCMTK agree.
- JPEG 2000: the reversible wavelet is exact. OpenJPEG computes the irreversible one in binary32;
  pydicom's and Pillow's copies agree. An error far below half a level, as that of binary32 is,
  moves a rounded sample by one level at most: "bound" is 1, and "samples" has them all.
"""
import copy, io, json, pathlib, subprocess, tempfile

import numpy as np
import pydicom
from PIL import Image
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels import convert_color_space, pixel_array
from pydicom.uid import (JPEG2000, JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless,
                         JPEGLSNearLossless, RLELossless)

from dicom_files import HERE, RAW, dataset, dcmtk, noise, save, sha256

COLOUR = {"range": "values", "output": 8}
cases = []


def add(name, options, samples, bound=0):
    case = {"file": name, "dicom": options, "sha256": sha256(samples), "shape": list(samples.shape)}
    if bound:
        case["bound"] = bound
        case["samples"] = np.ascontiguousarray(samples).tobytes().hex()
    cases.append(case)


def add_grey(name, frames, bound=0):
    if frames.ndim == 2:
        return add(name, RAW, frames.astype("<f4"), bound)
    for i, frame in enumerate(frames):
        add(name, {**RAW, "frame": i + 1}, frame.astype("<f4"), bound)


def add_rgb(name, samples, bound=0):
    bits = samples.dtype.itemsize * 8
    add(name, {**COLOUR, "output": bits}, samples.astype(f"<u{bits // 8}"), bound)


def converted(tool, name, *options):
    """The data set that a program of DCMTK makes of a file."""
    with tempfile.TemporaryDirectory() as folder:
        plain = pathlib.Path(folder, "plain")
        subprocess.run([tool, *options, HERE / name, plain], check=True)
        ds = pydicom.dcmread(plain)
        ds.pixel_array  # while the file is there
        return ds


def decoded(name, plugins, tool=None):
    """Stored samples, on which all of these decoders agree; colours become RGB."""
    results = [pixel_array(HERE / name, decoding_plugin=plugin) for plugin in plugins]
    if tool:
        ds = converted(tool, name)
        results.append(ds.pixel_array)
    for other in results[1:]:
        assert np.array_equal(results[0], other), name
    return results[0]


def compressed(ds, syntax, **options):
    ds = copy.deepcopy(ds)
    ds.compress(syntax, generate_instance_uid=False, **options)
    return ds


def picture(height, width):
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 90 * np.sin(x / 3.1 + c) * np.cos(y / (2.3 + c)) + (x * y * (c + 3) % 17)
              for c in range(3)]
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def pillow_file(samples, **options):
    file = io.BytesIO()
    Image.fromarray(samples).save(file, "JPEG", quality=90, **options)
    return file.getvalue()


def wrapped(streams, like, bits=8, photometric="MONOCHROME2", syntax=JPEGBaseline8Bit):
    ds = dataset(like, bits, photometric=photometric)
    ds.file_meta.TransferSyntaxUID = syntax
    ds.PixelData = encapsulate(streams)
    ds["PixelData"].VR = "OB"
    return ds


def without_segment(stream, marker):
    at = stream.index(bytes([0xFF, marker]))
    return stream[:at] + stream[at + 2 + int.from_bytes(stream[at + 2:at + 4], "big"):]


# ---- JPEG with a DCT: grey

for height, width in ((19, 21), (8, 8), (1, 1), (3, 40)):
    stored = noise(85, (height, width), 8) if height > 1 else np.array([[200]])
    name = "jpeg50_8u.dcm" if height == 19 else f"jpeg50_{width}x{height}.dcm"
    save(dcmtk(dataset(stored, 8), "+eb +q 90"), name)
    add_grey(name, decoded(name, ["pillow"], "dcmdjpeg"))
stored = noise(100, (2, 13, 30), 8)
streams = [pillow_file(frame.astype(np.uint8), restart_marker_blocks=3) for frame in stored]
save(wrapped(streams, stored), "jpeg50_frames.dcm")
add_grey("jpeg50_frames.dcm", decoded("jpeg50_frames.dcm", ["pillow"], "dcmdjpeg"))
save(dcmtk(dataset(noise(101, (19, 21), 8), 8), "+ee +q 80"), "jpeg51_8u.dcm")
add_grey("jpeg51_8u.dcm", decoded("jpeg51_8u.dcm", ["pillow"], "dcmdjpeg"))
for quality in (50, 90, 100):
    name = f"jpeg51_12u_q{quality}.dcm"
    save(dcmtk(dataset(noise(102, (19, 21), 12), 12), f"+ee +q {quality}"), name)
    frame = converted("dcmdjpeg", name).pixel_array
    add_grey(name, frame)
    own_dct = pixel_array(HERE / name, decoding_plugin="pylibjpeg").astype(int)
    assert abs(own_dct - frame).max() <= 1, name
save(dcmtk(dataset(noise(103, (2, 9, 17), 12), 12), "+ee +q 90"), "jpeg51_frames.dcm")
add_grey("jpeg51_frames.dcm", converted("dcmdjpeg", "jpeg51_frames.dcm").pixel_array)

# ---- JPEG with a DCT: colours. dcmdjpeg has libjpeg's formula for RGB: its YCbCr is asked for.

rgb = picture(19, 22)


def add_jpeg_colours(name, ds):
    save(ds, name)
    samples = pixel_array(HERE / name, decoding_plugin="pillow")
    theirs = pixel_array(converted("dcmdjpeg", name, "+cn"), raw=True)
    if ds.PhotometricInterpretation != "RGB":
        theirs = convert_color_space(theirs, "YBR_FULL", "RGB")
    assert np.array_equal(samples, theirs), name
    add_rgb(name, samples)
    return samples


for option, word in (("", "422"), ("+s4", "444"), ("+cr", "rgb")):
    ds = dcmtk(dataset(rgb, 8, photometric="RGB"), f"+eb +q 90 {option}")
    add_jpeg_colours(f"jpeg50_{word}.dcm", ds)
stream = pillow_file(rgb, subsampling=2)
full = add_jpeg_colours("jpeg50_420.dcm", wrapped([stream], rgb, photometric="YBR_FULL_422"))
# No marker of JFIF: YCbCr by the header alone.
bare = add_jpeg_colours("jpeg50_bare.dcm",
                        wrapped([without_segment(stream, 0xE0)], rgb, photometric="YBR_FULL"))
assert np.array_equal(full, bare)
# The planar configuration of a compressed frame says nothing; pydicom believes it.
ds = wrapped([stream], rgb, photometric="YBR_FULL_422")
ds.PlanarConfiguration = 1
save(ds, "jpeg50_planar.dcm")
add_rgb("jpeg50_planar.dcm", full)
# Components named R, G and B, no marker of Adobe.
ds = wrapped([without_segment(pillow_file(rgb, keep_rgb=True, subsampling=0), 0xEE)], rgb,
             photometric="RGB")
save(ds, "jpeg50_named_rgb.dcm")
named = pixel_array(converted("dcmdjpeg", "jpeg50_named_rgb.dcm", "+cn"), raw=True)
add_rgb("jpeg50_named_rgb.dcm", named)

# ---- JPEG lossless: what DCMTK's encoder does not write

stored = noise(110, (7, 13), 12, True)
save(dataset(stored, 12, True), "plain.dcm")  # gdcmconv codes 12 bits as 12, dcmcjpeg as 16
subprocess.run(["gdcmconv", "--jpeg", HERE / "plain.dcm", HERE / "jpeg70_gdcm_12s.dcm"], check=True)
assert np.array_equal(decoded("jpeg70_gdcm_12s.dcm", ["pylibjpeg"], "dcmdjpeg"), stored)
add_grey("jpeg70_gdcm_12s.dcm", stored)
stored = noise(111, (2, 6, 11), 16)
save(dcmtk(dataset(stored, 16), "+e1"), "jpeg70_frames.dcm")
assert np.array_equal(decoded("jpeg70_frames.dcm", ["pylibjpeg"], "dcmdjpeg"), stored)
add_grey("jpeg70_frames.dcm", stored)

# ---- JPEG-LS near-lossless

for bits, signed, error in ((8, False, 1), (8, True, 3), (10, False, 2), (12, False, 1),
                            (12, True, 3), (14, True, 2), (16, False, 3), (16, True, 1)):
    name = f"near{error}_{bits}{'s' if signed else 'u'}.dcm"
    stored = noise(120 + bits, (7, 13), bits, signed)
    save(compressed(dataset(stored, bits, signed), JPEGLSNearLossless, jls_error=error), name)
    frame = decoded(name, ["pylibjpeg", "pyjpegls"], "dcmdjpls")
    # Bits of two's complement are coded: what is near -1 may be 0.
    distance = np.abs(((frame.astype(int) - stored) + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1))
    assert distance.max() == error if not signed else distance.max() >= 1, name
    add_grey(name, frame)
ds = compressed(dataset(rgb, 8, photometric="RGB"), JPEGLSNearLossless, jls_error=2)
save(ds, "near2_rgb.dcm")
add_rgb("near2_rgb.dcm", decoded("near2_rgb.dcm", ["pylibjpeg", "pyjpegls"]))

# ---- JPEG 2000

for bits, signed in ((8, False), (8, True), (12, False), (12, True), (16, False), (16, True)):
    name = f"j2k91_{bits}{'s' if signed else 'u'}.dcm"
    stored = noise(130 + bits, (33, 35), bits, signed)
    save(compressed(dataset(stored, bits, signed), JPEG2000, j2k_cr=[4]), name)
    add_grey(name, decoded(name, ["pylibjpeg", "pillow"]), bound=1)
stored = noise(140, (2, 33, 35), 12)
save(compressed(dataset(stored, 12), JPEG2000Lossless), "j2k90_frames.dcm")
assert np.array_equal(decoded("j2k90_frames.dcm", ["pylibjpeg", "pillow"]), stored)
add_grey("j2k90_frames.dcm", stored)

wide = picture(33, 35)
ybr = convert_color_space(wide, "RGB", "YBR_FULL")
for made_as, says, word, samples, syntax, options in (
        ("YBR_ICT", "YBR_ICT", "j2k91_ict", wide, JPEG2000, {"j2k_cr": [4]}),
        ("RGB", "RGB", "j2k91_rgb", wide, JPEG2000, {"j2k_cr": [4]}),
        ("YBR_RCT", "RGB", "j2k90_rct_called_rgb", wide, JPEG2000Lossless, {}),
        ("YBR_FULL", "YBR_FULL", "j2k90_ybr", ybr, JPEG2000Lossless, {})):
    ds = dataset(samples, 8, photometric=made_as)
    ds.compress(syntax, samples, generate_instance_uid=False, **options)
    ds.PhotometricInterpretation = says
    save(ds, f"{word}.dcm")
    frame = decoded(f"{word}.dcm", ["pylibjpeg", "pillow"])
    if syntax == JPEG2000Lossless:
        assert np.array_equal(frame, convert_color_space(ybr, "YBR_FULL", "RGB")
                              if samples is ybr else wide), word
    add_rgb(f"{word}.dcm", frame, bound=0 if syntax == JPEG2000Lossless else 1)

# ---- Lossless colours that are no RGB of 8 bits

for syntax, word in ((RLELossless, "rle"), (JPEGLSLossless, "jpegls"), (None, "jpeg70")):
    ds = dataset(ybr[:7, :10], 8, photometric="RGB")  # encoders want RGB
    ds = compressed(ds, syntax) if syntax else dcmtk(ds, "+e1 +cn")
    ds.PhotometricInterpretation = "YBR_FULL"
    save(ds, f"ybr_{word}.dcm")
    add_rgb(f"ybr_{word}.dcm", convert_color_space(ybr[:7, :10], "YBR_FULL", "RGB"))
deep = np.stack([noise(150 + c, (33, 35), 16) for c in range(3)], axis=-1).astype(np.uint16)
for syntax, word in ((RLELossless, "rle"), (JPEGLSLossless, "jpegls"), (JPEG2000Lossless, "j2k"),
                     (None, "jpeg70")):
    samples = deep if word == "j2k" else deep[:7, :10]
    ds = dataset(samples, 16, photometric="RGB")
    save(compressed(ds, syntax) if syntax else dcmtk(ds, "+e1"), f"rgb16_{word}.dcm")
    assert np.array_equal(pydicom.dcmread(HERE / f"rgb16_{word}.dcm").pixel_array, samples), word
    add_rgb(f"rgb16_{word}.dcm", samples)

(HERE / "plain.dcm").unlink()
(HERE / "codecs.json").write_text(json.dumps({"cases": cases}, indent=1) + "\n")
print(len(cases), "cases")
