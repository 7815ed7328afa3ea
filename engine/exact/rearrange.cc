#include "engine/exact/rearrange.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace apatite::engine::exact {
namespace {

// Calls put(lane of y, channel) for the lanes of one block that hold a channel.
template <class Function>
void for_each_lane(const Layout& layout, std::int64_t block, Function put) {
  std::int64_t channel = 0;
  for (std::int64_t b = 0; b < block; ++b) {
    channel += layout.block_channels[static_cast<std::size_t>(b)];
  }
  for (std::int64_t lane = 0; lane < layout.block_channels[static_cast<std::size_t>(block)];
       ++lane) {
    put(lane, static_cast<std::size_t>(channel + lane));
  }
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

// The batch of input images (N x C x H x W) to planes; -0 becomes +0.
class InputStep final : public UnitStep {
 public:
  explicit InputStep(Value y) : UnitStep(rows_of(y.layout)), y_(std::move(y)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  Value y_;
};

// A value to the `output`-th result (N x C x H x W).
class OutputStep final : public UnitStep {
 public:
  OutputStep(Value x, std::size_t output);

 private:
  void run_units(const RunContext& context, Share units) const override;

  Value x_;
  std::size_t output_;
};

// The same channels elsewhere or in another layout: other lanes, other blocks, columns of +0
// around.
class CopyStep final : public UnitStep {
 public:
  CopyStep(Value x, Value y) : UnitStep(rows_of(y.layout)), x_(std::move(x)), y_(std::move(y)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  Value x_;
  Value y_;
};

// Every stride-th pixel with zero channels around (op.h).
class SubsamplePadStep final : public UnitStep {
 public:
  SubsamplePadStep(const SubsamplePad& op, Value x, Value y)
      : UnitStep(blocks_of(y.layout)), op_(op), x_(std::move(x)), y_(std::move(y)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  SubsamplePad op_;
  Value x_;
  Value y_;
};

// Channels [first_channel, ...) of x in another place.
class SliceStep final : public UnitStep {
 public:
  SliceStep(const Slice& op, Value x, Value y)
      : UnitStep(blocks_of(y.layout)), op_(op), x_(std::move(x)), y_(std::move(y)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  Slice op_;
  Value x_;
  Value y_;
};

class SubsamplePadGradStep final : public UnitStep {
 public:
  SubsamplePadGradStep(const SubsamplePad& op, Value g, Value gx)
      : UnitStep(blocks_of(gx.layout)), op_(op), g_(std::move(g)), gx_(std::move(gx)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  SubsamplePad op_;
  Value g_;
  Value gx_;
};

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

void SliceStep::run_units(const RunContext& context, Share units) const {
  const Layout& to = y_.layout;
  const Layout& from = x_.layout;
  const std::vector<std::int64_t> offsets = from.channel_offsets();
  for_each_block(units, to, [&](std::int64_t image, std::int64_t block) {
    float* y = context.at(y_, image) + block * to.block_stride();
    std::fill_n(y, to.block_stride(), 0.0F);
    for_each_lane(to, block, [&](std::int64_t lane, std::size_t channel) {
      const float* x =
          context.at(x_, image) + offsets[channel + static_cast<std::size_t>(op_.first_channel)];
      for (std::int64_t i = 0; i < to.pixels(); ++i) y[i * to.lanes + lane] = x[i * from.lanes];
    });
  });
}

void SubsamplePadGradStep::run_units(const RunContext& context, Share units) const {
  const Layout& to = gx_.layout;
  const Layout& from = g_.layout;
  const std::vector<std::int64_t> offsets = from.channel_offsets();
  for_each_block(units, to, [&](std::int64_t image, std::int64_t block) {
    float* gx = context.at(gx_, image) + block * to.block_stride();
    std::fill_n(gx, to.block_stride(), 0.0F);
    for_each_lane(to, block, [&](std::int64_t lane, std::size_t channel) {
      const float* g =
          context.at(g_, image) + offsets[channel + static_cast<std::size_t>(op_.channels_before)];
      for (std::int64_t oh = 0; oh < from.height; ++oh) {
        float* row = gx + oh * op_.stride * to.row_stride() + lane;
        for (std::int64_t ow = 0; ow < from.width; ++ow) {
          row[ow * op_.stride * to.lanes] = g[oh * from.row_stride() + ow * from.lanes];
        }
      }
    });
  });
}

}  // namespace

std::unique_ptr<Step> make_step(const Input& /*op*/, const StepSpec& spec) {
  return std::make_unique<InputStep>(spec.y());
}

std::unique_ptr<Step> make_output_step(const StepSpec& spec) {
  return std::make_unique<OutputStep>(spec.x(0), spec.scheduled.output);
}

std::unique_ptr<Step> make_copy_step(const StepSpec& spec) {
  return std::make_unique<CopyStep>(spec.x(0), spec.y());
}

// Nothing to do where every part was written in place.
std::unique_ptr<Step> make_step(const Concat& /*op*/, const StepSpec& spec) {
  const Value& whole = spec.y();
  std::vector<std::unique_ptr<Step>> copies;
  std::int64_t block = whole.first_block;
  for (const ValueId read : spec.scheduled.reads) {
    const Value& part = spec.value(read);
    if (part.buffer != whole.buffer || part.first_block != block) {
      Value place = part;
      place.buffer = whole.buffer;
      place.first_block = block;
      copies.push_back(std::make_unique<CopyStep>(part, std::move(place)));
    }
    block += part.layout.blocks();
  }
  if (copies.empty()) return nullptr;
  return std::make_unique<StepList>(std::move(copies));
}

std::unique_ptr<Step> make_step(const Slice& op, const StepSpec& spec) {
  return std::make_unique<SliceStep>(op, spec.x(0), spec.y());
}

std::unique_ptr<Step> make_step(const SubsamplePad& op, const StepSpec& spec) {
  return std::make_unique<SubsamplePadStep>(op, spec.x(0), spec.y());
}

std::unique_ptr<Step> make_step(const SubsamplePadGrad& op, const StepSpec& spec) {
  return std::make_unique<SubsamplePadGradStep>(op.forward, spec.x(0), spec.y());
}

}  // namespace apatite::engine::exact
