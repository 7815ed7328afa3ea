// Which tile the GPU's convolutions choose, as far as it can be told without a GPU.
#include <gtest/gtest.h>

#include "engine/cuda/tiles.h"

namespace apatite::engine::cuda {
namespace {

constexpr int kMultiprocessors = 132;

// A convolution of `depth` taps for each of out x (images x side x side) results.
ConvArgs convolution(int out, int images, int side, int depth) {
  ConvArgs args{};
  args.groups = 1;
  args.out_per_group = out;
  args.in_per_group = depth;
  args.depth = depth;
  args.images = images;
  args.rows = args.columns = args.in_height = args.in_width = side;
  args.row_step = args.column_step = 1;
  return args;
}

const TileShape& chosen(const ConvArgs& args, int multiprocessors = kMultiprocessors) {
  return kTiles.at(choose_tile(args, multiprocessors));
}

TEST(CudaTiles, LargeConvolutionsTakeLargeTiles) {
  const TileShape& tile = chosen(convolution(512, 64, 28, 1024));
  EXPECT_GE(tile.out * tile.pixels, 64 * 64);
}

TEST(CudaTiles, OneSmallImageKeepsManyProcessorsBusy) {
  const ConvArgs args = convolution(128, 1, 7, 1024);
  const TileShape& tile = chosen(args);
  const int blocks = (128 + tile.out - 1) / tile.out * ((49 + tile.pixels - 1) / tile.pixels);
  EXPECT_GE(blocks, kMultiprocessors / 2);
  // On a GPU of a single multiprocessor there are no others.
  const TileShape& alone = chosen(args, 1);
  EXPECT_GT(alone.out * alone.pixels, tile.out * tile.pixels);
}

TEST(CudaTiles, NoTileIsMuchLargerThanTheResult) {
  const TileShape& tile = chosen(convolution(1000, 1, 1, 2048));
  EXPECT_LE(tile.pixels, 16);
}

TEST(CudaTiles, DepthwiseConvolutionsRunWithoutTiles) {
  ConvArgs args = convolution(1, 1, 28, 9);
  args.groups = 728;
  EXPECT_FALSE(runs_in_tiles(args));
  args.groups = 1;
  EXPECT_TRUE(runs_in_tiles(args));
}

TEST(CudaTiles, EveryTileFitsAMultiprocessor) {
  for (const TileShape& tile : kTiles) {
    EXPECT_LE(tile.threads(), 256);
    EXPECT_LE(tile.shared_bytes(), 99 * 1024) << tile.out << "x" << tile.pixels;
    EXPECT_EQ(kDepthStep % tile.depth(), 0);
    EXPECT_EQ(tile.out % tile.thread_out, 0);
    EXPECT_EQ(tile.pixels % tile.thread_pixels, 0);
  }
}

}  // namespace
}  // namespace apatite::engine::cuda
