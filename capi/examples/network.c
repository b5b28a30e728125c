#include "network.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "poisson_midpoint.h"

enum { WIDTH = 128, BLOCKS = 4, KNOTS = 16, SCALAR = 4 };

/* The bytes of the file's header: a 64-bit little-endian length, and as many bytes as it says. */
static size_t header(void)
{
    size_t length = 0;
    for (int byte = 3; byte >= 0; --byte)
        length = length << 8 | weights[byte];
    return 8 + length;
}

int network_is_whole(void)
{
    const size_t time = (KNOTS + 1) * WIDTH;
    const size_t block = 2 * WIDTH * WIDTH + time + WIDTH;
    const size_t parameters = PIXELS * WIDTH + time + BLOCKS * block + WIDTH * PIXELS + PIXELS;
    return (size_t)(weights_end - weights) == header() + SCALAR * parameters;
}

/* A little-endian scalar, on a little-endian machine. */
static float scalar(const unsigned char *bytes)
{
    float value;
    memcpy(&value, bytes, SCALAR);
    return value;
}

/* Each of these reads a tensor, and returns where the next one begins. */

/* Adds the inputs times a matrix that has a row for each input. */
static const unsigned char *add_product(const unsigned char *matrix, const float *inputs, size_t from,
                                        float *outputs, size_t to)
{
    for (size_t i = 0; i < from; ++i)
        for (size_t j = 0; j < to; ++j, matrix += SCALAR)
            outputs[j] += inputs[i] * scalar(matrix);
    return matrix;
}

static const unsigned char *add_bias(const unsigned char *bias, float *outputs, size_t to)
{
    for (size_t j = 0; j < to; ++j, bias += SCALAR)
        outputs[j] += scalar(bias);
    return bias;
}

/* Adds a row interpolated in sqrt(t/T). */
static const unsigned char *add_time(const unsigned char *table, uint32_t step, float *outputs)
{
    const float place = KNOTS * sqrtf((float)step / TRAINING_STEPS);
    const size_t below = place < KNOTS - 1 ? (size_t)place : KNOTS - 1;
    const float part = place - (float)below;
    const unsigned char *row = table + below * WIDTH * SCALAR;
    for (size_t j = 0; j < WIDTH; ++j, row += SCALAR)
        outputs[j] += (1.0f - part) * scalar(row) + part * scalar(row + WIDTH * SCALAR);
    return table + (KNOTS + 1) * WIDTH * SCALAR;
}

/* x/(1 + e^-x) of each value. */
static void silu(const float *values, float *results)
{
    for (size_t j = 0; j < WIDTH; ++j)
        results[j] = values[j] / (1.0f + pmid_exp_f32(-values[j]));
}

void network_velocity(uint32_t step, const float *x, float *velocity)
{
    const unsigned char *tensor = weights + header();
    float h[WIDTH] = {0}, inner[WIDTH], active[WIDTH];
    tensor = add_product(tensor, x, PIXELS, h, WIDTH);
    tensor = add_time(tensor, step, h);
    for (int block = 0; block < BLOCKS; ++block) {
        memset(inner, 0, sizeof inner);
        silu(h, active);
        tensor = add_product(tensor, active, WIDTH, inner, WIDTH);
        tensor = add_time(tensor, step, inner);
        silu(inner, active);
        tensor = add_product(tensor, active, WIDTH, h, WIDTH);
        tensor = add_bias(tensor, h, WIDTH);
    }
    memset(velocity, 0, PIXELS * sizeof *velocity);
    silu(h, active);
    tensor = add_product(tensor, active, WIDTH, velocity, PIXELS);
    add_bias(tensor, velocity, PIXELS);
}

uint32_t fingerprint(const float *image)
{
    uint32_t hash = 0x811c9dc5;
    for (int i = 0; i < PIXELS; ++i) {
        uint32_t bits;
        memcpy(&bits, &image[i], sizeof bits);
        hash = (hash ^ bits) * 0x01000193;
        hash = hash << 5 | hash >> 27;
    }
    return hash;
}
