// The version of the arithmetic contract, docs/arithmetic.md.
#pragma once

namespace apatite::engine {

// A change that alters a bit of any result is a new version.
inline constexpr int kContractVersion = 1;

}  // namespace apatite::engine
