// Operations that take one value after the other: batch norm, activations, sums, and their
// gradients. The kernels are in elementwise-inl.h; a step calls one of them for each block of
// channels.
#pragma once

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "engine/exact/step.h"
#include "engine/exact/step_spec.h"
#include "engine/graph/activation.h"

namespace apatite::engine::exact {

// The kernels of one instruction set. Each takes `pixels` neighbouring pixels of one block of
// channels, [pixel][lane], contiguous. `status`: its finiteness flag.
struct ElementwiseKernels {
  // y = activation(fma(x, scale, shift)); scale and shift: one value per lane.
  void (*affine)(const float* x, const float* scale, const float* shift, Activation activation,
                 float* y, std::int64_t pixels, Status& status);
  // y = activation(a + b).
  void (*add)(const float* a, const float* b, Activation activation, float* y, std::int64_t pixels,
              Status& status);
  // y = activation(fma(branch, scale, x)).
  void (*scaled_add)(const float* x, const float* branch, float scale, Activation activation,
                     float* y, std::int64_t pixels, Status& status);
  // y = activation(x). Where y is not finite, x is not.
  void (*activate)(const float* x, Activation activation, float* y, std::int64_t pixels);
  // gx = y > 0 ? g : 0.
  void (*relu_grad)(const float* g, const float* y, float* gx, std::int64_t pixels);
};

// One call of a kernel: a block of channels of one image.
struct BlockCall {
  std::array<const float*, 2> x;  // of the inputs, as many as the operation has
  float* y;
  std::int64_t first_lane;  // of the block, into values per channel in whole blocks
  std::int64_t pixels;
  Status& status;
};

// Calls `Kernel` for each block of channels of the result. All values have one layout.
template <class Kernel>
class BlockStep final : public UnitStep {
 public:
  BlockStep(const StepSpec& spec, Kernel kernel)
      : UnitStep(blocks_of(spec.y().layout)), y_(spec.y()), kernel_(std::move(kernel)) {
    for (const ValueId read : spec.scheduled.reads) x_.push_back(spec.value(read));
  }

 private:
  void run_units(const RunContext& context, Share units) const override {
    const Layout& layout = y_.layout;
    for_each_block(units, layout, [&](std::int64_t image, std::int64_t block) {
      const std::int64_t offset = block * layout.block_stride();
      BlockCall call{.x = {},
                     .y = context.at(y_, image) + offset,
                     .first_lane = block * layout.lanes,
                     .pixels = layout.pixels(),
                     .status = *context.status};
      for (std::size_t i = 0; i < x_.size(); ++i) call.x[i] = context.at(x_[i], image) + offset;
      kernel_(call);
    });
  }

  std::vector<Value> x_;
  Value y_;
  Kernel kernel_;
};

template <class Kernel>
std::unique_ptr<Step> make_block_step(const StepSpec& spec, Kernel kernel) {
  return std::make_unique<BlockStep<Kernel>>(spec, std::move(kernel));
}

// Values per channel in whole blocks: +0 in the lanes that hold no channel.
inline std::vector<float> to_blocks(const std::vector<float>& values, const Layout& layout) {
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

// activation(fma(x, scale, shift)), per channel.
inline std::unique_ptr<Step> make_affine_step(const StepSpec& spec, const Affine<float>& affine) {
  const Layout& layout = spec.x(0).layout;
  return make_block_step(
      spec, [kernel = spec.kernels.elementwise->affine, scale = to_blocks(affine.scale, layout),
             shift = to_blocks(affine.shift, layout),
             activation = spec.group().activation](const BlockCall& call) {
        kernel(call.x[0], scale.data() + call.first_lane, shift.data() + call.first_lane,
               activation, call.y, call.pixels, call.status);
      });
}

inline std::unique_ptr<Step> make_step(const BatchNorm& /*op*/, const StepSpec& spec) {
  return make_affine_step(spec, spec.load_norm(spec.group().main));
}

inline std::unique_ptr<Step> make_step(const BatchNormGrad& /*op*/, const StepSpec& spec) {
  return make_affine_step(spec, spec.load_norm(spec.group().main));
}

inline std::unique_ptr<Step> make_step(const Add& /*op*/, const StepSpec& spec) {
  return make_block_step(spec, [kernel = spec.kernels.elementwise->add,
                                activation = spec.group().activation](const BlockCall& call) {
    kernel(call.x[0], call.x[1], activation, call.y, call.pixels, call.status);
  });
}

inline std::unique_ptr<Step> make_step(const Relu& /*op*/, const StepSpec& spec) {
  return make_block_step(spec,
                         [kernel = spec.kernels.elementwise->activate](const BlockCall& call) {
                           kernel(call.x[0], Activation::kRelu, call.y, call.pixels);
                         });
}

inline std::unique_ptr<Step> make_step(const ReluGrad& /*op*/, const StepSpec& spec) {
  return make_block_step(spec,
                         [kernel = spec.kernels.elementwise->relu_grad](const BlockCall& call) {
                           kernel(call.x[0], call.x[1], call.y, call.pixels);
                         });
}

inline std::unique_ptr<Step> make_step(const ScaledAdd& op, const StepSpec& spec) {
  return make_block_step(spec, [kernel = spec.kernels.elementwise->scaled_add, scale = op.scale,
                                activation = spec.group().activation](const BlockCall& call) {
    kernel(call.x[0], call.x[1], scale, activation, call.y, call.pixels, call.status);
  });
}

// g * scale is fma(g, scale, +0): one rounding.
inline std::unique_ptr<Step> make_step(const ScaledAddGrad& op, const StepSpec& spec) {
  const auto channels = static_cast<std::size_t>(spec.main().shape.channels);
  return make_affine_step(
      spec, {std::vector<float>(channels, op.forward.scale), std::vector<float>(channels, 0.0F)});
}

}  // namespace apatite::engine::exact
