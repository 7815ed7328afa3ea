// A convolution (or linear layer) with what is fused to it, as a step.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/exact/step.h"
#include "engine/graph/activation.h"
#include "engine/graph/batch_norm.h"
#include "engine/graph/op.h"
#include "engine/graph/tensor.h"
#include "engine/schedule/conv_walk.h"

namespace apatite::engine::exact {

// What a convolution computes and where. Weight {out, in/groups, kh, kw}; the others may be absent.
// Of the gradient with respect to its input, x is g, y is gx and the weight that of the
// convolution.
struct ConvSpec {
  Conv2d op;
  Value x;
  Value y;
  std::optional<Value> residual;
  std::optional<Value> relu_mask;  // gradients: 0 where it is not above 0
  bool residual_first = false;     // ahead of the ReLU mask and norm
  Tensor weight;
  std::optional<Tensor> bias;
  std::optional<Affine<float>> prologue;  // prologue_activation follows it
  Activation prologue_activation = Activation::kIdentity;
  std::optional<Affine<float>> norm;
  std::optional<Affine<float>> relu_mask_norm;  // computed on the ReLU mask first
  Activation activation = Activation::kIdentity;
};

// Whether TiledConvStep can run it; if not, convolution.cc computes one value at a time.
bool can_tile(const Conv2d& op);

// Whether make_conv_grad_step() can make its gradient; if not, convolution.cc computes one value at
// a time.
bool can_tile_grad(const Conv2d& op);

// Whether a batch norm and ReLU can be computed on the way into the convolution.
bool can_take_prologue(const Conv2d& op);

// Register tiles over packed weights (conv-inl.h).
class TiledConvStep final : public Step {
 public:
  // spec.weight {channels of y, channels of x, taps of the walk's rows, of its columns} is packed
  // with `threads` threads and freed.
  TiledConvStep(const KernelTable& kernels, const ConvWalk& walk, ConvSpec spec, int threads);

  [[nodiscard]] std::int64_t chunks(const RunContext& context) const override;
  void run_chunk(const RunContext& context, std::int64_t chunk) const override;
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
    std::int64_t tile_work = 1;    // vector multiply-adds of a full tile
  };

  // A part of a group: its panels times its tiles, counted over the images (units). The units of
  // all parts are cut in `all_blocks` blocks. A part's chunks lie in the order block, panel, slice
  // of the block; where the input is normalised first, a chunk is a block with all panels.
  struct Work {
    std::int64_t all_blocks = 0;
    Share blocks{};
    Share panels{};
    std::int64_t slices = 1;
    std::int64_t chunks = 0;
  };

  [[nodiscard]] bool is_pointwise() const;
  void choose_panels();
  void pack_weights(int threads);
  [[nodiscard]] ConvGeometry geometry(std::int64_t vectors) const;
  [[nodiscard]] std::vector<Tile> tile_image(std::int64_t vectors) const;
  [[nodiscard]] Work work_of(const RunContext& context, const PanelGroup& group) const;
  [[nodiscard]] std::span<const float> weights_of(const PanelGroup& group,
                                                  std::int64_t panel) const;
  [[nodiscard]] Share block_units(const RunContext& context, const PanelGroup& group,
                                  std::int64_t block, std::int64_t all_blocks) const;
  // The weights that the part reads first behind its last panel of group `index`.
  [[nodiscard]] std::span<const float> weights_after(const RunContext& context,
                                                     std::size_t index) const;
  void run_group_chunk(const RunContext& context, std::size_t index, const Work& work,
                       std::int64_t chunk) const;
  // Units of a block with one panel; `next_weights` follow behind the block.
  void run_tiles(const RunContext& context, const PanelGroup& group, Share block, Share units,
                 std::int64_t panel, std::span<const float> next_weights) const;
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
std::unique_ptr<Step> make_conv_grad_step(const KernelTable& kernels, const ConvSpec& spec,
                                          int threads);

}  // namespace apatite::engine::exact
