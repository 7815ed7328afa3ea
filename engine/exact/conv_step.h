// A convolution (or linear layer) with what is fused to it, as a step.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/batch_norm.h"
#include "engine/conv_walk.h"
#include "engine/exact/step.h"
#include "engine/op.h"
#include "engine/tensor.h"

namespace apatite::exact {

// What a convolution computes and where. Weight {out, in/groups, kh, kw}; the others may be absent.
// Of the gradient with respect to its input, x is g, y is gx and the weight that of the
// convolution.
struct ConvSpec {
  Conv2d op;
  Value x;
  Value y;
  std::optional<Value> residual;
  std::optional<Value> mask;    // gradients: 0 where it is not above 0
  bool residual_first = false;  // ahead of mask and norm
  Tensor weight;
  std::optional<Tensor> bias;
  std::optional<Affine<float>> norm_before;  // followed by a ReLU
  std::optional<Affine<float>> norm;
  std::optional<Affine<float>> mask_norm;  // computed on the mask first
  bool relu = false;
};

// Whether TiledConvStep can run it; if not, GenericConvStep does.
bool can_tile(const Conv2d& op);

// Whether ConvGradStep can run its gradient; if not, GenericConvGradStep does.
bool can_tile_grad(const Conv2d& op);

// Whether a batch norm and ReLU can be computed on the way into the convolution.
bool can_norm_before(const Conv2d& op);

// Register tiles over packed weights (conv-inl.h).
class TiledConvStep final : public Step {
 public:
  // spec.weight {channels of y, channels of x, taps of the walk's rows, of its columns} is packed
  // with `threads` threads and freed.
  TiledConvStep(const KernelTable& kernels, const ConvWalk& walk, ConvSpec spec, int threads);

  void run(const RunContext& context) const override;
  [[nodiscard]] std::int64_t scratch_floats() const override { return scratch_floats_; }
  [[nodiscard]] std::span<const float> first_weights(const RunContext& context) const override;

 private:
  // One kernel call's place in the image; offsets in floats.
  struct Tile {
    ConvKernel kernel;
    std::int64_t x_offset;
    std::int64_t y_offset;  // of a block; the residual's too
    std::int64_t w_offset;
    std::int64_t kernel_height;
    std::int64_t first_pixel;
    std::int64_t pixels;
    std::int64_t skip_first;
    std::int64_t skip_last;
  };
  struct Panel {
    std::int64_t first_block;
    std::int64_t w_offset;
  };
  // The panels of one width, and how the image is tiled for them.
  struct PanelGroup {
    std::int64_t vectors;
    std::vector<Panel> panels;
    std::vector<Tile> tiles;
    ConvGeometry geometry;
    std::int64_t block_tiles = 1;  // tiles whose inputs stay in the cache while all panels pass
  };

  // A thread's part of a group: all of its panels times all of its tiles, counted over the images.
  struct Work {
    Share units;
    Share panels;
  };

  [[nodiscard]] bool is_pointwise() const;
  void choose_panels();
  void pack_weights(int threads);
  [[nodiscard]] ConvGeometry geometry(std::int64_t vectors) const;
  [[nodiscard]] std::vector<Tile> tile_image(std::int64_t vectors) const;
  [[nodiscard]] Work work_of(const RunContext& context, const PanelGroup& group) const;
  [[nodiscard]] std::span<const float> weights_of(const PanelGroup& group,
                                                  std::int64_t panel) const;
  // `after`: the weights that follow.
  void run_group(const RunContext& context, const PanelGroup& group,
                 std::span<const float> after) const;
  void run_block(const RunContext& context, const PanelGroup& group, const Work& block,
                 std::span<const float> after) const;
  void normalize_block(const RunContext& context, const PanelGroup& group, Share units) const;

  const KernelTable& kernels_;
  ConvWalk walk_;
  ConvSpec spec_;
  std::int64_t channels_;  // of x
  std::int64_t depth_;     // weights of one output
  bool pointwise_;         // one tap, always inside
  bool flat_;              // and pixels of y as those of x: an image is one row
  Epilogue epilogue_;
  std::vector<PanelGroup> groups_;
  AlignedArray<float> weights_;
  AlignedArray<float> channel_values_;  // bias, scale, shift, scale and shift before
  const float* scale_before_ = nullptr;
  const float* shift_before_ = nullptr;
  std::int64_t scratch_floats_ = 0;
};

// The gradient of a convolution with respect to its input: one tiled step per walk (conv_walk.h).
// They write different pixels, so that threads need not wait between them.
class ConvGradStep final : public Step {
 public:
  ConvGradStep(const KernelTable& kernels, const ConvSpec& spec, int threads);

  void run(const RunContext& context) const override;

 private:
  std::vector<std::unique_ptr<TiledConvStep>> steps_;
};

}  // namespace apatite::exact
