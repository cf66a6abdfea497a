// softmax(scale q k^T + bias) v of one new token in each row over the keys and values that a cache holds.
// Keys and values are read in the order in which they lie, all heads of a place together.
//
// q, y (rows, heads, width) and k, v (rows, places, groups, width), of which the first `span` places count;
// heads / groups heads share keys and values. `width` is a multiple of 16.

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "vectors.h"

namespace {

constexpr float LEAST = -87.0f;  // exp of less is taken for zero

// exp(x) for x <= 0, within 2 units of the last place: 2^n times a polynomial in the rest (Cephes' coefficients).
__m512 exponential(__m512 x) {
    x = _mm512_max_ps(x, _mm512_set1_ps(LEAST));
    const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504088896341f)), 0);
    __m512 rest = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
    rest = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), rest);
    __m512 y = _mm512_set1_ps(1.9875691500e-4f);
    for (float next : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
        y = _mm512_fmadd_ps(y, rest, _mm512_set1_ps(next));
    y = _mm512_fmadd_ps(_mm512_mul_ps(y, rest), rest, _mm512_add_ps(rest, _mm512_set1_ps(1.0f)));
    return _mm512_scalef_ps(y, n);
}

// Turn scores into their softmax, in place; zeros where none is seen.
void weights(float* scores, int64_t span) {
    const float most = *std::max_element(scores, scores + span);
    if (most == -std::numeric_limits<float>::infinity()) {
        std::fill(scores, scores + span, 0.0f);
        return;
    }
    __m512 sum = _mm512_setzero_ps();
    for (int64_t s = 0; s < span; s += LANES) {
        const __mmask16 there = present(span - s);
        const __m512 x = _mm512_sub_ps(_mm512_maskz_loadu_ps(there, scores + s), _mm512_set1_ps(most));
        const __mmask16 seen = there & _mm512_cmp_ps_mask(x, _mm512_set1_ps(LEAST), _CMP_GT_OQ);
        const __m512 y = _mm512_maskz_mov_ps(seen, exponential(x));
        _mm512_mask_storeu_ps(scores + s, there, y);
        sum = _mm512_add_ps(sum, y);
    }
    const __m512 whole = _mm512_set1_ps(_mm512_reduce_add_ps(sum));
    for (int64_t s = 0; s < span; s += LANES) {
        const __mmask16 there = present(span - s);
        const __m512 y = _mm512_maskz_loadu_ps(there, scores + s);
        _mm512_mask_storeu_ps(scores + s, there, _mm512_div_ps(y, whole));
    }
}

float product(const float* a, const float* b, int64_t width) {
    __m512 sum = _mm512_mul_ps(_mm512_loadu_ps(a), _mm512_loadu_ps(b));
    for (int64_t i = LANES; i < width; i += LANES)
        sum = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), sum);
    return _mm512_reduce_add_ps(sum);
}

void add(float* sum, const float* x, float times, int64_t width) {
    const __m512 all = _mm512_set1_ps(times);
    for (int64_t i = 0; i < width; i += LANES)
        _mm512_storeu_ps(sum + i, _mm512_fmadd_ps(all, _mm512_loadu_ps(x + i), _mm512_loadu_ps(sum + i)));
}

}  // namespace

extern "C" {

// `visible` (rows or 1, span) in bytes and `bias` (rows or 1, heads or 1, span) may be null; their strides are
// in elements, 0 where one serves all. `row` is the distance of two rows in k and v.
void heedful_attend(const float* q, const float* k, const float* v, const uint8_t* visible,
                    int64_t visible_row, const float* bias, int64_t bias_row, int64_t bias_head, float* y,
                    int64_t rows, int64_t heads, int64_t groups, int64_t width, int64_t row, int64_t span,
                    float scale, int threads) {
    const int64_t place = groups * width, share = heads / groups;
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (int64_t r = 0; r < rows; r++) {
        const float* query = q + r * heads * width;
        const uint8_t* seen = visible ? visible + r * visible_row : nullptr;
        std::vector<float> scores(heads * span, -std::numeric_limits<float>::infinity());
        for (int64_t s = 0; s < span; s++) {
            if (seen && !seen[s]) continue;
            const float* key = k + r * row + s * place;
            for (int64_t h = 0; h < heads; h++) {
                const float shift = bias ? bias[r * bias_row + h * bias_head + s] : 0.0f;
                scores[h * span + s] = scale * product(query + h * width, key + h / share * width, width) + shift;
            }
        }
        float* out = y + r * heads * width;
        std::fill(out, out + heads * width, 0.0f);
        for (int64_t h = 0; h < heads; h++) weights(scores.data() + h * span, span);
        for (int64_t s = 0; s < span; s++) {
            const float* value = v + r * row + s * place;
            for (int64_t h = 0; h < heads; h++)
                add(out + h * width, value + h / share * width, scores[h * span + s], width);
        }
    }
}

}
