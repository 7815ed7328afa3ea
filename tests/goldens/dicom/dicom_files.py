"""DICOM files from arrays, for the scripts beside it."""
import hashlib, pathlib, subprocess, tempfile

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

HERE = pathlib.Path(__file__).parent
RAW = {"voi": "none", "modality": "ignore", "polarity": "keep", "padding": "keep",
       "range": "values", "output": 32}


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def dataset(stored, bits, signed=False, allocated=None, photometric="MONOCHROME2"):
    """A data set of one or several grey frames, or of one RGB frame."""
    allocated = allocated or (8 if bits <= 8 else 16)
    colour = photometric not in ("MONOCHROME1", "MONOCHROME2")
    frames = 1 if stored.ndim == (3 if colour else 2) else stored.shape[0]
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    ds.SOPInstanceUID = "1.2.3.4"
    ds.Rows, ds.Columns = stored.shape[-3:-1] if colour else stored.shape[-2:]
    ds.SamplesPerPixel = 3 if colour else 1
    if colour:
        ds.PlanarConfiguration = 0
    if frames > 1:
        ds.NumberOfFrames = frames
    ds.PhotometricInterpretation = photometric
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = allocated, bits, bits - 1
    ds.PixelRepresentation = int(signed)
    set_pixels(ds, stored)
    return ds


def set_pixels(ds, stored):
    dtype = np.dtype(("i" if ds.PixelRepresentation else "u") + str(ds.BitsAllocated // 8))
    data = stored.astype(dtype).tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OB" if ds.BitsAllocated == 8 else "OW"


def noise(seed, shape, bits, signed=False):
    """All of the range, and its ends; smooth enough that codecs predict something."""
    random = np.random.default_rng(seed)
    ramp = np.add.outer(np.arange(shape[-2]), np.arange(shape[-1])) / (shape[-2] + shape[-1] - 2)
    values = np.floor((0.7 * ramp + 0.3 * random.random(shape)) * (2**bits - 1)).astype(np.int64)
    values.flat[0], values.flat[1] = 0, 2**bits - 1
    return values - (2 ** (bits - 1) if signed else 0)


def save(ds, name):
    ds.save_as(HERE / name, enforce_file_format=True)
    return pydicom.dcmread(HERE / name)


def dcmtk(ds, option):
    """Compressed by DCMTK's dcmcjpeg."""
    with tempfile.TemporaryDirectory() as folder:
        plain, packed = pathlib.Path(folder, "a"), pathlib.Path(folder, "b")
        ds.save_as(plain, enforce_file_format=True)
        subprocess.run(["dcmcjpeg", "+ud", *option.split(), plain, packed], check=True)
        result = pydicom.dcmread(packed)
        result.SOPInstanceUID = result.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
        return result
