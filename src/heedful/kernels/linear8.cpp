// y = x W^T + b with W in 8 bits, one scale for each output, and x in 8 bits, from the least to the most of
// each row. Rows are rounded here, products are summed by AVX512-VNNI in 32 bits, so that a row's y does not
// depend on the other rows. Called through ctypes; threads come from the OpenMP that torch has loaded.
//
// W (outputs, inputs) lies in tiles of 16 outputs by 4 inputs, one 64-byte vector each:
// weight[output / 16][input / 4][output % 16][input % 4], zeros where outputs or inputs end.
// Rounded rows lie in groups of 12, the same 4 inputs of all of them together.

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "vectors.h"

namespace {

constexpr int INTERFACE = 2;  // counts the changes of what the functions of this library take
constexpr int ROWS = 12;      // rows that are summed at once,
constexpr int WIDE = 2;       // by as many vectors of outputs: 24 sums stay in registers

struct Map {
    int64_t inputs, outputs, quads;      // quads: inputs / 4, rounded up
    const int8_t* weight;
    const float *scale, *total, *bias;   // of each output; total: the sum of its weights as whole numbers
};

struct Rounding {  // of a row: x = least + step * whole
    float least, step;
};

__m512 numbers(const float* x, const float* times, int64_t i, __mmask16 there) {
    const __m512 found = _mm512_maskz_loadu_ps(there, x + i);
    return times ? _mm512_mul_ps(found, _mm512_maskz_loadu_ps(there, times + i)) : found;
}

// Write x (times what belongs to each input) as whole numbers from 0 to 255, four after the other, then a place
// for four of each other row.
Rounding round_row(const float* x, const float* times, int64_t inputs, uint8_t* out) {
    __m512 low = _mm512_setzero_ps(), high = _mm512_setzero_ps();
    for (int64_t i = 0; i < inputs; i += LANES) {
        const __m512 found = numbers(x, times, i, present(inputs - i));
        low = _mm512_min_ps(low, found);
        high = _mm512_max_ps(high, found);
    }
    const float least = _mm512_reduce_min_ps(low), reach = _mm512_reduce_max_ps(high) - least;
    const __m512 fine = _mm512_set1_ps(reach > 0 ? 255.0f / reach : 0.0f), start = _mm512_set1_ps(least);
    for (int64_t i = 0; i < inputs; i += LANES) {
        const __m512 found = _mm512_sub_ps(numbers(x, times, i, present(inputs - i)), start);
        alignas(16) int32_t four[4];
        _mm_store_si128((__m128i*)four, _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(found, fine))));
        for (int64_t quad = 0; quad < 4 && i + 4 * quad < inputs; quad++)
            *(int32_t*)(out + (i / 4 + quad) * ROWS * 4) = four[quad];
    }
    return {least, reach / 255.0f};
}

// Add the products of four bytes to each of 16 sums: _mm512_dpbusd_epi32, for which gcc 12 copies every sum.
inline void accumulate(__m512i& sum, __m512i unsigned_bytes, __m512i signed_bytes) {
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(unsigned_bytes), "v"(signed_bytes));
}

// Write a vector of outputs of one row, from their sums.
inline void write(const Map& map, __m512i sum, Rounding row, int64_t at, float* y) {
    const __mmask16 there = present(map.outputs - at);
    const __m512 bias = map.bias ? _mm512_maskz_loadu_ps(there, map.bias + at) : _mm512_setzero_ps();
    const __m512 total = _mm512_maskz_loadu_ps(there, map.total + at);
    const __m512 whole = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_set1_ps(row.step));
    const __m512 value = _mm512_fmadd_ps(total, _mm512_set1_ps(row.least), whole);
    _mm512_mask_storeu_ps(y + at, there, _mm512_fmadd_ps(value, _mm512_maskz_loadu_ps(there, map.scale + at), bias));
}

// Write COUNT rows by VECTORS of outputs, of a group x of rows.
template <int COUNT, int VECTORS>
void tile(const Map& map, const uint8_t* x, const Rounding* rounding, int64_t first, float* y) {
    const int8_t* w = map.weight + first / LANES * map.quads * 64;
    __m512i sum[COUNT][VECTORS];
    #pragma GCC unroll 12
    for (int r = 0; r < COUNT; r++)
        #pragma GCC unroll 2
        for (int v = 0; v < VECTORS; v++) sum[r][v] = _mm512_setzero_si512();
    for (int64_t quad = 0; quad < map.quads; quad++) {
        __m512i part[VECTORS];
        #pragma GCC unroll 2
        for (int v = 0; v < VECTORS; v++) part[v] = _mm512_loadu_si512(w + (v * map.quads + quad) * 64);
        #pragma GCC unroll 12
        for (int r = 0; r < COUNT; r++) {
            const __m512i four = _mm512_set1_epi32(*(const int32_t*)(x + (quad * ROWS + r) * 4));
            #pragma GCC unroll 2
            for (int v = 0; v < VECTORS; v++) accumulate(sum[r][v], four, part[v]);
        }
    }
    #pragma GCC unroll 12
    for (int r = 0; r < COUNT; r++)
        #pragma GCC unroll 2
        for (int v = 0; v < VECTORS; v++)
            write(map, sum[r][v], rounding[r], first + v * LANES, y + r * map.outputs);
}

using Tile = void (*)(const Map&, const uint8_t*, const Rounding*, int64_t, float*);

template <int VECTORS>
constexpr Tile TILES[ROWS] = {
    tile<1, VECTORS>, tile<2, VECTORS>, tile<3, VECTORS>, tile<4, VECTORS>,
    tile<5, VECTORS>, tile<6, VECTORS>, tile<7, VECTORS>, tile<8, VECTORS>,
    tile<9, VECTORS>, tile<10, VECTORS>, tile<11, VECTORS>, tile<12, VECTORS>,
};

}  // namespace

extern "C" {

// Is this the interface that is asked for, and has the processor what all kernels here are compiled for?
int heedful_available(int interface) {
    return interface == INTERFACE && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vnni");
}

// Write y (count, outputs) for x (count, inputs); `times` (inputs) and `bias` (outputs) may be null.
void heedful_linear8(const float* x, const float* times, const int8_t* weight, const float* scale,
                     const float* total, const float* bias, float* y, int64_t count, int64_t inputs,
                     int64_t outputs, int threads) {
    const Map map{inputs, outputs, (inputs + 3) / 4, weight, scale, total, bias};
    const int64_t groups = (count + ROWS - 1) / ROWS, size = map.quads * ROWS * 4;
    std::vector<uint8_t> whole(groups * size);
    std::vector<Rounding> rounding(count);
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1 && count > ROWS)
    for (int64_t r = 0; r < count; r++)
        rounding[r] = round_row(x + r * inputs, times, inputs, whole.data() + r / ROWS * size + r % ROWS * 4);
    const int64_t vectors = (outputs + LANES - 1) / LANES;
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (int64_t v = 0; v < vectors; v += WIDE)
        for (int64_t group = 0; group < groups; group++) {
            const int64_t r = group * ROWS, rows = std::min<int64_t>(ROWS, count - r) - 1;
            const Tile one = vectors - v < WIDE ? TILES<1>[rows] : TILES<WIDE>[rows];
            one(map, whole.data() + group * size, rounding.data() + r, v * LANES, y + r * outputs);
        }
}

}
