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
  ConvRunner(const ConvShape& shape, const exact::KernelTable& kernels, int threads);

  // The convolution once, for one image. Weights and input are as warm as the last run left them.
  void run();

 private:
  void run_step(const exact::Step& step);

  int threads_;
  exact::Plan plan_;
  Tensor image_;
  std::vector<Tensor> outputs_;
  AlignedArray<float> image_arena_;
  AlignedArray<float> batch_arena_;
  std::vector<exact::BufferMemory> buffers_;
  std::vector<AlignedArray<float>> scratch_;  // by thread
  std::vector<exact::Status> status_;         // by thread
};

}  // namespace apatite
