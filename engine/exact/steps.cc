#include "engine/exact/steps.h"

#include <algorithm>
#include <cmath>

namespace apatite::engine::exact {
namespace {

// Calls work(image, channel, row) for units that are rows.
template <class Function>
void for_each_row(Share units, std::int64_t channels, std::int64_t height, Function work) {
  for (std::int64_t unit = units.begin; unit < units.end; ++unit) {
    work(unit / height / channels, unit / height % channels, unit % height);
  }
}

std::vector<float> to_blocks(const std::vector<float>& values, const Layout& layout) {
  std::vector<float> padded(static_cast<std::size_t>(layout.blocks() * layout.lanes), 0.0F);
  std::size_t next = 0;
  for (std::size_t block = 0; block < layout.block_channels.size(); ++block) {
    for (std::int32_t lane = 0; lane < layout.block_channels[block]; ++lane) {
      padded[block * static_cast<std::size_t>(layout.lanes) + static_cast<std::size_t>(lane)] =
          values[next++];
    }
  }
  return padded;
}

// Sets the columns of padding around one row of one block to +0; `row` is its column 0.
void clear_padding(const Layout& layout, float* row) {
  std::fill_n(row - layout.pad_left * layout.lanes, layout.pad_left * layout.lanes, 0.0F);
  std::fill_n(row + layout.width * layout.lanes, layout.pad_right * layout.lanes, 0.0F);
}

// Between layouts with the same blocks.
void copy_blocks(const RunContext& context, Share units, const Value& from, const Value& to) {
  const Layout& layout = to.layout;
  for_each_row(units, layout.blocks(), layout.height,
               [&](std::int64_t image, std::int64_t block, std::int64_t row) {
                 const float* x = context.at(from, image) + block * from.layout.block_stride() +
                                  row * from.layout.row_stride();
                 float* y = context.at(to, image) + block * layout.block_stride() +
                            row * layout.row_stride();
                 std::copy_n(x, layout.width * layout.lanes, y);
                 clear_padding(layout, y);
               });
}

// Between any two layouts; sets unused lanes to +0.
void copy_channels(const RunContext& context, Share units, const Value& from, const Value& to) {
  const Layout& layout = to.layout;
  const std::vector<std::int64_t> offsets = from.layout.channel_offsets();
  std::vector<std::size_t> first_channel{0};
  for (const std::int32_t used : layout.block_channels) {
    first_channel.push_back(first_channel.back() + static_cast<std::size_t>(used));
  }
  for_each_row(units, layout.blocks(), layout.height,
               [&](std::int64_t image, std::int64_t block, std::int64_t row) {
                 const float* x = context.at(from, image) + row * from.layout.row_stride();
                 float* y = context.at(to, image) + block * layout.block_stride() +
                            row * layout.row_stride();
                 std::fill_n(y, layout.width * layout.lanes, 0.0F);
                 clear_padding(layout, y);
                 const std::size_t begin = first_channel[static_cast<std::size_t>(block)];
                 const std::size_t end = first_channel[static_cast<std::size_t>(block) + 1];
                 for (std::size_t channel = begin; channel < end; ++channel) {
                   float* lane = y + (channel - begin);
                   for (std::int64_t i = 0; i < layout.width; ++i) {
                     lane[i * layout.lanes] = x[offsets[channel] + i * from.layout.lanes];
                   }
                 }
               });
}

// Rows of a pool's result y, and what each reads of x.
Units pooled_rows(const Layout& x, const Layout& y) {
  const std::int64_t rows = rows_of(y).count;
  return {.count = rows, .floats = x.image_size() / std::max<std::int64_t>(1, rows)};
}

}  // namespace

void InputStep::run_units(const RunContext& context, Share units) const {
  const Layout& layout = y_.layout;
  for_each_row(
      units, layout.blocks(), layout.height,
      [&](std::int64_t image, std::int64_t channel, std::int64_t row) {
        const std::int64_t plane = (context.first_image + image) * layout.blocks() + channel;
        const float* from = context.input->data() + (plane * layout.height + row) * layout.width;
        float* to =
            context.at(y_, image) + channel * layout.block_stride() + row * layout.row_stride();
        clear_padding(layout, to);
        float finiteness = 0;
        for (std::int64_t i = 0; i < layout.width; ++i) {
          to[i] = from[i] + 0.0F;
          finiteness += from[i] * 0.0F;
        }
        context.status->lanes[0] += finiteness;
      });
}

OutputStep::OutputStep(Value x, std::size_t output)
    : UnitStep(
          {.count = static_cast<std::int64_t>(x.layout.channel_offsets().size()) * x.layout.height,
           .floats = x.layout.width}),
      x_(std::move(x)),
      output_(output) {}

void OutputStep::run_units(const RunContext& context, Share units) const {
  const Layout& layout = x_.layout;
  const std::vector<std::int64_t> offsets = layout.channel_offsets();
  const auto channels = static_cast<std::int64_t>(offsets.size());
  float* output = context.outputs[output_].data();
  for_each_row(units, channels, layout.height,
               [&](std::int64_t image, std::int64_t channel, std::int64_t row) {
                 const float* from = context.at(x_, image) +
                                     offsets[static_cast<std::size_t>(channel)] +
                                     row * layout.row_stride();
                 const std::int64_t plane = (context.first_image + image) * channels + channel;
                 float* to = output + (plane * layout.height + row) * layout.width;
                 for (std::int64_t i = 0; i < layout.width; ++i) to[i] = from[i * layout.lanes];
               });
}

void CopyStep::run_units(const RunContext& context, Share units) const {
  if (x_.layout.lanes == y_.layout.lanes && x_.layout.block_channels == y_.layout.block_channels) {
    copy_blocks(context, units, x_, y_);
  } else {
    copy_channels(context, units, x_, y_);
  }
}

void SubsamplePadStep::run_units(const RunContext& context, Share units) const {
  const Layout& from_layout = x_.layout;
  const Layout& to_layout = y_.layout;
  const std::vector<std::int64_t> from_offsets = from_layout.channel_offsets();
  for_each_block(units, to_layout, [&](std::int64_t image, std::int64_t block) {
    float* to = context.at(y_, image) + block * to_layout.block_stride();
    std::fill_n(to, to_layout.block_stride(), 0.0F);
    for (std::int64_t lane = 0; lane < to_layout.lanes; ++lane) {
      const std::int64_t channel = block * to_layout.lanes + lane - op_.channels_before;
      if (channel < 0 || channel >= static_cast<std::int64_t>(from_offsets.size())) continue;
      const float* from = context.at(x_, image) + from_offsets[static_cast<std::size_t>(channel)];
      for (std::int64_t oh = 0; oh < to_layout.height; ++oh) {
        for (std::int64_t ow = 0; ow < to_layout.width; ++ow) {
          to[oh * to_layout.row_stride() + ow * to_layout.lanes + lane] =
              from[oh * op_.stride * from_layout.row_stride() +
                   ow * op_.stride * from_layout.lanes];
        }
      }
    }
  });
}

AffineStep::AffineStep(const KernelTable& kernels, const Affine<float>& affine, bool relu, Value x,
                       Value y)
    : UnitStep(blocks_of(y.layout)),
      kernels_(kernels),
      scale_(to_blocks(affine.scale, x.layout)),
      shift_(to_blocks(affine.shift, x.layout)),
      relu_(relu),
      x_(std::move(x)),
      y_(std::move(y)) {}

void AffineStep::run_units(const RunContext& context, Share units) const {
  const Layout& layout = y_.layout;
  for_each_block(units, layout, [&](std::int64_t image, std::int64_t block) {
    kernels_.affine(context.at(x_, image) + block * layout.block_stride(),
                    scale_.data() + block * layout.lanes, shift_.data() + block * layout.lanes,
                    relu_, context.at(y_, image) + block * layout.block_stride(), layout.pixels(),
                    *context.status);
  });
}

void AddStep::run_units(const RunContext& context, Share units) const {
  const Layout& layout = y_.layout;
  for_each_block(units, layout, [&](std::int64_t image, std::int64_t block) {
    const std::int64_t offset = block * layout.block_stride();
    kernels_.add(context.at(a_, image) + offset, context.at(b_, image) + offset, relu_,
                 context.at(y_, image) + offset, layout.pixels(), *context.status);
  });
}

void ReluStep::run_units(const RunContext& context, Share units) const {
  const Layout& layout = y_.layout;
  for_each_block(units, layout, [&](std::int64_t image, std::int64_t block) {
    const std::int64_t offset = block * layout.block_stride();
    kernels_.relu(context.at(x_, image) + offset, context.at(y_, image) + offset, layout.pixels());
  });
}

PoolStep::PoolStep(const KernelTable& kernels, const MaxPool2d& op, Value x, Value y)
    : UnitStep(pooled_rows(x.layout, y.layout)),
      kernels_(kernels),
      window_(op),
      x_(std::move(x)),
      y_(std::move(y)) {}

PoolStep::PoolStep(const KernelTable& kernels, const AvgPool2d& op, Value x, Value y)
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

std::int64_t StepList::chunks(const RunContext& context) const {
  std::int64_t count = 0;
  for (const auto& step : steps_) count += step->chunks(context);
  return count;
}

void StepList::run_chunk(const RunContext& context, std::int64_t chunk) const {
  for (const auto& step : steps_) {
    const std::int64_t count = step->chunks(context);
    if (chunk < count) return step->run_chunk(context, chunk);
    chunk -= count;
  }
}

std::int64_t StepList::scratch_floats() const {
  std::int64_t floats = 0;
  for (const auto& step : steps_) floats = std::max(floats, step->scratch_floats());
  return floats;
}

}  // namespace apatite::engine::exact
