#include "engine/exact/pooling.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace apatite::engine::exact {
namespace {

// Rows of a pool's result y, and what each reads of x.
Units pooled_rows(const Layout& x, const Layout& y) {
  const std::int64_t rows = rows_of(y).count;
  return {.count = rows, .floats = x.image_size() / std::max<std::int64_t>(1, rows)};
}

// Max, average and global average pooling.
class PoolStep final : public UnitStep {
 public:
  PoolStep(const PoolingKernels& kernels, const MaxPool2d& op, Value x, Value y);
  PoolStep(const PoolingKernels& kernels, const AvgPool2d& op, Value x, Value y);

 private:
  void run_units(const RunContext& context, Share units) const override;

  // The taps of an output row that lie inside the image.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> rows_inside(std::int64_t top) const;

  const PoolingKernels& kernels_;
  MaxPool2d window_;
  std::optional<AvgPool2d> average_;
  Value x_;
  Value y_;
};

PoolStep::PoolStep(const PoolingKernels& kernels, const MaxPool2d& op, Value x, Value y)
    : UnitStep(pooled_rows(x.layout, y.layout)),
      kernels_(kernels),
      window_(op),
      x_(std::move(x)),
      y_(std::move(y)) {}

PoolStep::PoolStep(const PoolingKernels& kernels, const AvgPool2d& op, Value x, Value y)
    : UnitStep(pooled_rows(x.layout, y.layout)),
      kernels_(kernels),
      window_{.kernel = op.kernel, .stride = op.stride, .dilation = {}, .padding = op.padding},
      average_(op),
      x_(std::move(x)),
      y_(std::move(y)) {}

std::pair<std::int64_t, std::int64_t> PoolStep::rows_inside(std::int64_t top) const {
  std::int64_t first = 0;
  while (first < window_.kernel.height && top + first * window_.dilation.height < 0) ++first;
  std::int64_t end = first;
  while (end < window_.kernel.height && top + end * window_.dilation.height < x_.layout.height) {
    ++end;
  }
  return {first, end - first};
}

void PoolStep::run_units(const RunContext& context, Share units) const {
  const Layout& in = x_.layout;
  const Layout& out = y_.layout;
  std::vector<float> counts(static_cast<std::size_t>(out.width));
  for_each_row(units, out.blocks(), out.height,
               [&](std::int64_t image, std::int64_t block, std::int64_t oh) {
                 const std::int64_t top = oh * window_.stride.height - window_.padding.top;
                 const auto [first, rows] = rows_inside(top);
                 const PoolRow row{.x = context.at(x_, image) + block * in.block_stride() +
                                        (top + first * window_.dilation.height) * in.row_stride(),
                                   .y = context.at(y_, image) + block * out.block_stride() +
                                        oh * out.row_stride(),
                                   .counts = counts.data(),
                                   .out_width = out.width,
                                   .in_width = in.width,
                                   .kernel_height = rows,
                                   .kernel_width = window_.kernel.width,
                                   .stride_width = window_.stride.width,
                                   .dilation_width = window_.dilation.width,
                                   .pad_left = window_.padding.left,
                                   .x_row_step = window_.dilation.height * in.row_stride()};
                 if (!average_) {
                   kernels_.max_pool_row(row);
                   return;
                 }
                 for (std::int64_t ow = 0; ow < out.width; ++ow) {
                   counts[static_cast<std::size_t>(ow)] =
                       static_cast<float>(average_taps(*average_, {in.height, in.width}, {oh, ow}));
                 }
                 kernels_.avg_pool_row(row, *context.status);
               });
}

// A unit of PoolGradStep is a band of rows: a window that reaches over two bands is computed for
// each.
std::int64_t rows_of_band(const Extent& stride) { return 8 * stride.height; }

Units bands_of(const Layout& gx, const Extent& stride) {
  const std::int64_t rows = rows_of_band(stride);
  return {gx.blocks() * divide_up(gx.height, rows), rows * gx.row_stride()};
}

// Of max and average pooling. All values have the same blocks.
class PoolGradStep final : public UnitStep {
 public:
  PoolGradStep(const PoolingKernels& kernels, const MaxPool2d& op, Value g, Value x, Value gx);
  PoolGradStep(const PoolingKernels& kernels, const AvgPool2d& op, Value g, Value gx);

 private:
  void run_units(const RunContext& context, Share units) const override;

  const PoolingKernels& kernels_;
  MaxPool2d window_;
  bool average_;
  std::vector<float> counts_;  // average: by output
  Value g_;
  Value x_;  // maximum
  Value gx_;
};

// gx = g / (height * width) everywhere.
class GlobalAvgPoolGradStep final : public UnitStep {
 public:
  GlobalAvgPoolGradStep(Value g, Value gx)
      : UnitStep(blocks_of(gx.layout)), g_(std::move(g)), gx_(std::move(gx)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  Value g_;
  Value gx_;
};

PoolGradStep::PoolGradStep(const PoolingKernels& kernels, const MaxPool2d& op, Value g, Value x,
                           Value gx)
    : UnitStep(bands_of(gx.layout, op.stride)),
      kernels_(kernels),
      window_(op),
      average_(false),
      g_(std::move(g)),
      x_(std::move(x)),
      gx_(std::move(gx)) {}

PoolGradStep::PoolGradStep(const PoolingKernels& kernels, const AvgPool2d& op, Value g, Value gx)
    : UnitStep(bands_of(gx.layout, op.stride)),
      kernels_(kernels),
      window_{.kernel = op.kernel, .stride = op.stride, .dilation = {}, .padding = op.padding},
      average_(true),
      g_(std::move(g)),
      gx_(std::move(gx)) {
  const Extent in{gx_.layout.height, gx_.layout.width};
  for (std::int64_t oh = 0; oh < g_.layout.height; ++oh) {
    for (std::int64_t ow = 0; ow < g_.layout.width; ++ow) {
      counts_.push_back(static_cast<float>(average_taps(op, in, {oh, ow})));
    }
  }
}

void PoolGradStep::run_units(const RunContext& context, Share units) const {
  const Layout& in = gx_.layout;
  const Layout& out = g_.layout;
  const std::int64_t band_rows = rows_of_band(window_.stride);
  const std::int64_t bands = divide_up(in.height, band_rows);
  for (std::int64_t unit = units.begin; unit < units.end; ++unit) {
    const std::int64_t image = unit / bands / in.blocks();
    const std::int64_t block = unit / bands % in.blocks();
    const std::int64_t first_row = unit % bands * band_rows;
    const std::int64_t offset = block * in.block_stride();
    const PoolGradBand band{.g = context.at(g_, image) + block * out.block_stride(),
                            .x = average_ ? nullptr : context.at(x_, image) + offset,
                            .counts = counts_.data(),
                            .gx = context.at(gx_, image) + offset,
                            .first_row = first_row,
                            .end_row = std::min(first_row + band_rows, in.height),
                            .in_height = in.height,
                            .in_width = in.width,
                            .out_height = out.height,
                            .out_width = out.width,
                            .window = &window_};
    (average_ ? kernels_.avg_pool_grad : kernels_.max_pool_grad)(band, *context.status);
  }
}

void GlobalAvgPoolGradStep::run_units(const RunContext& context, Share units) const {
  const Layout& layout = gx_.layout;
  const auto count = static_cast<float>(layout.pixels());
  for_each_block(units, layout, [&](std::int64_t image, std::int64_t block) {
    const float* g = context.at(g_, image) + block * layout.lanes;
    float* gx = context.at(gx_, image) + block * layout.block_stride();
    for (std::int64_t lane = 0; lane < layout.lanes; ++lane) gx[lane] = g[lane] / count + 0.0F;
    for (std::int64_t i = 1; i < layout.pixels(); ++i) {
      std::copy_n(gx, layout.lanes, gx + i * layout.lanes);
    }
  });
}

}  // namespace

std::unique_ptr<Step> make_step(const MaxPool2d& op, const StepSpec& spec) {
  return std::make_unique<PoolStep>(*spec.kernels.pooling, op, spec.x(0), spec.y());
}

std::unique_ptr<Step> make_step(const MaxPool2dGrad& op, const StepSpec& spec) {
  return std::make_unique<PoolGradStep>(*spec.kernels.pooling, op.forward, spec.x(0), spec.x(1),
                                        spec.y());
}

std::unique_ptr<Step> make_step(const AvgPool2d& op, const StepSpec& spec) {
  return std::make_unique<PoolStep>(*spec.kernels.pooling, op, spec.x(0), spec.y());
}

std::unique_ptr<Step> make_step(const AvgPool2dGrad& op, const StepSpec& spec) {
  return std::make_unique<PoolGradStep>(*spec.kernels.pooling, op.forward, spec.x(0), spec.y());
}

// One window that is the whole image.
std::unique_ptr<Step> make_step(const GlobalAvgPool& /*op*/, const StepSpec& spec) {
  const Extent whole = spec.x(0).layout.extent();
  return make_step(AvgPool2d{.kernel = whole, .stride = whole, .padding = {}}, spec);
}

std::unique_ptr<Step> make_step(const GlobalAvgPoolGrad& /*op*/, const StepSpec& spec) {
  return std::make_unique<GlobalAvgPoolGradStep>(spec.x(0), spec.y());
}

}  // namespace apatite::engine::exact
