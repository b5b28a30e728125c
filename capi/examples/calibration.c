/*
 * A sensor's bias and scale from its recorded readings: examples/calibration in C.
 *
 * reading = bias + scale * reference + noise, the noise Student's t with 4 degrees of freedom. The
 * posterior is sampled by the Poisson midpoint method; host and microcontroller print the same bits
 * as the program in Rust.
 */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "poisson_midpoint.h"

#define DIMENSION 2
#define STEPS 20000
#define DISCARDED_STEPS 500

struct reading {
    float reading, reference;
};

/* What an ozone monitor read, and the reference beside it, in parts per billion: the Norris series of
 * NIST's Statistical Reference Datasets. */
static const struct reading series[] = {
    {0.1f, 0.2f}, {338.8f, 337.4f}, {118.1f, 118.2f}, {888.0f, 884.6f},
    {9.2f, 10.1f}, {228.1f, 226.5f}, {668.5f, 666.3f}, {998.5f, 996.3f},
    {449.1f, 448.6f}, {778.9f, 777.0f}, {559.2f, 558.2f}, {0.3f, 0.4f},
    {0.1f, 0.6f}, {778.1f, 775.5f}, {668.8f, 666.9f}, {339.3f, 338.0f},
    {448.9f, 447.5f}, {10.8f, 11.6f}, {557.7f, 556.0f}, {228.3f, 228.1f},
    {998.0f, 995.8f}, {888.8f, 887.6f}, {119.6f, 120.2f}, {0.3f, 0.3f},
    {0.6f, 0.3f}, {557.6f, 556.8f}, {339.3f, 339.1f}, {888.0f, 887.2f},
    {998.5f, 999.0f}, {778.9f, 779.0f}, {10.2f, 11.1f}, {117.6f, 118.3f},
    {228.9f, 229.2f}, {668.4f, 669.1f}, {449.2f, 448.9f}, {0.2f, 0.5f},
};

/* The degrees of freedom of the noise, that number times the square of the noise's scale of 0.6 ppb,
 * and the inverse variance of the prior about a perfect sensor. */
static const float freedom = 4.0f, freedom_scale = 4.0f * 0.36f, prior = 0.01f;

/* The gradient of the log posterior with respect to the sensor's error at 500 ppb and to the error's
 * increase from there to 1000 ppb. */
static int drift(void *context, float time, const float *position, float *drift, size_t dimension)
{
    const float middle = position[0], gain = position[1];
    float of_middle = -prior * middle, of_gain = -prior * gain;
    (void)context, (void)time, (void)dimension;
    for (size_t i = 0; i < sizeof series / sizeof *series; ++i) {
        const float place = (series[i].reference - 500.0f) * 0.002f;
        const float error = series[i].reading - series[i].reference;
        const float residual = error - (middle + gain * place);
        const float pull = (freedom + 1.0f) * residual / (freedom_scale + residual * residual);
        of_middle += pull;
        of_gain += pull * place;
    }
    drift[0] = of_middle;
    drift[1] = of_gain;
    return 0;
}

/* Mean and standard deviation by Welford's recurrence. */
struct moments {
    float count, mean, sum_of_squares;
};

static void add(struct moments *moments, float value)
{
    const float deviation = value - moments->mean;
    moments->count += 1.0f;
    moments->mean += deviation / moments->count;
    moments->sum_of_squares += deviation * (value - moments->mean);
}

static float standard_deviation(const struct moments *moments)
{
    return sqrtf(moments->sum_of_squares / (moments->count - 1.0f));
}

static uint32_t bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static pmid_status_t calibrate(struct moments *bias, struct moments *scale, uint64_t *words)
{
    pmid_stream_t stream;
    pmid_pmm_overdamped_f32_t stepper;
    float parameters[DIMENSION] = {0}, work[DIMENSION * PMID_PMM_WORK];
    const float step_size = 0.4f, temperature = 1.0f, mobility = 0.01f;
    const uint32_t inner_steps = 1000;

    pmid_status_t status = pmid_stream_init(&stream, 42, 0);
    if (status == PMID_OK)
        status = pmid_pmm_overdamped_f32_init(&stepper, step_size, inner_steps, PMID_SINGLE,
                                              temperature, mobility);
    for (int step = 0; step < DISCARDED_STEPS + STEPS && status == PMID_OK; ++step) {
        status = pmid_pmm_overdamped_f32_step(&stepper, 0.0f, parameters, DIMENSION, drift, NULL,
                                              &stream, work, sizeof work / sizeof *work, NULL);
        if (status == PMID_OK && step >= DISCARDED_STEPS) {
            add(bias, parameters[0] - parameters[1]);
            add(scale, parameters[1] * 2.0f);
        }
    }
    return status == PMID_OK ? pmid_stream_tell(&stream, words) : status;
}

int main(void)
{
    struct moments bias = {0}, scale = {0};
    uint64_t words;
    const pmid_status_t status = calibrate(&bias, &scale, &words);
    if (status != PMID_OK) {
        fprintf(stderr, "calibration: %s\n", pmid_status_text(status));
        return 1;
    }
    const float b = standard_deviation(&bias), s = standard_deviation(&scale);
    printf("bias %.3f +- %.3f ppb\n", (double)bias.mean, (double)b);
    printf("scale error %.3f +- %.3f per thousand\n", (double)scale.mean, (double)s);
    printf("bits %08" PRIx32 " %08" PRIx32 " %08" PRIx32 " %08" PRIx32, bits(bias.mean), bits(b),
           bits(scale.mean), bits(s));
    printf(" after %lu words\n", (unsigned long)words);
    return 0;
}
