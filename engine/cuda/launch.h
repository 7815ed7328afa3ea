// The work of a program as a list of launches: plain data, which a GPU (kernels.h) or a test on the
// CPU carries out one after the other.
#pragma once

#include <variant>

#include "engine/cuda/convolution.h"
#include "engine/cuda/elementwise.h"
#include "engine/cuda/pooling.h"
#include "engine/cuda/rearrange.h"
#include "engine/cuda/score.h"

namespace apatite::engine::cuda {

// The variant of all alternatives of the given variants.
template <class... Variants>
struct Joined;
template <class... Types>
struct Joined<std::variant<Types...>> {
  using type = std::variant<Types...>;
};
template <class... First, class... Second, class... Rest>
struct Joined<std::variant<First...>, std::variant<Second...>, Rest...>
    : Joined<std::variant<First..., Second...>, Rest...> {};

using Launch = Joined<std::variant<ConvArgs>, RearrangeLaunch, ElementwiseLaunch, PoolingLaunch,
                      ScoreLaunch>::type;

}  // namespace apatite::engine::cuda
