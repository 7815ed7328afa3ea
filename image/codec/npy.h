// NumPy's .npy (numpy/lib/format.py, versions 1.0, 2.0 and 3.0): one array per file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "engine/graph/tensor.h"
#include "image/pixels/image.h"

namespace apatite::image {

bool is_npy(std::span<const std::byte> file);

// What the header says; the elements follow it.
struct NpyHeader {
  enum class Type { kUint8, kUint16, kFloat32, kFloat64 };
  Type type = Type::kFloat32;
  bool fortran_order = false;
  engine::Dims dims;
  std::size_t data_offset = 0;
};

// Reads the header: little-endian '<f4', '<f8', '|u1' or '<u2', at most 8 dimensions. Checks that
// the elements fill the rest of the file exactly. Throws Error (kBadFile, `where`).
NpyHeader read_npy_header(std::span<const std::byte> file, std::string_view where);

// True if the file is a .npy file of floating-point elements, which is a network's input and not an
// image. Throws Error (kBadFile, `where`) if it is a damaged .npy file.
bool is_npy_tensor(std::span<const std::byte> file, std::string_view where);

struct NpyTensor {
  engine::Tensor tensor;            // 1 x C x H x W, finite, without -0
  std::int64_t rounded = 0;         // binary64 elements that binary32 does not hold exactly
  std::int64_t negative_zeros = 0;  // -0 that became +0
};

// Reads floating-point elements of shape (H, W), (C, H, W) or (1, C, H, W); binary64 is rounded
// once. Throws Error (kBadFile, `where`) if the elements are integers, if the shape is another one,
// or if an element is not finite (the message has its index).
NpyTensor decode_npy_tensor(std::span<const std::byte> file, std::string_view where);

// Reads integer elements of shape (H, W), (H, W, C) or (C, H, W), with C from 1 to 4. Throws Error
// (kBadFile, `where`) for other elements and shapes, and for a shape that could be both of the last
// two.
Image decode_npy_image(std::span<const std::byte> file, std::string_view where);

// '<f4', C order, version 1.0: the bytes that numpy.save writes.
std::string encode_npy(const engine::Tensor& tensor);
void write_npy(const std::filesystem::path& path, const engine::Tensor& tensor);

}  // namespace apatite::image
