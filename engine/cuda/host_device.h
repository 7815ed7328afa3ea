// Functions that run on the GPU and, as ordinary C++, on the CPU: there the tests hold them to the
// reference without a GPU.
#pragma once

#ifdef __CUDACC__
#define APATITE_HOST_DEVICE __host__ __device__
#else
#define APATITE_HOST_DEVICE
#endif
