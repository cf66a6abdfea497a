// y = x W^T + b with W in 8 bits, one scale for each output, and x in 8 bits, one scale for each row.
// Rows are rounded here, products are summed by AVX512-VNNI in 32 bits, so that a row's y does not depend
// on the other rows. Called through ctypes; threads come from the OpenMP that torch has loaded.
//
// W (outputs, inputs) lies in tiles of 16 outputs by 4 inputs, one 64-byte vector each:
// weight[output / 16][input / 4][output % 16][input % 4], zeros where outputs or inputs end.

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace {

constexpr int INTERFACE = 1;  // counts the changes of what the functions of this library take
constexpr int LANES = 16;   // outputs in a vector
constexpr int ROWS = 8;     // rows that are summed at once,
constexpr int WIDE = 3;     // by as many vectors of outputs: 24 sums stay in registers

// What a row became: its 8-bit values are x / scale + 128.
void round_row(const float* x, int64_t inputs, int64_t padded, uint8_t* out, float* scale) {
    __m512 top = _mm512_setzero_ps();
    int64_t i = 0;
    for (; i + LANES <= inputs; i += LANES) top = _mm512_max_ps(top, _mm512_abs_ps(_mm512_loadu_ps(x + i)));
    float most = _mm512_reduce_max_ps(top);
    for (; i < inputs; i++) most = std::max(most, std::fabs(x[i]));
    *scale = most / 127.0f;
    const float inverse = most > 0 ? 127.0f / most : 0.0f;
    const __m512 times = _mm512_set1_ps(inverse);
    const __m512i middle = _mm512_set1_epi32(128);
    for (i = 0; i + LANES <= inputs; i += LANES) {
        __m512i whole = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + i), times));
        _mm_storeu_si128((__m128i*)(out + i), _mm512_cvtusepi32_epi8(_mm512_add_epi32(whole, middle)));
    }
    for (; i < inputs; i++) out[i] = (uint8_t)(std::nearbyint(x[i] * inverse) + 128);
    for (; i < padded; i++) out[i] = 128;
}

struct Map {
    int64_t inputs, outputs, quads;   // quads: inputs / 4, rounded up
    const int8_t* weight;
    const float *scale, *bias;        // of each output
    const int32_t* shift;             // 128 times the sum of each output's weights
};

// Write `count` rows by `wide` vectors of outputs.
template <int COUNT, int VECTORS>
void tile(const Map& map, const uint8_t* x, const float* scales, int64_t first, float* y) {
    const int64_t stride = map.quads * 64, width = map.quads * 4;
    const int8_t* w = map.weight + first / LANES * stride;
    __m512i sum[COUNT][VECTORS];
    #pragma GCC unroll 8
    for (int r = 0; r < COUNT; r++)
        #pragma GCC unroll 3
        for (int v = 0; v < VECTORS; v++) sum[r][v] = _mm512_setzero_si512();
    for (int64_t quad = 0; quad < map.quads; quad++) {
        __m512i part[VECTORS];
        #pragma GCC unroll 3
        for (int v = 0; v < VECTORS; v++) part[v] = _mm512_load_si512(w + v * stride + quad * 64);
        #pragma GCC unroll 8
        for (int r = 0; r < COUNT; r++) {
            const __m512i four = _mm512_set1_epi32(*(const int32_t*)(x + r * width + quad * 4));
            #pragma GCC unroll 3
            for (int v = 0; v < VECTORS; v++) sum[r][v] = _mm512_dpbusd_epi32(sum[r][v], four, part[v]);
        }
    }
    #pragma GCC unroll 3
    for (int v = 0; v < VECTORS; v++) {
        const int64_t at = first + v * LANES;
        const __mmask16 there = (__mmask16)((1u << std::min<int64_t>(LANES, map.outputs - at)) - 1);
        const __m512i shift = _mm512_maskz_loadu_epi32(there, map.shift + at);
        const __m512 scale = _mm512_maskz_loadu_ps(there, map.scale + at);
        const __m512 bias = map.bias ? _mm512_maskz_loadu_ps(there, map.bias + at) : _mm512_setzero_ps();
        #pragma GCC unroll 8
        for (int r = 0; r < COUNT; r++) {
            const __m512 whole = _mm512_cvtepi32_ps(_mm512_sub_epi32(sum[r][v], shift));
            const __m512 both = _mm512_mul_ps(scale, _mm512_set1_ps(scales[r]));
            _mm512_mask_storeu_ps(y + r * map.outputs + at, there, _mm512_fmadd_ps(whole, both, bias));
        }
    }
}

template <int VECTORS>
void rows(const Map& map, const uint8_t* x, const float* scales, int64_t count, int64_t first, float* y) {
    const int64_t width = map.quads * 4;
    for (int64_t r = 0; r < count; r += ROWS) {
        const uint8_t* row = x + r * width;
        const float* scale = scales + r;
        float* out = y + r * map.outputs;
        switch (std::min<int64_t>(ROWS, count - r)) {
            case 1: tile<1, VECTORS>(map, row, scale, first, out); break;
            case 2: tile<2, VECTORS>(map, row, scale, first, out); break;
            case 3: tile<3, VECTORS>(map, row, scale, first, out); break;
            case 4: tile<4, VECTORS>(map, row, scale, first, out); break;
            case 5: tile<5, VECTORS>(map, row, scale, first, out); break;
            case 6: tile<6, VECTORS>(map, row, scale, first, out); break;
            case 7: tile<7, VECTORS>(map, row, scale, first, out); break;
            default: tile<ROWS, VECTORS>(map, row, scale, first, out);
        }
    }
}

}  // namespace

extern "C" {

// Is this the interface that is asked for, and has the processor what all kernels here are compiled for?
int heedful_available(int interface) {
    return interface == INTERFACE && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vnni");
}

// Write y (count, outputs) for x (count, inputs); `weight` starts at a multiple of 64 bytes.
void heedful_linear8(const float* x, const int8_t* weight, const float* scale, const int32_t* shift,
                     const float* bias, float* y, int64_t count, int64_t inputs, int64_t outputs,
                     int threads) {
    const Map map{inputs, outputs, (inputs + 3) / 4, weight, scale, bias, shift};
    const int64_t width = map.quads * 4;
    std::vector<uint8_t> rounded(count * width);
    std::vector<float> scales(count);
    for (int64_t r = 0; r < count; r++)
        round_row(x + r * inputs, inputs, width, rounded.data() + r * width, scales.data() + r);
    const int64_t vectors = (outputs + LANES - 1) / LANES;
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (int64_t v = 0; v < vectors; v += WIDE) {
        switch (std::min<int64_t>(WIDE, vectors - v)) {
            case 1: rows<1>(map, rounded.data(), scales.data(), count, v * LANES, y); break;
            case 2: rows<2>(map, rounded.data(), scales.data(), count, v * LANES, y); break;
            default: rows<WIDE>(map, rounded.data(), scales.data(), count, v * LANES, y);
        }
    }
}

}
