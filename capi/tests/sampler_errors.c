/* What the C interface for diffusion refuses: every status, and that nothing changes when one is returned. */

#include <float.h>
#include <math.h>
#include <stdint.h>

#include "expect.h"

enum { TRAINING_STEPS = 20, STEPS = 4, DIMENSION = 3, WORK = 7 * DIMENSION };

/* Aligned for any object, so that a call can be told that one lies there. */
static union {
    float scalars[TRAINING_STEPS];
    pmid_run_f32_t run;
    pmid_stream_t stream;
} memory;
static float *const exponents = memory.scalars;
static union {
    uint32_t steps[STEPS + 1];
    size_t length;
} list;
static uint32_t *const timesteps = list.steps;
static uint32_t thresholds[TRAINING_STEPS];
static pmid_row_f32_t table[TRAINING_STEPS];
static pmid_settings_f32_t settings;
static pmid_sampler_f32_t sampler;
static pmid_run_f32_t run;
static pmid_stream_t stream;
static pmid_network_query_f32_t query;
static float x[DIMENSION], work[WORK], output[DIMENSION];

static void set_up(void)
{
    const pmid_settings_f32_t good = {exponents, TRAINING_STEPS, timesteps, STEPS + 1,
                                      PMID_EPSILON, 0, 0};
    settings = good;
    EXPECT(pmid_schedule_f32_linear(exponents, TRAINING_STEPS, 0.01f, 0.3f), PMID_OK);
    EXPECT(pmid_timesteps_f32(timesteps, STEPS + 1, PMID_UNIFORM, 0, exponents, TRAINING_STEPS),
           PMID_OK);
    EXPECT(pmid_sampler_f32_init_ddim(&sampler, &settings, 1), PMID_OK);
    EXPECT(pmid_stream_init(&stream, 42, 0), PMID_OK);
    for (int d = 0; d < DIMENSION; ++d) {
        x[d] = 1 - (float)d;
        output[d] = 0.5f;
    }
    memset(&run, 0, sizeof run);
}

static int x_is_as_set_up(void)
{
    return x[0] == 1 && x[1] == 0 && x[2] == -1;
}

static uint64_t position(void)
{
    uint64_t position = UINT64_MAX;
    EXPECT(pmid_stream_tell(&stream, &position), PMID_OK);
    return position;
}

static void schedules(void)
{
    static const float bad[] = {0, -1, NAN, INFINITY, -INFINITY};
    float given[TRAINING_STEPS], signal = 7, noise = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        EXPECT(pmid_schedule_f32_linear(exponents, TRAINING_STEPS, bad[i], 0.3f),
               PMID_BAD_SCHEDULE);
        EXPECT(pmid_schedule_f32_scaled_linear(exponents, TRAINING_STEPS, 0.1f, bad[i]),
               PMID_BAD_SCHEDULE);
        EXPECT(pmid_schedule_f32_linear_rate(exponents, TRAINING_STEPS, bad[i], 20),
               PMID_BAD_SCHEDULE);
        EXPECT(pmid_schedule_f32_rectified_flow(exponents, TRAINING_STEPS, bad[i]),
               PMID_BAD_SCHEDULE);
        EXPECT(pmid_schedule_f32_karras(exponents, TRAINING_STEPS, 7, bad[i], 80),
               PMID_BAD_SCHEDULE);
        if (bad[i] != 0)
            EXPECT(pmid_level_f32(bad[i], &signal, &noise), PMID_BAD_SCHEDULE);
        for (int t = 0; t < TRAINING_STEPS; ++t)
            given[t] = 0.1f;
        given[3] = bad[i];
        EXPECT(pmid_schedule_f32_betas(exponents, given, TRAINING_STEPS), PMID_BAD_SCHEDULE);
        EXPECT(pmid_schedule_f32_alpha_bars(exponents, given, TRAINING_STEPS), PMID_BAD_SCHEDULE);
    }
    EXPECT_TRUE(signal == 7 && noise == 7);
    EXPECT(pmid_schedule_f32_karras(exponents, TRAINING_STEPS, 0, 0.1f, 80), PMID_BAD_SCHEDULE);
    EXPECT(pmid_schedule_f32_squared_cosine(exponents, 0), PMID_BAD_DIMENSION);
    EXPECT(pmid_schedule_f32_squared_cosine(NULL, TRAINING_STEPS), PMID_NULL_POINTER);
    EXPECT(pmid_schedule_f32_squared_cosine(misaligned(exponents), TRAINING_STEPS),
           PMID_MISALIGNED_POINTER);
    EXPECT(pmid_schedule_f32_betas(exponents, NULL, TRAINING_STEPS), PMID_NULL_POINTER);
    EXPECT(pmid_schedule_f32_betas(exponents, exponents, TRAINING_STEPS), PMID_OVERLAP);
    EXPECT(pmid_schedule_f32_alpha_bars(exponents, exponents + 1, TRAINING_STEPS - 1),
           PMID_OVERLAP);
    EXPECT(pmid_level_f32(1, NULL, &noise), PMID_NULL_POINTER);
    EXPECT(pmid_level_f32(1, &signal, &signal), PMID_OVERLAP);
    EXPECT(pmid_level_f32(0, &signal, &noise), PMID_OK);
    EXPECT_TRUE(signal == 1 && noise == 0);
}

static void lists(void)
{
    set_up();
#define LIST(LENGTH, SPACING, RHO)                                                                 \
    pmid_timesteps_f32(timesteps, LENGTH, SPACING, RHO, exponents, TRAINING_STEPS)
    EXPECT(LIST(0, PMID_UNIFORM, 0), PMID_BAD_DIMENSION);
    EXPECT(LIST(1, PMID_UNIFORM, 0), PMID_BAD_TIMESTEPS);
    EXPECT(LIST(STEPS + 1, PMID_KARRAS, 0), PMID_BAD_SPACING);
    EXPECT(LIST(STEPS + 1, PMID_KARRAS + 1, 7), PMID_BAD_SPACING);
    EXPECT(LIST(STEPS + 1, PMID_KARRAS, 7), PMID_OK);
    EXPECT_TRUE(timesteps[0] == TRAINING_STEPS && timesteps[STEPS] == 0);
    EXPECT(pmid_timesteps_f32(NULL, 5, PMID_UNIFORM, 0, exponents, TRAINING_STEPS),
           PMID_NULL_POINTER);
    EXPECT(pmid_timesteps_f32(timesteps, 5, PMID_UNIFORM, 0, NULL, TRAINING_STEPS),
           PMID_NULL_POINTER);
    EXPECT(pmid_timesteps_f32((uint32_t *)exponents, 5, PMID_UNIFORM, 0, exponents,
                              TRAINING_STEPS),
           PMID_OVERLAP);
    EXPECT(pmid_timesteps_f32(timesteps, STEPS + 1, PMID_UNIFORM, 0, exponents, STEPS - 1),
           PMID_BAD_TIMESTEPS);
}

/* The sample that the sampler makes of fixed noise and outputs, which shows whether the sampler is unchanged. */
static float outcome(void)
{
    pmid_stream_t words;
    pmid_run_f32_t once;
    pmid_network_query_f32_t asked;
    float y[1] = {0.25f}, space[8];
    const float known = 0.5f;
    pmid_status_t status = pmid_stream_init(&words, 1, 0);
    if (status == PMID_OK)
        status = pmid_run_f32_begin(&once, &sampler, y, 1, space, 8);
    while (status == PMID_OK) {
        status = pmid_run_f32_next(&once, &words, &asked);
        if (status != PMID_OK || asked.position == NULL)
            break;
        status = pmid_run_f32_supply(&once, &known, 1);
    }
    EXPECT(status, PMID_OK);
    return y[0];
}

/* Settings and parameters. */
static void samplers(void)
{
    set_up();
    const float before = outcome();
#define REFUSE(FIELD, VALUE, STATUS)                                                               \
    do {                                                                                           \
        pmid_settings_f32_t other = settings;                                                      \
        other.FIELD = (VALUE);                                                                     \
        EXPECT(pmid_sampler_f32_init_ddim(&sampler, &other, 1), STATUS);                           \
        EXPECT_TRUE(outcome() == before);                               \
    } while (0)
    static const float equal[] = {0.5f, 0.5f}, infinite[] = {0.5f, INFINITY};
    static const uint32_t rising[] = {1, 2}, late[] = {TRAINING_STEPS + 1, 0};
    REFUSE(exponents, NULL, PMID_NULL_POINTER);
    REFUSE(exponents, misaligned(exponents), PMID_MISALIGNED_POINTER);
    REFUSE(exponents, (float *)&sampler, PMID_OVERLAP);
    REFUSE(training_steps, 0, PMID_BAD_DIMENSION);
    REFUSE(training_steps, STEPS, PMID_BAD_TIMESTEPS);
    REFUSE(timesteps, NULL, PMID_NULL_POINTER);
    REFUSE(timesteps, late, PMID_BAD_TIMESTEPS);
    REFUSE(timesteps_length, 1, PMID_BAD_TIMESTEPS);
    REFUSE(timesteps_length, 0, PMID_BAD_DIMENSION);
    REFUSE(predicts, PMID_FLOW + 1, PMID_BAD_PREDICTION);
    REFUSE(clip_limit, -1, PMID_BAD_CLIP);
    REFUSE(clip_limit, NAN, PMID_BAD_CLIP);
    settings.training_steps = 2;
    REFUSE(exponents, equal, PMID_BAD_SCHEDULE);
    REFUSE(exponents, infinite, PMID_BAD_SCHEDULE);
    settings.training_steps = TRAINING_STEPS;
    settings.timesteps_length = 2;
    REFUSE(timesteps, rising, PMID_BAD_TIMESTEPS);
    settings.timesteps_length = STEPS + 1;
    settings.clip_limit = 1;
    REFUSE(clip_quantile, 1.5f, PMID_BAD_CLIP);
    settings.clip_limit = 0;

    EXPECT(pmid_sampler_f32_init_ddim(NULL, &settings, 1), PMID_NULL_POINTER);
    EXPECT(pmid_sampler_f32_init_ddim(&sampler, NULL, 1), PMID_NULL_POINTER);
    EXPECT(pmid_sampler_f32_init_ddim(&sampler, (pmid_settings_f32_t *)&sampler, 1),
           PMID_OVERLAP);
#define INIT(SOLVER, ...) pmid_sampler_f32_init_##SOLVER(&sampler, &settings, __VA_ARGS__)
    EXPECT(INIT(ddim, -0.5f), PMID_BAD_ETA);
    EXPECT(INIT(ddpm, PMID_EXPONENTIAL, -2), PMID_BAD_VARIANT);
    EXPECT(INIT(ddpm, PMID_EXPONENTIAL + 1, 0), PMID_BAD_VARIANT);
    EXPECT(INIT(dpm_solver, 4), PMID_BAD_ORDER);
    EXPECT(INIT(dpm_solver_pp, 0, 0), PMID_BAD_ORDER);
    EXPECT(INIT(dpm_solver_pp, 2, 2), PMID_BAD_ETA);
    EXPECT(INIT(hybrid_multistep, 2, 0, 1.5f), PMID_BAD_ETA);
    EXPECT(INIT(sa_solver, 2, 2, -1, 0.05f, 1), PMID_BAD_TAU);
    EXPECT(INIT(sa_solver, 2, 2, 1, 1, 0.05f), PMID_BAD_TAU);
    EXPECT(INIT(er_sde, 0), PMID_BAD_ORDER);
    EXPECT_TRUE(outcome() == before);

#define POISSON(VARIANT, HELD, LAW, TABLE, ROWS)                                                   \
    INIT(poisson_midpoint, VARIANT, 0, HELD, LAW, 0, TABLE, ROWS)
    EXPECT(POISSON(0, PMID_SAMPLE, PMID_SINGLE, (pmid_row_f32_t *)exponents, TRAINING_STEPS),
           PMID_OVERLAP);
    EXPECT(POISSON(9, PMID_SAMPLE, PMID_SINGLE, table, TRAINING_STEPS), PMID_BAD_VARIANT);
    EXPECT(POISSON(0, 9, PMID_SINGLE, table, TRAINING_STEPS), PMID_BAD_PREDICTION);
    EXPECT(POISSON(0, PMID_SAMPLE, 9, table, TRAINING_STEPS), PMID_BAD_LAW);
    EXPECT(POISSON(0, PMID_SAMPLE, PMID_SINGLE, NULL, TRAINING_STEPS), PMID_NULL_POINTER);
    EXPECT(POISSON(0, PMID_SAMPLE, PMID_SINGLE, misaligned(table), 1), PMID_MISALIGNED_POINTER);
    EXPECT(POISSON(0, PMID_SAMPLE, PMID_SINGLE, table, 0), PMID_BAD_DIMENSION);
    EXPECT(POISSON(0, PMID_SAMPLE, PMID_SINGLE, table, TRAINING_STEPS - 1), PMID_TABLE_TOO_SHORT);
    EXPECT(INIT(poisson_midpoint, PMID_EXPONENTIAL, -2, PMID_SAMPLE, PMID_SINGLE, 0, table,
                TRAINING_STEPS),
           PMID_BAD_VARIANT);
    settings.timesteps = late;
    settings.timesteps_length = 2;
    EXPECT(POISSON(0, PMID_SAMPLE, PMID_SINGLE, table, TRAINING_STEPS), PMID_BAD_TIMESTEPS);
    settings.timesteps = timesteps;
    settings.timesteps_length = STEPS + 1;
#define RANDOMIZED(DENSITY, THRESHOLDS)                                                            \
    INIT(randomized_midpoint, 0, 0, PMID_SAMPLE, DENSITY, table, THRESHOLDS, TRAINING_STEPS)
    EXPECT(RANDOMIZED(2, thresholds), PMID_BAD_DENSITY);
    EXPECT(RANDOMIZED(PMID_DRIFT, NULL), PMID_NULL_POINTER);
    EXPECT(RANDOMIZED(PMID_DRIFT, (uint32_t *)table), PMID_OVERLAP);
    EXPECT_TRUE(outcome() == before);

    /* A schedule whose last signal is 0, by which a step would have to divide. */
    const float far[] = {1, 4000};
    const uint32_t all[] = {2, 0};
    settings.exponents = far;
    settings.training_steps = 2;
    settings.timesteps = all;
    settings.timesteps_length = 2;
    size_t length;
    EXPECT(POISSON(PMID_EXPONENTIAL, PMID_EPSILON, PMID_SINGLE, table, 2), PMID_BAD_COEFFICIENT);
    EXPECT(pmid_sampler_f32_work_length(&sampler, DIMENSION, &length), PMID_UNINITIALIZED);
}

static void runs(void)
{
    const pmid_sampler_f32_t none = {{0}};
    size_t length = 7;
    set_up();
    EXPECT(pmid_sampler_f32_work_length(&sampler, DIMENSION, &length), PMID_OK);
    EXPECT_TRUE(length == 2 * DIMENSION);
    EXPECT(pmid_sampler_f32_work_length(&none, DIMENSION, &length), PMID_UNINITIALIZED);
    EXPECT(pmid_sampler_f32_work_length(&sampler, 0, &length), PMID_BAD_DIMENSION);
    EXPECT(pmid_sampler_f32_work_length(&sampler, SIZE_MAX, &length), PMID_BAD_DIMENSION);
    EXPECT(pmid_sampler_f32_work_length(&sampler, 1, NULL), PMID_NULL_POINTER);
    EXPECT(pmid_sampler_f32_work_length(&sampler, 1, (size_t *)&sampler), PMID_OVERLAP);
    EXPECT(pmid_sampler_f32_work_length(&sampler, 1, (size_t *)timesteps), PMID_OVERLAP);
    EXPECT_TRUE(length == 2 * DIMENSION);

#define BEGIN(RUN, SAMPLER, X, N, WORK_ARRAY, LENGTH)                                              \
    pmid_run_f32_begin(RUN, SAMPLER, X, N, WORK_ARRAY, LENGTH)
    EXPECT(BEGIN(NULL, &sampler, x, DIMENSION, work, WORK), PMID_NULL_POINTER);
    EXPECT(BEGIN(&run, NULL, x, DIMENSION, work, WORK), PMID_NULL_POINTER);
    EXPECT(BEGIN(&run, &none, x, DIMENSION, work, WORK), PMID_UNINITIALIZED);
    EXPECT(BEGIN(&run, &sampler, NULL, DIMENSION, work, WORK), PMID_NULL_POINTER);
    EXPECT(BEGIN(&run, &sampler, x, DIMENSION, NULL, WORK), PMID_NULL_POINTER);
    EXPECT(BEGIN(&run, &sampler, misaligned(x), 1, work, WORK), PMID_MISALIGNED_POINTER);
    EXPECT(BEGIN(&run, &sampler, x, 0, work, WORK), PMID_BAD_DIMENSION);
    EXPECT(BEGIN(&run, &sampler, x, DIMENSION, work, 2 * DIMENSION - 1), PMID_WORK_TOO_SHORT);
    EXPECT(BEGIN(&run, &sampler, work + 1, DIMENSION, work, WORK), PMID_OVERLAP);
    EXPECT(BEGIN(&run, &sampler, exponents, DIMENSION, work, WORK), PMID_OVERLAP);
    EXPECT(BEGIN(&run, &sampler, x, DIMENSION, (float *)&sampler, WORK), PMID_OVERLAP);
    EXPECT(BEGIN(&run, &sampler, x, DIMENSION, (float *)&run, WORK), PMID_OVERLAP);
    EXPECT(BEGIN(&memory.run, &sampler, x, DIMENSION, work, WORK), PMID_OVERLAP);
    EXPECT(pmid_run_f32_next(&run, &stream, &query), PMID_UNINITIALIZED);
    EXPECT(pmid_run_f32_supply(&run, output, DIMENSION), PMID_UNINITIALIZED);

    EXPECT(BEGIN(&run, &sampler, x, DIMENSION, work, WORK), PMID_OK);
    EXPECT(pmid_run_f32_supply(&run, output, DIMENSION), PMID_OUTPUT_NOT_ASKED);
    EXPECT(pmid_run_f32_next(&run, NULL, &query), PMID_NULL_POINTER);
    EXPECT(pmid_run_f32_next(&run, &stream, NULL), PMID_NULL_POINTER);
    EXPECT(pmid_run_f32_next(&run, &stream, (pmid_network_query_f32_t *)&run), PMID_OVERLAP);
    EXPECT(pmid_run_f32_next(&run, &stream, (pmid_network_query_f32_t *)&sampler), PMID_OVERLAP);
    EXPECT(pmid_run_f32_next(&run, &stream, (pmid_network_query_f32_t *)&memory), PMID_OVERLAP);
    EXPECT(pmid_run_f32_next(&run, &memory.stream, &query), PMID_OVERLAP);
    EXPECT(pmid_run_f32_next(&run, &stream, &query), PMID_OK);
    EXPECT_TRUE(query.position != NULL && query.step == TRAINING_STEPS);
    EXPECT(pmid_run_f32_supply(&run, NULL, DIMENSION), PMID_NULL_POINTER);
    EXPECT(pmid_run_f32_supply(&run, output, DIMENSION - 1), PMID_BAD_DIMENSION);
    EXPECT(pmid_run_f32_supply(&run, x, DIMENSION), PMID_OVERLAP);
    EXPECT(pmid_run_f32_supply(&run, query.position, DIMENSION), PMID_OVERLAP);
    output[1] = NAN;
    EXPECT(pmid_run_f32_supply(&run, output, DIMENSION), PMID_NON_FINITE_OUTPUT);
    EXPECT_TRUE(x_is_as_set_up() && position() == 0);
    output[1] = 0.5f;
    EXPECT(pmid_run_f32_supply(&run, output, DIMENSION), PMID_OK);
    EXPECT(pmid_run_f32_supply(&run, output, DIMENSION), PMID_OUTPUT_NOT_ASKED);
    EXPECT(pmid_run_f32_next(&run, &stream, &query), PMID_OK);
    EXPECT_TRUE(query.step == timesteps[1] && !x_is_as_set_up() && position() == DIMENSION);
    EXPECT(pmid_run_f32_next(&run, &stream, &query), PMID_OK);
    EXPECT_TRUE(query.step == timesteps[1] && position() == DIMENSION);
    while (query.position != NULL) {
        EXPECT(pmid_run_f32_supply(&run, output, DIMENSION), PMID_OK);
        EXPECT(pmid_run_f32_next(&run, &stream, &query), PMID_OK);
    }
    EXPECT_TRUE(position() == STEPS * DIMENSION);
    EXPECT(pmid_run_f32_supply(&run, output, DIMENSION), PMID_OUTPUT_NOT_ASKED);

    /* A sample that is not finite: the run stops for good. */
    set_up();
    x[2] = INFINITY;
    EXPECT(BEGIN(&run, &sampler, x, DIMENSION, work, WORK), PMID_OK);
    EXPECT(pmid_run_f32_next(&run, &stream, &query), PMID_NON_FINITE_SAMPLE);
    EXPECT(pmid_run_f32_next(&run, &stream, &query), PMID_NON_FINITE_SAMPLE);
    EXPECT(pmid_run_f32_supply(&run, output, DIMENSION), PMID_NON_FINITE_SAMPLE);
    EXPECT_TRUE(x[0] == 1 && position() == 0);

    /* A sampler made anew with another solver wants more work than the run has. */
    set_up();
    EXPECT(BEGIN(&run, &sampler, x, DIMENSION, work, 2 * DIMENSION), PMID_OK);
    EXPECT(POISSON(0, PMID_SAMPLE, PMID_SINGLE, table, TRAINING_STEPS), PMID_OK);
    EXPECT(pmid_run_f32_next(&run, &stream, &query), PMID_WORK_TOO_SHORT);
    memset(&sampler, 0, sizeof sampler);
    EXPECT(pmid_run_f32_next(&run, &stream, &query), PMID_UNINITIALIZED);
    EXPECT_TRUE(x_is_as_set_up() && position() == 0);

    EXPECT(pmid_standard_normal_f32(x, 0, &stream), PMID_BAD_DIMENSION);
    EXPECT(pmid_standard_normal_f32(NULL, 1, &stream), PMID_NULL_POINTER);
    EXPECT(pmid_standard_normal_f32((float *)&stream, 1, &stream), PMID_OVERLAP);
    EXPECT_TRUE(position() == 0);
    EXPECT_TRUE(pmid_exp_f32(0) == 1 && pmid_exp_f64(0) == 1);
}

/* Double precision, by every solver's own init function, for data that are always a half. */
static void double_precision(void)
{
    static double alphas[TRAINING_STEPS], y[1], space[8];
    static pmid_row_f64_t rows[TRAINING_STEPS];
    static pmid_sampler_f64_t of;
    const pmid_settings_f64_t good = {alphas, TRAINING_STEPS, timesteps, STEPS + 1,
                                      PMID_SAMPLE, 1, 0};
    set_up();
    EXPECT(pmid_schedule_f64_linear(alphas, TRAINING_STEPS, 0.01, 0.3), PMID_OK);
    for (int solver = 0; solver < 9; ++solver) {
        pmid_status_t made =
            solver == 0   ? pmid_sampler_f64_init_ddpm(&of, &good, PMID_FIXED_SMALL, 0)
            : solver == 1 ? pmid_sampler_f64_init_ddim(&of, &good, 0.5)
            : solver == 2 ? pmid_sampler_f64_init_dpm_solver(&of, &good, 2)
            : solver == 3 ? pmid_sampler_f64_init_dpm_solver_pp(&of, &good, 2, 1)
            : solver == 4 ? pmid_sampler_f64_init_hybrid_multistep(&of, &good, 2, 0, 0.3)
            : solver == 5 ? pmid_sampler_f64_init_sa_solver(&of, &good, 2, 2, 1, 0, INFINITY)
            : solver == 6 ? pmid_sampler_f64_init_er_sde(&of, &good, 3)
            : solver == 7 ? pmid_sampler_f64_init_poisson_midpoint(
                                &of, &good, PMID_FIXED_SMALL, 0, PMID_SAMPLE, PMID_BERNOULLI, 0,
                                rows, TRAINING_STEPS)
                          : pmid_sampler_f64_init_randomized_midpoint(
                                &of, &good, PMID_FIXED_SMALL, 0, PMID_SAMPLE, PMID_DRIFT, rows,
                                thresholds, TRAINING_STEPS);
        pmid_run_f64_t going;
        pmid_network_query_f64_t asked;
        const double half = 0.5;
        EXPECT(made, PMID_OK);
        EXPECT(pmid_standard_normal_f64(y, 1, &stream), PMID_OK);
        EXPECT(pmid_run_f64_begin(&going, &of, y, 1, space, 8), PMID_OK);
        for (;;) {
            EXPECT(pmid_run_f64_next(&going, &stream, &asked), PMID_OK);
            if (asked.position == NULL || failures > 0)
                break;
            EXPECT(pmid_run_f64_supply(&going, &half, 1), PMID_OK);
        }
        EXPECT_TRUE(fabs(y[0] - half) < 1e-12);
    }
}

int main(void)
{
    schedules();
    lists();
    samplers();
    runs();
    double_precision();
    printf("errors of samplers: %d failures\n", failures);
    return failures != 0;
}
