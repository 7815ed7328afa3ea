// One convolution of the exact backend without what is around it in a run: the conversion of the
// image to blocks and of the result back.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "bench/conv_shapes.h"
#include "engine/exact/kernels.h"
#include "engine/exact/plan.h"
#include "engine/graph/tensor.h"

namespace apatite {

class ConvRunner {
 public:
  // Packs seeded weights and brings a seeded image into the layout that the kernel reads.
  ConvRunner(const ConvShape& shape, const engine::exact::KernelTable& kernels, int threads);

  // The convolution once, for one image. Weights and input are as warm as the last run left them.
  void run();

 private:
  void run_step(const engine::exact::Step& step);

  int threads_;
  engine::exact::Plan plan_;
  engine::Tensor image_;
  std::vector<engine::Tensor> outputs_;
  engine::AlignedArray<float> image_arena_;
  engine::AlignedArray<float> batch_arena_;
  std::vector<engine::exact::BufferMemory> buffers_;
  std::vector<engine::AlignedArray<float>> scratch_;  // by thread
  std::vector<engine::exact::Status> status_;         // by thread
};

}  // namespace apatite
