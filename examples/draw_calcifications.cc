// Draws made-up microcalcifications, so that the demo has images that belong to nobody:
//   draw_calcifications FOLDER COUNT
// writes COUNT grey 96x96 PNG files of 16 bits into each of FOLDER/benign (a few large round
// grains) and FOLDER/malignant (many fine grains along branching lines), the same ones on every
// machine: no function but the square root is used, which is exactly rounded.
// They are for trying the program out. No conclusion about real mammograms can be drawn from them.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/random.h"
#include "image/codec/png.h"
#include "image/pixels/image.h"

namespace {

namespace image = apatite::image;

constexpr std::int64_t kSize = 96;

// Numbers from one seeded stream.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : seed_(seed) {}
  double between(double low, double high) {
    return low + (high - low) * static_cast<double>(apatite::random_unit(seed_, counter_++));
  }

 private:
  std::uint64_t seed_;
  std::uint64_t counter_ = 0;
};

// Breast tissue: a soft slope with noise.
image::Image tissue(Draw& draw) {
  image::Image image = image::make_image<std::uint16_t>(kSize, kSize, 1);
  const double slope = draw.between(40, 120);
  std::int64_t i = 0;
  for (std::uint16_t& sample : image.values<std::uint16_t>()) {
    const std::int64_t row = i++ / kSize;
    sample = static_cast<std::uint16_t>(14'000 + slope * static_cast<double>(row) +
                                        draw.between(0, 2'500));
  }
  return image;
}

// A bright disc with a soft edge of one pixel.
void add_grain(image::Image& image, double row, double column, double radius, double brightness) {
  for (std::int64_t y = 0; y < kSize; ++y) {
    for (std::int64_t x = 0; x < kSize; ++x) {
      const double dy = static_cast<double>(y) - row;
      const double dx = static_cast<double>(x) - column;
      const double inside = std::clamp(radius + 0.5 - std::sqrt(dy * dy + dx * dx), 0.0, 1.0);
      std::uint16_t& sample =
          image.values<std::uint16_t>()[static_cast<std::size_t>(y * kSize + x)];
      const double lit = static_cast<double>(sample) + inside * brightness;
      sample = static_cast<std::uint16_t>(std::min(lit, 65'535.0));
    }
  }
}

image::Image benign(std::uint64_t seed) {
  Draw draw(seed);
  image::Image image = tissue(draw);
  for (int i = 0; i < 6; ++i) {
    add_grain(image, draw.between(15, 80), draw.between(15, 80), draw.between(2.5, 5), 26'000);
  }
  return image;
}

image::Image malignant(std::uint64_t seed) {
  Draw draw(seed);
  image::Image image = tissue(draw);
  for (int branch = 0; branch < 3; ++branch) {
    double row = draw.between(35, 60);
    double column = draw.between(35, 60);
    double down = draw.between(-3, 3);
    double across = draw.between(-3, 3);
    for (int grain = 0; grain < 14; ++grain) {
      add_grain(image, row, column, draw.between(0.4, 1.4), draw.between(12'000, 30'000));
      down = std::clamp(down + draw.between(-1, 1), -3.0, 3.0);
      across = std::clamp(across + draw.between(-1, 1), -3.0, 3.0);
      row = std::clamp(row + down, 4.0, 91.0);
      column = std::clamp(column + across, 4.0, 91.0);
    }
  }
  return image;
}

void draw_all(const std::filesystem::path& folder, int count) {
  std::filesystem::create_directories(folder / "benign");
  std::filesystem::create_directories(folder / "malignant");
  for (int i = 0; i < count; ++i) {
    const auto seed = static_cast<std::uint64_t>(i);
    const std::string name = std::to_string(i) + ".png";
    apatite::image::write_png(folder / "benign" / name, benign(2 * seed));
    apatite::image::write_png(folder / "malignant" / name, malignant(2 * seed + 1));
  }
}

}  // namespace

int main(int argc, char** argv) {
  int count = 0;
  const std::string_view number = argc == 3 ? argv[2] : "";
  std::from_chars(number.data(), number.data() + number.size(), count);
  if (count < 1 || count > 10'000) {
    std::fputs("usage: draw_calcifications FOLDER COUNT (1 to 10000)\n", stderr);
    return 2;
  }
  try {
    draw_all(argv[1], count);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "draw_calcifications: %s\n", error.what());
    return 1;
  }
  return 0;
}
