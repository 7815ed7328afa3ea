// The floating-point environment that the arithmetic contract asks for.
#pragma once

#include <cfenv>

namespace apatite::engine {

// While it lives, the calling thread rounds to nearest even, keeps subnormals (no FTZ, no DAZ) and
// masks all exceptions, whatever another library left; then the former state returns. Each thread
// that computes needs its own.
class FpEnvironment {
 public:
  FpEnvironment() noexcept {
    std::fegetenv(&saved_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~FpEnvironment() { std::fesetenv(&saved_); }
  FpEnvironment(const FpEnvironment&) = delete;
  FpEnvironment& operator=(const FpEnvironment&) = delete;

 private:
  std::fenv_t saved_{};
};

}  // namespace apatite::engine
