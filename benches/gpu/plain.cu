/* The fused workload of compare.py as one would write it by hand for speed alone: Philox (Salmon et al. 2011) in
 * registers, Box-Muller by approximate functions, fused operations. It gives other bits on another machine, and K only as
 * large as a float counts to. */
#include <stdint.h>

struct Philox { uint32_t key[2], counter[4]; };

static __device__ Philox philox_of(uint64_t seed, uint64_t particle) {
    return {{(uint32_t)seed, (uint32_t)(seed >> 32)}, {0, 0, (uint32_t)particle, (uint32_t)(particle >> 32)}};
}

static __device__ uint4 block(Philox &philox) {
    uint32_t a = philox.counter[0]++, b = philox.counter[1], c = philox.counter[2], d = philox.counter[3];
    uint32_t k = philox.key[0], l = philox.key[1];
#pragma unroll
    for (int round = 0; round < 10; round++) {
        uint32_t high = __umulhi(0xD2511F53, a), low = 0xD2511F53 * a;
        uint32_t other_high = __umulhi(0xCD9E8D57, c), other_low = 0xCD9E8D57 * c;
        a = other_high ^ b ^ k, b = other_low, c = high ^ d ^ l, d = low;
        k += 0x9E3779B9, l += 0xBB67AE85;
    }
    return make_uint4(a, b, c, d);
}

/* Two numbers of mean 0 and variance 1 that are normal, or, where no function may be approximate, nearly so: with -DEXACT,
 * for the emulated driver. */
static __device__ float2 normals(uint32_t a, uint32_t b) {
#ifdef EXACT
    const float unit = 1.7320508f / 65536.0f;
    return make_float2((int)((a >> 16) + (a & 65535) + (b >> 16) + (b & 65535) - 131070) * unit,
                       (int)((a >> 16) - (a & 65535) + (b >> 16) - (b & 65535)) * unit);
#else
    const float unit = 1.0f / 4294967296.0f;
    float radius = sqrtf(-2 * __logf(a * unit + unit / 2)), sine, cosine;
    __sincosf(b * (unit * 6.2831853f), &sine, &cosine);
    return make_float2(radius * sine, radius * cosine);
#endif
}

static __device__ float force(float x) {
    float inner = fminf(fmaxf(x, -3.0f), 3.0f);
    return inner - inner * inner * inner + (1.0f - 27.0f) * (x - inner);
}

/* 2*count scalars, all first dimensions before all second ones. */
extern "C" __global__ void euler_maruyama(float *x, uint64_t count, uint64_t seed, uint32_t steps, float eta) {
    uint64_t particle = blockIdx.x * (uint64_t)blockDim.x + threadIdx.x;
    if (particle >= count) return;
    float first = x[particle], second = x[count + particle], deviation = sqrtf(2 * eta);
    Philox philox = philox_of(seed, particle);
    for (uint32_t step = 0; step < steps; step += 2) {
        uint4 word = block(philox);
        float2 z = normals(word.x, word.y);
        first += eta * force(first) + deviation * z.x;
        second += eta * force(second) + deviation * z.y;
        if (step + 1 == steps) break;
        z = normals(word.z, word.w);
        first += eta * force(first) + deviation * z.x;
        second += eta * force(second) + deviation * z.y;
    }
    x[particle] = first, x[count + particle] = second;
}

extern "C" __global__ void single(float *x, uint64_t count, uint64_t seed, uint32_t steps, float eta, uint32_t inner_steps) {
    uint64_t particle = blockIdx.x * (uint64_t)blockDim.x + threadIdx.x;
    if (particle >= count) return;
    float first = x[particle], second = x[count + particle];
    float inner = eta / inner_steps, weight = (inner_steps - 1) * inner;
    Philox philox = philox_of(seed, particle), of_midpoints = philox_of(seed + 1, particle);
    uint4 gaps;
    for (uint32_t step = 0; step < steps; step++) {
        if (step % 4 == 0) gaps = block(of_midpoints);
        uint32_t gap = step % 4 == 0 ? gaps.x : step % 4 == 1 ? gaps.y : step % 4 == 2 ? gaps.z : gaps.w;
        float before = (1 + __umulhi(gap, inner_steps - 1)) * inner;
        uint4 word = block(philox);
        float2 z = normals(word.x, word.y), next = normals(word.z, word.w);
        float until = sqrtf(2 * before), after = sqrtf(2 * (eta - before));
        float b = force(first), c = force(second);
        float correction = weight * (force(first + before * b + until * z.x) - b);
        float other = weight * (force(second + before * c + until * z.y) - c);
        first += eta * b + until * z.x + after * next.x + correction;
        second += eta * c + until * z.y + after * next.y + other;
    }
    x[particle] = first, x[count + particle] = second;
}
