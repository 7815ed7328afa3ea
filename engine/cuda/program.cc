#include "engine/cuda/program.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "engine/cuda/tiles.h"
#include "engine/graph/batch_norm.h"
#include "engine/runtime/fp_environment.h"
#include "engine/schedule/conv_walk.h"

namespace apatite::engine::cuda {
namespace {

// Output channels go four to a load.
constexpr std::int64_t kOutStep = 4;
// Parameters start at multiples of this many floats (256 bytes).
constexpr std::size_t kParameterAlignment = 64;

std::int64_t round_up(std::int64_t value, std::int64_t step) {
  return (value + step - 1) / step * step;
}

std::int32_t narrow_int(std::int64_t value) { return static_cast<std::int32_t>(value); }

bool one_tap_inside(const Conv2d& op) {
  return op.kernel == Extent{1, 1} && op.padding == Padding{};
}

ScheduleRules schedule_rules(bool fused) {
  return {.lanes = 1,
          .fusion = {.enabled = fused,
                     .takes_prologue =
                         [](const Node& node) { return one_tap_inside(std::get<Conv2d>(node.op)); },
                     .takes_epilogue = [](const Node&) { return true; }}};
}

}  // namespace

class Program::Maker {
 public:
  Maker(Program& program, const Graph& graph, const ParameterSource& source)
      : program_(program), graph_(graph), source_(source) {}

  void add(const ScheduledOp& scheduled) {
    if (scheduled.kind == ScheduledOp::Kind::kOutput) {
      const Value x = value(scheduled.reads[0]);
      add_step([program = &program_, x, output = scheduled.output](const RunMemory& m) -> Launch {
        return WriteOutput{program->at(x, m), m.outputs[output], shape_of(x, m)};
      });
    } else {
      add_group(scheduled);
    }
  }

 private:
  // A parameter's place in the block of all.
  using Offset = std::size_t;
  struct AffineOffsets {
    Offset scale;
    Offset shift;
  };
  // What a convolution reads and writes.
  struct ConvPlaces {
    Value x;
    Value y;
    std::optional<Value> residual;
    std::optional<Value> relu_mask;
    Offset weights = 0;
    std::size_t taps = 0;
    std::optional<Offset> bias;
    std::optional<AffineOffsets> prologue;
    std::optional<AffineOffsets> norm;
    std::optional<AffineOffsets> relu_mask_norm;
  };

  static Dense shape_of(const Value& value, const RunMemory& memory) {
    return {value.layout.blocks(), memory.batch, value.layout.height, value.layout.width};
  }
  static std::int64_t size_of(const Value& value, const RunMemory& memory) {
    return shape_of(value, memory).count();
  }

  const Value& value(ValueId id) const { return program_.schedule_.values[id]; }
  const Node& node(NodeId id) const { return graph_.node(id); }
  Tensor load(ParameterId id) const { return source_.load(graph_.parameters()[id]); }
  void add_step(MakeLaunch step) { program_.steps_.push_back(std::move(step)); }

  Offset add_parameters(std::span<const float> values) {
    std::vector<float>& all = program_.parameters_;
    const Offset offset = all.size();
    all.insert(all.end(), values.begin(), values.end());
    all.resize((all.size() + kParameterAlignment - 1) / kParameterAlignment * kParameterAlignment);
    return offset;
  }

  // `padded`: with +0 behind the channels, up to this many.
  AffineOffsets add_affine(Affine<float> affine, std::int64_t padded = 0) {
    const auto size = std::max(affine.scale.size(), static_cast<std::size_t>(padded));
    affine.scale.resize(size);
    affine.shift.resize(size);
    const Offset scale = add_parameters(affine.scale);
    return {scale, add_parameters(affine.shift)};
  }

  Affine<float> load_norm(NodeId id) const { return load_affine(graph_, node(id), source_); }

  void add_group(const ScheduledOp& scheduled) {
    const FusedGroup& group = *scheduled.group;
    const Node& main = node(group.main);
    if (const auto conv = as_convolution(graph_, main)) {
      add_walk(scheduled, *conv, forward_walk(*conv, value(scheduled.write).layout.extent()),
               Pass::kForward);
      return;
    }
    if (const auto conv = as_convolution_grad(graph_, main)) {
      for (const ConvWalk& walk : gradient_walks(*conv, value(scheduled.write).layout.extent())) {
        add_walk(scheduled, *conv, walk, Pass::kBackward);
      }
      return;
    }
    if (std::holds_alternative<Concat>(main.op)) {
      add_concat(scheduled);
      return;
    }
    add_element_op(scheduled, main);
  }

  void add_element_op(const ScheduledOp& scheduled, const Node& main) {
    const FusedGroup& group = *scheduled.group;
    const Program* program = &program_;
    const Value y = value(scheduled.write);
    const Value x0 = scheduled.reads.empty() ? Value{} : value(scheduled.reads[0]);
    const Value x1 = scheduled.reads.size() < 2 ? Value{} : value(scheduled.reads[1]);
    const bool relu = group.relu;
    const auto affine = [&](NodeId id) {
      const AffineOffsets at = add_affine(load_norm(id));
      add_step([=](const RunMemory& m) -> Launch {
        return AffineOp{program->at(x0, m),
                        m.parameters + at.scale,
                        m.parameters + at.shift,
                        program->at(y, m),
                        shape_of(y, m),
                        relu,
                        m.status};
      });
    };
    std::visit(
        Overloaded{
            [&](const Input&) {
              add_step([=](const RunMemory& m) -> Launch {
                return ReadInput{m.input, program->at(y, m), shape_of(y, m), m.status};
              });
            },
            [&](const BatchNorm&) { affine(group.main); },
            [&](const BatchNormGrad&) { affine(group.main); },
            [&](const Relu&) {
              add_step([=](const RunMemory& m) -> Launch {
                return ReluOp{program->at(x0, m), program->at(y, m), size_of(y, m)};
              });
            },
            [&](const MaxPool2d& op) {
              add_step([=](const RunMemory& m) -> Launch {
                return MaxPoolOp{op, program->at(x0, m), program->at(y, m), shape_of(x0, m),
                                 shape_of(y, m)};
              });
            },
            [&](const AvgPool2d& op) {
              add_step([=](const RunMemory& m) -> Launch {
                return AvgPoolOp{
                    op,      program->at(x0, m), program->at(y, m), shape_of(x0, m), shape_of(y, m),
                    m.status};
              });
            },
            [&](const GlobalAvgPool&) {
              add_step([=](const RunMemory& m) -> Launch {
                return GlobalAvgPoolOp{program->at(x0, m), program->at(y, m), shape_of(x0, m),
                                       m.status};
              });
            },
            [&](const Add&) {
              add_step([=](const RunMemory& m) -> Launch {
                return AddOp{program->at(x0, m),
                             program->at(x1, m),
                             program->at(y, m),
                             size_of(y, m),
                             relu,
                             m.status};
              });
            },
            [&](const SubsamplePad& op) {
              add_step([=](const RunMemory& m) -> Launch {
                return SubsamplePadOp{op, program->at(x0, m), program->at(y, m), shape_of(x0, m),
                                      shape_of(y, m)};
              });
            },
            [&](const ScoreGrad&) {
              add_step([=](const RunMemory& m) -> Launch {
                return ScoreGradOp{program->at(x0, m), m.targets, program->at(y, m),
                                   shape_of(y, m)};
              });
            },
            [&](const ReluGrad&) {
              add_step([=](const RunMemory& m) -> Launch {
                return ReluGradOp{program->at(x0, m), program->at(x1, m), program->at(y, m),
                                  size_of(y, m)};
              });
            },
            [&](const MaxPool2dGrad& op) {
              add_step([=](const RunMemory& m) -> Launch {
                return MaxPoolGradOp{op.forward,        program->at(x0, m), program->at(x1, m),
                                     program->at(y, m), shape_of(x0, m),    shape_of(y, m),
                                     m.status};
              });
            },
            [&](const AvgPool2dGrad& op) {
              add_step([=](const RunMemory& m) -> Launch {
                return AvgPoolGradOp{op.forward,      program->at(x0, m), program->at(y, m),
                                     shape_of(x0, m), shape_of(y, m),     m.status};
              });
            },
            [&](const GlobalAvgPoolGrad&) {
              add_step([=](const RunMemory& m) -> Launch {
                return GlobalAvgPoolGradOp{program->at(x0, m), program->at(y, m), shape_of(y, m)};
              });
            },
            [&](const SubsamplePadGrad& op) {
              add_step([=](const RunMemory& m) -> Launch {
                return SubsamplePadGradOp{op.forward, program->at(x0, m), program->at(y, m),
                                          shape_of(x0, m), shape_of(y, m)};
              });
            },
            // With one channel to a block a slice is a part of what it is cut from; convolutions
            // and concatenations: above.
            [](const auto& /*nothing to do*/) {},
        },
        main.op);
  }

  // Nothing to do for the parts that were written in place.
  void add_concat(const ScheduledOp& scheduled) {
    const Program* program = &program_;
    const Value& whole = value(scheduled.write);
    std::int64_t block = whole.first_block;
    for (const ValueId read : scheduled.reads) {
      const Value part = value(read);
      Value place = part;
      place.buffer = whole.buffer;
      place.first_block = block;
      if (part.buffer != place.buffer || part.first_block != place.first_block) {
        add_step([=](const RunMemory& m) -> Launch {
          return CopyValue{program->at(part, m), program->at(place, m), size_of(part, m)};
        });
      }
      block += part.layout.blocks();
    }
  }

  enum class Pass { kForward, kBackward };

  void add_walk(const ScheduledOp& scheduled, const Conv2d& op, const ConvWalk& walk, Pass pass) {
    const FusedGroup& group = *scheduled.group;
    const Node& main = node(group.main);
    ConvPlaces places{.x = value(scheduled.reads[0]), .y = value(scheduled.write)};
    ConvArgs args = sizes_of(op, walk, places);
    args.finish.relu = group.relu;
    args.finish.residual_first = group.residual_first;
    places.weights = add_weights(load(main.parameters[0]), op, walk, args, pass);
    places.taps = add_taps(walk, args);
    if (pass == Pass::kForward && op.bias) {
      places.bias = add_parameters(load(main.parameters[1]).values());
    }
    if (group.prologue) places.prologue = add_affine(load_norm(*group.prologue), args.padded_depth);
    if (group.norm) places.norm = add_affine(load_norm(*group.norm));
    if (group.relu_mask_norm) places.relu_mask_norm = add_affine(load_norm(*group.relu_mask_norm));
    if (scheduled.residual) places.residual = value(*scheduled.residual);
    if (scheduled.relu_mask) places.relu_mask = value(*scheduled.relu_mask);
    add_step([program = &program_, args, places](const RunMemory& m) -> Launch {
      return locate(*program, args, places, m);
    });
  }

  static ConvArgs sizes_of(const Conv2d& op, const ConvWalk& walk, const ConvPlaces& places) {
    ConvArgs args{};
    const Layout& x = places.x.layout;
    const Layout& y = places.y.layout;
    args.groups = narrow_int(op.groups);
    args.in_per_group = narrow_int(x.blocks() / op.groups);
    args.out_per_group = narrow_int(y.blocks() / op.groups);
    args.padded_out = narrow_int(round_up(args.out_per_group, kOutStep));
    args.depth = narrow_int(args.in_per_group * walk.rows.taps * walk.columns.taps);
    args.padded_depth = narrow_int(round_up(args.depth, kDepthStep));
    args.in_height = narrow_int(x.height);
    args.in_width = narrow_int(x.width);
    args.rows = narrow_int(walk.rows.count);
    args.columns = narrow_int(walk.columns.count);
    args.row_first = narrow_int(walk.rows.first);
    args.row_step = narrow_int(walk.rows.step);
    args.column_first = narrow_int(walk.columns.first);
    args.column_step = narrow_int(walk.columns.step);
    args.y_height = narrow_int(y.height);
    args.y_width = narrow_int(y.width);
    args.y_row_first = narrow_int(walk.rows.y_first);
    args.y_row_step = narrow_int(walk.rows.y_step);
    args.y_column_first = narrow_int(walk.columns.y_first);
    args.y_column_step = narrow_int(walk.columns.y_step);
    return args;
  }

  // Of weight {oc, ic of the group, kh, kw}: [group][depth][out], the chain's taps in their order.
  Offset add_weights(const Tensor& weight, const Conv2d& op, const ConvWalk& walk,
                     const ConvArgs& args, Pass pass) {
    const std::int64_t kernel = op.kernel.height * op.kernel.width;
    const std::int64_t ic_per_group =
        pass == Pass::kForward ? args.in_per_group : args.out_per_group;
    const std::int64_t oc_per_group =
        pass == Pass::kForward ? args.out_per_group : args.in_per_group;
    std::vector<float> packed(
        static_cast<std::size_t>(std::int64_t{args.groups} * args.padded_depth * args.padded_out));
    for (std::int64_t group = 0; group < args.groups; ++group) {
      float* to = packed.data() + group * args.padded_depth * args.padded_out;
      for (std::int64_t c = 0; c < args.in_per_group; ++c) {
        for (std::int64_t i = 0; i < walk.rows.taps; ++i) {
          const std::int64_t kh = walk.rows.kernel_first + i * walk.rows.kernel_step;
          for (std::int64_t j = 0; j < walk.columns.taps; ++j) {
            const std::int64_t kw = walk.columns.kernel_first + j * walk.columns.kernel_step;
            for (std::int64_t m = 0; m < args.out_per_group; ++m) {
              const std::int64_t oc = group * oc_per_group + (pass == Pass::kForward ? m : c);
              const std::int64_t ic = pass == Pass::kForward ? c : m;
              to[m] = weight.data()[(oc * ic_per_group + ic) * kernel + kh * op.kernel.width + kw];
            }
            to += args.padded_out;
          }
        }
      }
    }
    return add_parameters(packed);
  }

  std::size_t add_taps(const ConvWalk& walk, const ConvArgs& args) {
    std::vector<Tap>& taps = program_.taps_;
    const std::size_t first = taps.size();
    for (std::int32_t c = 0; c < args.in_per_group; ++c) {
      for (std::int64_t i = 0; i < walk.rows.taps; ++i) {
        for (std::int64_t j = 0; j < walk.columns.taps; ++j) {
          const std::int64_t row = i * walk.rows.tap_step;
          const std::int64_t column = j * walk.columns.tap_step;
          taps.push_back(
              {c, narrow_int(row), narrow_int(column), narrow_int(row * args.in_width + column)});
        }
      }
    }
    // What only fills a step up lies outside of every image.
    constexpr std::int32_t kOutside = std::numeric_limits<std::int32_t>::min() / 2;
    taps.resize(first + static_cast<std::size_t>(args.padded_depth), {0, kOutside, kOutside, 0});
    return first;
  }

  // `args`, which knows the sizes for one image, for a run.
  static ConvArgs locate(const Program& program, ConvArgs args, const ConvPlaces& places,
                         const RunMemory& m) {
    const auto scale = [&](const std::optional<AffineOffsets>& at) {
      return at ? m.parameters + at->scale : nullptr;
    };
    const auto shift = [&](const std::optional<AffineOffsets>& at) {
      return at ? m.parameters + at->shift : nullptr;
    };
    args.images = narrow_int(m.batch);
    args.x = program.at(places.x, m);
    args.y = program.at(places.y, m);
    args.weights = m.parameters + places.weights;
    args.taps = m.taps + places.taps;
    args.norm_scale = scale(places.prologue);
    args.norm_shift = shift(places.prologue);
    args.status = m.status;
    args.finish.bias = places.bias ? m.parameters + *places.bias : nullptr;
    args.finish.scale = scale(places.norm);
    args.finish.shift = shift(places.norm);
    args.finish.residual = places.residual ? program.at(*places.residual, m) : nullptr;
    args.finish.relu_mask = places.relu_mask ? program.at(*places.relu_mask, m) : nullptr;
    args.finish.relu_mask_scale = scale(places.relu_mask_norm);
    args.finish.relu_mask_shift = shift(places.relu_mask_norm);
    return args;
  }

  Program& program_;
  const Graph& graph_;
  const ParameterSource& source_;
};

Program::Program(const Graph& graph, const ParameterSource& source,
                 const std::vector<NodeId>& outputs, bool fuse)
    : schedule_(make_schedule(graph, outputs, schedule_rules(fuse))),
      memory_(plan_memory(graph, schedule_, BatchOrder::kWholeBatch)) {
  const FpEnvironment environment;
  Maker maker(*this, graph, source);
  for (const ScheduledOp& scheduled : schedule_.ops) maker.add(scheduled);
}

void Program::release_parameters() {
  parameters_ = {};
  taps_ = {};
}

float* Program::at(const Value& value, const RunMemory& memory) const {
  return memory.arena +
         (memory_.buffers[value.buffer].offset + value.first_block * value.layout.pixels()) *
             memory.batch;
}

std::vector<Launch> Program::launches(const RunMemory& memory) const {
  for (const Value& value : schedule_.values) {
    if (value.layout.pixels() * memory.batch <= std::numeric_limits<std::int32_t>::max()) continue;
    throw Error(ErrorKind::kUsage, "batch", to_text(memory.batch) + " images are too many",
                "a GPU takes 2^31 - 1 pixels at once");
  }
  std::vector<Launch> launches;
  for (const MakeLaunch& step : steps_) launches.push_back(step(memory));
  return launches;
}

}  // namespace apatite::engine::cuda
