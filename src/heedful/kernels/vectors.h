// What the kernels share: vectors of 16 numbers, and what is left of the last one.

#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstdint>

constexpr int LANES = 16;  // numbers of 32 bits in a vector

// Return the first `left` places of a vector.
inline __mmask16 present(int64_t left) { return (__mmask16)((1u << std::min<int64_t>(LANES, left)) - 1); }
