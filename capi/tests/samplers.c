/* The bits of digits by every sampler: tests/digit.rs expects the same of Rust, in the same order. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../examples/network.h"
#include "poisson_midpoint.h"

enum { STEPS = 10, WORK = 5 * PIXELS };

static float exponents[TRAINING_STEPS], image[PIXELS], work[WORK];
static pmid_row_f32_t table[TRAINING_STEPS];
static uint32_t timesteps[STEPS + 1], thresholds[TRAINING_STEPS];
static pmid_sampler_f32_t sampler;
static pmid_settings_f32_t settings;

static void expect_ok(pmid_status_t status, int line)
{
    if (status != PMID_OK) {
        printf("samplers.c:%d: \"%s\"\n", line, pmid_status_text(status));
        exit(1);
    }
}

#define OK(call) expect_ok((call), __LINE__)

static uint32_t bits(void)
{
    static float velocity[PIXELS];
    pmid_stream_t stream;
    pmid_run_f32_t run;
    pmid_network_query_f32_t query;
    size_t length;
    OK(pmid_stream_init(&stream, 1, 2));
    OK(pmid_standard_normal_f32(image, PIXELS, &stream));
    OK(pmid_sampler_f32_work_length(&sampler, PIXELS, &length));
    OK(pmid_run_f32_begin(&run, &sampler, image, PIXELS, work, length));
    for (;;) {
        /* Objects move as any struct does. */
        const pmid_run_f32_t moved = run;
        memset(&run, 0, sizeof run);
        run = moved;
        OK(pmid_run_f32_next(&run, &stream, &query));
        if (query.position == NULL)
            break;
        network_velocity(query.step, query.position, velocity);
        OK(pmid_run_f32_supply(&run, velocity, PIXELS));
    }
    return fingerprint(image);
}

/* Sets the spacing of the timesteps and the clip's quantile for the samplers that follow. */
static void use(uint32_t spacing, float quantile)
{
    OK(pmid_timesteps_f32(timesteps, STEPS + 1, spacing, 7, exponents, TRAINING_STEPS));
    settings.clip_quantile = quantile;
}

/* The bits of one sampler. */
#define SHOW(solver, ...)                                                                          \
    do {                                                                                           \
        OK(pmid_sampler_f32_init_##solver(&sampler, &settings, __VA_ARGS__));                      \
        printf("0x%08" PRIx32 "\n", bits());                                                       \
    } while (0)

int main(void)
{
    OK(pmid_schedule_f32_linear(exponents, TRAINING_STEPS, 1e-4f, 0.02f));
    settings.exponents = exponents;
    settings.training_steps = TRAINING_STEPS;
    settings.timesteps = timesteps;
    settings.timesteps_length = STEPS + 1;
    settings.predicts = PMID_VELOCITY;
    settings.clip_limit = 1;

    use(PMID_QUADRATIC, 0);
    SHOW(ddpm, PMID_FIXED_SMALL, 0);
    SHOW(ddpm, PMID_FIXED_LARGE, 0);
    SHOW(ddpm, PMID_REDUCED, 0);
    SHOW(ddpm, PMID_EXPONENTIAL, 1);
    use(PMID_LOG_SNR, 0.995f);
    SHOW(ddim, 0);
    SHOW(ddim, 0.5f);
    use(PMID_LOG_SNR, 0);
    SHOW(dpm_solver_pp, 2, 0);
    SHOW(dpm_solver_pp, 3, 0);
    SHOW(dpm_solver_pp, 3, 1);
    SHOW(dpm_solver, 2);
    SHOW(dpm_solver, 3);
    use(PMID_QUADRATIC, 0);
    SHOW(poisson_midpoint, PMID_FIXED_SMALL, 0, PMID_SAMPLE, PMID_BERNOULLI, 0, table,
         TRAINING_STEPS);
    SHOW(poisson_midpoint, PMID_EXPONENTIAL, 1, PMID_VELOCITY, PMID_BERNOULLI, 0, table,
         TRAINING_STEPS);
    use(PMID_KARRAS, 0);
    SHOW(hybrid_multistep, 2, 1, 0.5f);
    SHOW(hybrid_multistep, 3, 0, 0.5f);
    SHOW(sa_solver, 2, 2, 1, 0.05f, 1);
    SHOW(sa_solver, 3, 3, 0, 0.05f, 1);
    SHOW(er_sde, 3);
    use(PMID_QUADRATIC, 0);
    SHOW(randomized_midpoint, PMID_FIXED_SMALL, 0, PMID_SAMPLE, PMID_DRIFT, table, thresholds,
         TRAINING_STEPS);
    SHOW(randomized_midpoint, PMID_FIXED_SMALL, 0, PMID_SAMPLE, PMID_DRIFT_TIMES_DISTANCE, table,
         thresholds, TRAINING_STEPS);
    SHOW(poisson_midpoint, PMID_FIXED_SMALL, 0, PMID_EPSILON, PMID_SINGLE, 2, table,
         TRAINING_STEPS);
    return 0;
}
