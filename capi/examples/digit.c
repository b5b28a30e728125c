/*
 * A handwritten digit by the Poisson midpoint method with 50 calls of a network: examples/diffusion/digit.rs in C.
 * Host and microcontroller print the same bits as the program in Rust.
 */

#include <inttypes.h>
#include <stdio.h>

#include "network.h"
#include "poisson_midpoint.h"

enum { STEPS = 25, WORK = 3 * PIXELS };

/* Generates an image from noise with the network. */
static pmid_status_t generate(uint64_t seed, float *image, unsigned *calls)
{
    static float exponents[TRAINING_STEPS], work[WORK];
    static pmid_row_f32_t table[TRAINING_STEPS];
    uint32_t timesteps[STEPS + 1];
    float velocity[PIXELS];
    pmid_stream_t stream;
    pmid_sampler_f32_t sampler;
    pmid_run_f32_t run;
    pmid_network_query_f32_t query;
    pmid_settings_f32_t settings = {0};
    settings.exponents = exponents;
    settings.training_steps = TRAINING_STEPS;
    settings.timesteps = timesteps;
    settings.timesteps_length = STEPS + 1;
    settings.predicts = PMID_VELOCITY;
    settings.clip_limit = 1;

    pmid_status_t status = pmid_schedule_f32_linear(exponents, TRAINING_STEPS, 1e-4f, 0.02f);
    if (status == PMID_OK)
        status = pmid_timesteps_f32(timesteps, STEPS + 1, PMID_QUADRATIC, 0, exponents,
                                    TRAINING_STEPS);
    if (status == PMID_OK)
        status = pmid_sampler_f32_init_poisson_midpoint(&sampler, &settings, PMID_FIXED_SMALL, 0,
                                                        PMID_SAMPLE, PMID_SINGLE, 0, table,
                                                        TRAINING_STEPS);
    if (status == PMID_OK)
        status = pmid_stream_init(&stream, seed, 0);
    if (status == PMID_OK)
        status = pmid_standard_normal_f32(image, PIXELS, &stream);
    if (status == PMID_OK)
        status = pmid_run_f32_begin(&run, &sampler, image, PIXELS, work, WORK);
    for (*calls = 0; status == PMID_OK; ++*calls) {
        status = pmid_run_f32_next(&run, &stream, &query);
        if (status != PMID_OK || query.position == NULL)
            break;
        network_velocity(query.step, query.position, velocity);
        status = pmid_run_f32_supply(&run, velocity, PIXELS);
    }
    return status;
}

/* A pixel from -1 to 1 as two characters, which together are about square. */
static const char *ink(float pixel)
{
    return pixel > 0.6f ? "@@" : pixel > 0.2f ? "##" : pixel > -0.2f ? "++" : pixel > -0.6f ? ".." : "  ";
}

int main(void)
{
    static float image[PIXELS];
    unsigned calls;
    if (!network_is_whole()) {
        puts("no weights");
        return 1;
    }
    const pmid_status_t status = generate(0, image, &calls);
    if (status != PMID_OK) {
        puts(pmid_status_text(status));
        return 1;
    }
    for (int row = 0; row < 8; ++row) {
        for (int column = 0; column < 8; ++column)
            fputs(ink(image[8 * row + column]), stdout);
        puts("");
    }
    printf("bits %08" PRIx32 " after %u calls\n", fingerprint(image), calls);
    return 0;
}
