// The sine that the Lanczos filter needs, the same on every machine: the system's differs between
// versions and CPUs.
#pragma once

namespace apatite::image {

// sin(x) for |x| <= 3 pi: its error before the one rounding is below 2^-80 |sin x|, so it is
// correctly rounded but for about one argument in 2^26. Exactly odd.
double sine(double x);

}  // namespace apatite::image
