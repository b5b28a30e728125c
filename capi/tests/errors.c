/* What the steppers' C interface refuses: every status, and that nothing changes when one is returned. */

#include <float.h>
#include <math.h>
#include <stdint.h>

#include "expect.h"

#define DIMENSION 2
#define WORK (DIMENSION * PMID_PMM_WORK)

/* What a drift function is to do. */
struct order {
    int code;
    float value;
    int value_from_call;
    int calls;
    pmid_stream_t *stream;
    pmid_status_t callback;
};

static int drift(void *context, float time, const float *position, float *value, size_t dimension)
{
    struct order *const order = context;
    uint32_t word;
    (void)time;
    ++order->calls;
    if (order->stream != NULL)
        order->callback = pmid_stream_next_word(order->stream, &word);
    for (size_t d = 0; d < dimension; ++d)
        value[d] = -position[d];
    if (order->calls >= order->value_from_call)
        value[dimension - 1] = order->value;
    return order->calls >= order->value_from_call ? order->code : 0;
}

/* The order to do nothing special. */
static struct order plain(void)
{
    const struct order order = {0, 0, 1000000, 0, NULL, PMID_OK};
    return order;
}

static pmid_stream_t stream;
static pmid_em_overdamped_f32_t em;
static pmid_pmm_overdamped_f32_t pmm;
static float state[DIMENSION], work[WORK];

static void set_up(void)
{
    EXPECT(pmid_stream_init(&stream, 42, 0), PMID_OK);
    EXPECT(pmid_em_overdamped_f32_init(&em, 0.1f, 1, 1), PMID_OK);
    EXPECT(pmid_pmm_overdamped_f32_init(&pmm, 0.1f, 10, PMID_SINGLE, 1, 1), PMID_OK);
    state[0] = 1;
    state[1] = -2;
}

static int state_is_as_set_up(void)
{
    return state[0] == 1 && state[1] == -2;
}

static uint64_t position(void)
{
    uint64_t position = UINT64_MAX;
    EXPECT(pmid_stream_tell(&stream, &position), PMID_OK);
    return position;
}

static void texts_and_versions(void)
{
    for (int status = PMID_OK; status <= PMID_OTHER; ++status)
        for (int other = -1; other < status; ++other)
            EXPECT_TRUE(strcmp(pmid_status_text(status), pmid_status_text(other)) != 0);
    EXPECT_TRUE(strcmp(pmid_status_text(-1), pmid_status_text(PMID_OTHER + 1)) == 0);
    EXPECT_TRUE(strcmp(pmid_status_text(INT32_MIN), pmid_status_text(INT32_MAX)) == 0);
    EXPECT_TRUE(pmid_version() == PMID_VERSION);
    EXPECT_TRUE(pmid_stream_version() == PMID_STREAM_VERSION);
    EXPECT_TRUE(sizeof(pmid_stream_t) == 8 * PMID_STREAM_WORDS);
}

static void parameters(void)
{
    static const float bad[] = {0, -1, NAN, INFINITY, -INFINITY};
    pmid_pmm_additive_f32_t additive;
    pmid_pmm_semilinear_f32_t semilinear;
    pmid_pmm_underdamped_f32_t underdamped;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        const float x = bad[i];
        EXPECT(pmid_em_overdamped_f32_init(&em, x, 1, 1), PMID_BAD_STEP_SIZE);
        EXPECT(pmid_pmm_overdamped_f32_init(&pmm, x, 9, 0, 1, 1), PMID_BAD_STEP_SIZE);
        EXPECT(pmid_pmm_overdamped_f32_init(&pmm, 1, 9, 0, x, 1), PMID_BAD_TEMPERATURE);
        EXPECT(pmid_pmm_overdamped_f32_init(&pmm, 1, 9, 0, 1, x), PMID_BAD_MOBILITY);
        EXPECT(pmid_pmm_underdamped_f32_init(&underdamped, 1, 9, 0, 1, 1, x), PMID_BAD_FRICTION);
        EXPECT(pmid_pmm_underdamped_f32_init(&underdamped, 1, 9, 0, x, 1, 1), PMID_BAD_TEMPERATURE);
        EXPECT(pmid_pmm_underdamped_f32_init(&underdamped, 1, 9, 0, 1, x, 1), PMID_BAD_MASS);
        if (x != 0) {
            EXPECT(pmid_pmm_additive_f32_init(&additive, 1, 9, 0, x),
                   PMID_BAD_DIFFUSION_COEFFICIENT);
            EXPECT(pmid_pmm_semilinear_f32_init(&semilinear, 1, 9, 0, 1, x),
                   PMID_BAD_DIFFUSION_COEFFICIENT);
        }
        if (!isfinite(x))
            EXPECT(pmid_pmm_semilinear_f32_init(&semilinear, 1, 9, 0, x, 1),
                   PMID_BAD_LINEAR_RATE);
    }
    EXPECT(pmid_pmm_overdamped_f32_init(&pmm, 1, 0, 0, 1, 1), PMID_BAD_INNER_STEPS);
    EXPECT(pmid_pmm_overdamped_f32_init(&pmm, 1, 9, 2, 1, 1), PMID_BAD_LAW);
    pmid_baoa_f32_t baoa;
    pmid_ubu_f64_t ubu;
    EXPECT(pmid_baoa_f32_init(&baoa, 0.1f, 1, 2, 0), PMID_BAD_FRICTION);
    EXPECT(pmid_baoa_f32_init(&baoa, 1e30f, 1, 1, 1e-20f), PMID_BAD_STEP_SIZE);
    EXPECT(pmid_baoa_f32_init(NULL, 0.1f, 1, 2, 1), PMID_NULL_POINTER);
    EXPECT(pmid_ubu_f64_init(&ubu, 0.1, 0, 2, 1), PMID_BAD_TEMPERATURE);
    EXPECT(pmid_ubu_f64_init(&ubu, 0.1, 1, -2, 1), PMID_BAD_MASS);
    EXPECT(pmid_ubu_f64_init(&ubu, -1, 1, 2, 1), PMID_BAD_STEP_SIZE);
    pmid_quicsort_f32_t quicsort;
    EXPECT(pmid_quicsort_f32_init(&quicsort, 0.1f, 1, 2, -1), PMID_BAD_FRICTION);
    EXPECT(pmid_quicsort_f32_init(&quicsort, 1e30f, 1, 1, 1e-20f), PMID_BAD_STEP_SIZE);
    EXPECT(pmid_em_overdamped_f32_init(NULL, 1, 1, 1), PMID_NULL_POINTER);
    EXPECT(pmid_em_overdamped_f32_init(misaligned(&em), 1, 1, 1), PMID_MISALIGNED_POINTER);
}

static void streams(void)
{
    uint32_t word = 7, again;
    float normal;
    double long_normal;
    uint64_t where;
    pmid_stream_t other = {{0}};
    set_up();
    EXPECT(pmid_stream_init(NULL, 1, 1), PMID_NULL_POINTER);
    EXPECT(pmid_stream_init(misaligned(&other), 1, 1), PMID_MISALIGNED_POINTER);
    EXPECT(pmid_stream_next_word(&other, &word), PMID_UNINITIALIZED);
    EXPECT(pmid_stream_next_word(NULL, &word), PMID_NULL_POINTER);
    EXPECT(pmid_stream_next_word(&stream, NULL), PMID_NULL_POINTER);
    EXPECT(pmid_stream_next_word(&stream, misaligned(&word)), PMID_MISALIGNED_POINTER);
    EXPECT(pmid_stream_normal_f32(&stream, NULL), PMID_NULL_POINTER);
    EXPECT(pmid_stream_normal_f64(&stream, NULL), PMID_NULL_POINTER);
    EXPECT(pmid_stream_tell(&stream, NULL), PMID_NULL_POINTER);
    EXPECT(pmid_stream_tell(&other, &where), PMID_UNINITIALIZED);
    EXPECT(pmid_stream_seek(&stream, ((uint64_t)1 << 63) + 1), PMID_PAST_END);
    EXPECT(pmid_stream_seek(&other, 0), PMID_UNINITIALIZED);
    EXPECT_TRUE(word == 7 && position() == 0);

    EXPECT(pmid_stream_seek(&stream, (uint64_t)1 << 63), PMID_OK);
    EXPECT(pmid_stream_seek(&stream, 21), PMID_OK);
    EXPECT(pmid_stream_next_word(&stream, &word), PMID_OK);
    EXPECT(pmid_stream_normal_f32(&stream, &normal), PMID_OK);
    EXPECT(pmid_stream_normal_f64(&stream, &long_normal), PMID_OK);
    EXPECT_TRUE(position() == 25);
    other = stream;
    EXPECT(pmid_stream_seek(&other, 21), PMID_OK);
    EXPECT(pmid_stream_next_word(&other, &again), PMID_OK);
    EXPECT_TRUE(again == word);
    EXPECT(pmid_stream_next_word(&other, &again), PMID_OK);
    EXPECT_TRUE(pmid_normal_f32(again) == normal);
    EXPECT(pmid_stream_next_word(&other, &again), PMID_OK);
    EXPECT(pmid_stream_next_word(&other, &word), PMID_OK);
    EXPECT_TRUE(pmid_normal_f64(again, word) == long_normal);
}

/* A step of both methods with one argument at fault, which both refuse alike. */
#define EXPECT_BOTH(STATE, DIMENSION_, DRIFT, STREAM, WORK_ARRAY, WORK_LENGTH, STATUS)             \
    EXPECT(pmid_em_overdamped_f32_step(&em, 0, STATE, DIMENSION_, DRIFT, &order, STREAM,           \
                                       WORK_ARRAY, WORK_LENGTH),                                   \
           STATUS);                                                                                \
    EXPECT(pmid_pmm_overdamped_f32_step(&pmm, 0, STATE, DIMENSION_, DRIFT, &order, STREAM,         \
                                        WORK_ARRAY, WORK_LENGTH, NULL),                            \
           STATUS)

static void arguments_of_a_step(void)
{
    struct order order = plain();
    pmid_em_overdamped_f32_t no_em = {{0}};
    pmid_stream_t no_stream = {{0}};
    uint32_t calls;
    set_up();
    EXPECT_BOTH(NULL, DIMENSION, drift, &stream, work, WORK, PMID_NULL_POINTER);
    EXPECT_BOTH(state, DIMENSION, NULL, &stream, work, WORK, PMID_NULL_POINTER);
    EXPECT_BOTH(state, DIMENSION, drift, NULL, work, WORK, PMID_NULL_POINTER);
    EXPECT_BOTH(state, DIMENSION, drift, &stream, NULL, WORK, PMID_NULL_POINTER);
    EXPECT_BOTH(misaligned(state), 1, drift, &stream, work, WORK, PMID_MISALIGNED_POINTER);
    EXPECT_BOTH(state, DIMENSION, drift, misaligned(&stream), work, WORK,
                PMID_MISALIGNED_POINTER);
    EXPECT_BOTH(state, DIMENSION, drift, &stream, misaligned(work), WORK - 1,
                PMID_MISALIGNED_POINTER);
    EXPECT_BOTH(state, 0, drift, &stream, work, WORK, PMID_BAD_DIMENSION);
    EXPECT_BOTH(state, DIMENSION, drift, &stream, work, DIMENSION * PMID_EM_WORK - 1,
                PMID_WORK_TOO_SHORT);
    EXPECT_BOTH(state, DIMENSION, drift, &stream, state, WORK, PMID_OVERLAP);
    EXPECT_BOTH(work + WORK - 1, DIMENSION, drift, &stream, work, WORK, PMID_OVERLAP);
    EXPECT_BOTH(state, DIMENSION, drift, &stream, (float *)&stream, WORK, PMID_OVERLAP);
    EXPECT_BOTH(state, DIMENSION, drift, &no_stream, work, WORK, PMID_UNINITIALIZED);
    EXPECT(pmid_em_overdamped_f32_step(NULL, 0, state, DIMENSION, drift, &order, &stream, work,
                                       WORK),
           PMID_NULL_POINTER);
    EXPECT(pmid_em_overdamped_f32_step(&no_em, 0, state, DIMENSION, drift, &order, &stream, work,
                                       WORK),
           PMID_UNINITIALIZED);
    /* An object of another type. */
    memcpy(&no_em, &pmm, sizeof no_em);
    EXPECT(pmid_em_overdamped_f32_step(&no_em, 0, state, DIMENSION, drift, &order, &stream, work,
                                       WORK),
           PMID_UNINITIALIZED);
    EXPECT(pmid_pmm_overdamped_f32_step(&pmm, 0, state, DIMENSION, drift, &order, &stream, work,
                                        WORK, misaligned(&calls)),
           PMID_MISALIGNED_POINTER);
    EXPECT_TRUE(order.calls == 0 && state_is_as_set_up() && position() == 0);

    /* Sizes whose number of bytes does not fit in an address. */
    EXPECT(pmid_em_overdamped_f32_step(&em, 0, state, SIZE_MAX / 2, drift, &order, &stream, work,
                                       WORK),
           PMID_OVERLAP);
    EXPECT_TRUE(order.calls == 0 && state_is_as_set_up() && position() == 0);

    EXPECT(pmid_pmm_overdamped_f32_step(&pmm, 0, state, DIMENSION, drift, &order, &stream, work,
                                        WORK, &calls),
           PMID_OK);
    EXPECT_TRUE(calls == 2 && order.calls == 2 && !state_is_as_set_up());
}

/* A drift that fails, is not finite, or makes the state non-finite, from its first or second call. */
static void drifts(void)
{
    for (int call = 1; call <= 2; ++call) {
        static const struct {
            int code;
            float value;
            pmid_status_t status;
        } cases[] = {{1, 0, PMID_DRIFT_FAILED},
                     {-7, NAN, PMID_DRIFT_FAILED},
                     {0, NAN, PMID_NON_FINITE_DRIFT},
                     {0, -INFINITY, PMID_NON_FINITE_DRIFT}};
        for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
            struct order order = plain();
            order.code = cases[i].code;
            order.value = cases[i].value;
            order.value_from_call = call;
            set_up();
            if (call == 1)
                EXPECT(pmid_em_overdamped_f32_step(&em, 0, state, DIMENSION, drift, &order,
                                                   &stream, work, WORK),
                       cases[i].status);
            order.calls = 0;
            EXPECT(pmid_pmm_overdamped_f32_step(&pmm, 0, state, DIMENSION, drift, &order, &stream,
                                                work, WORK, NULL),
                   cases[i].status);
            EXPECT_TRUE(order.calls == call && state_is_as_set_up());
            /* The stream can be used again. */
            EXPECT(pmid_stream_seek(&stream, 0), PMID_OK);
        }
    }
    struct order order = plain();
    set_up();
    order.value = FLT_MAX;
    order.value_from_call = 1;
    EXPECT(pmid_em_overdamped_f32_init(&em, 4, 1, 1), PMID_OK);
    EXPECT(pmid_em_overdamped_f32_step(&em, 0, state, DIMENSION, drift, &order, &stream, work,
                                       WORK),
           PMID_NON_FINITE_STATE);
    EXPECT_TRUE(state_is_as_set_up());
    state[0] = NAN;
    order = plain();
    EXPECT(pmid_pmm_overdamped_f32_step(&pmm, 0, state, DIMENSION, drift, &order, &stream, work,
                                        WORK, NULL),
           PMID_NON_FINITE_STATE);

    set_up();
    order = plain();
    order.stream = &stream;
    EXPECT(pmid_em_overdamped_f32_step(&em, 0, state, DIMENSION, drift, &order, &stream, work,
                                       WORK),
           PMID_OK);
    EXPECT_TRUE(order.callback == PMID_BUSY);
}

/* A drift that makes the objects of its step anew. */
static int drift_that_makes_anew(void *context, float time, const float *position, float *value,
                                 size_t dimension)
{
    (void)time;
    if (context == &stream)
        EXPECT(pmid_stream_init(context, 1, 2), PMID_OK);
    if (context == &em)
        EXPECT(pmid_em_overdamped_f32_init(context, 100, 1, 1), PMID_OK);
    if (context == &pmm)
        EXPECT(pmid_pmm_overdamped_f32_init(context, 100, 3, PMID_BERNOULLI, 1, 1), PMID_OK);
    for (size_t d = 0; d < dimension; ++d)
        value[d] = -position[d];
    return 0;
}

static void objects_made_anew(void)
{
    set_up();
    EXPECT(pmid_em_overdamped_f32_step(&em, 0, state, DIMENSION, drift_that_makes_anew, &stream,
                                       &stream, work, WORK),
           PMID_BUSY);
    EXPECT_TRUE(state_is_as_set_up() && position() == 0);
    EXPECT(pmid_pmm_overdamped_f32_step(&pmm, 0, state, DIMENSION, drift_that_makes_anew, &stream,
                                        &stream, work, WORK, NULL),
           PMID_BUSY);
    EXPECT_TRUE(state_is_as_set_up() && position() == 0);
    /* The stream stays as the drift made it anew. */
    pmid_stream_t other;
    uint32_t found, expected;
    EXPECT(pmid_stream_init(&other, 1, 2), PMID_OK);
    EXPECT(pmid_stream_next_word(&stream, &found), PMID_OK);
    EXPECT(pmid_stream_next_word(&other, &expected), PMID_OK);
    EXPECT_TRUE(found == expected);

    /* A stepper made anew takes effect from the next step. */
    float undisturbed[DIMENSION];
    set_up();
    EXPECT(pmid_em_overdamped_f32_step(&em, 0, state, DIMENSION, drift_that_makes_anew, NULL,
                                       &stream, work, WORK),
           PMID_OK);
    EXPECT(pmid_pmm_overdamped_f32_step(&pmm, 0, state, DIMENSION, drift_that_makes_anew, NULL,
                                        &stream, work, WORK, NULL),
           PMID_OK);
    memcpy(undisturbed, state, sizeof state);
    set_up();
    EXPECT(pmid_em_overdamped_f32_step(&em, 0, state, DIMENSION, drift_that_makes_anew, &em,
                                       &stream, work, WORK),
           PMID_OK);
    EXPECT(pmid_pmm_overdamped_f32_step(&pmm, 0, state, DIMENSION, drift_that_makes_anew, &pmm,
                                        &stream, work, WORK, NULL),
           PMID_OK);
    EXPECT_TRUE(memcmp(undisturbed, state, sizeof state) == 0);
}

/* Outputs and inputs that lie within the objects and other arrays of the call. */
static void overlaps(void)
{
    union {
        pmid_pmm_overdamped_f32_step_t step;
        float numbers[sizeof(pmid_pmm_overdamped_f32_step_t) / sizeof(float)];
    } step;
    uint32_t *const in_stream = (uint32_t *)&stream + 4;
    uint32_t *const in_state = (uint32_t *)state, *const in_work = (uint32_t *)work + 1;
    pmid_query_f32_t query;
    float b0[DIMENSION] = {-1, 2};
    struct order order = plain();
    set_up();
    EXPECT(pmid_stream_tell(&stream, (uint64_t *)&stream + 1), PMID_OVERLAP);
    EXPECT(pmid_stream_next_word(&stream, in_stream), PMID_OVERLAP);
    EXPECT(pmid_stream_normal_f32(&stream, (float *)in_stream), PMID_OVERLAP);
    EXPECT(pmid_stream_normal_f64(&stream, (double *)&stream + 2), PMID_OVERLAP);
    uint32_t *const outputs[] = {in_stream, in_state, in_work, (uint32_t *)&pmm};
    for (int n = 0; n < 4; ++n)
        EXPECT(pmid_pmm_overdamped_f32_step(&pmm, 0, state, DIMENSION, drift, &order, &stream,
                                            work, WORK, outputs[n]),
               PMID_OVERLAP);
    EXPECT_TRUE(order.calls == 0);

    EXPECT(pmid_pmm_overdamped_f32_begin(&step.step, &pmm, 0, state, DIMENSION, b0, work, WORK),
           PMID_OK);
    EXPECT(pmid_pmm_overdamped_f32_next(&step.step, &stream, &query), PMID_OK);
    EXPECT(pmid_pmm_overdamped_f32_supply(&step.step, state, DIMENSION), PMID_OVERLAP);
    EXPECT(pmid_pmm_overdamped_f32_supply(&step.step, step.numbers + 2, DIMENSION), PMID_OVERLAP);
    EXPECT(pmid_pmm_overdamped_f32_supply(&step.step, b0, DIMENSION), PMID_OK);
    EXPECT(pmid_pmm_overdamped_f32_next(&step.step, &stream, &query), PMID_OK);
    EXPECT(pmid_pmm_overdamped_f32_finish(&step.step, in_state), PMID_OVERLAP);
    EXPECT(pmid_pmm_overdamped_f32_finish(&step.step, in_work), PMID_OVERLAP);
    EXPECT(pmid_pmm_overdamped_f32_finish(&step.step, (uint32_t *)&step + 1), PMID_OVERLAP);
    EXPECT_TRUE(query.position == NULL && state_is_as_set_up());
    EXPECT(pmid_pmm_overdamped_f32_finish(&step.step, NULL), PMID_OK);
    EXPECT_TRUE(!state_is_as_set_up());
}

static void separate_calls(void)
{
    pmid_pmm_overdamped_f32_step_t step = {{0}};
    pmid_query_f32_t query, again;
    float b0[DIMENSION] = {-1, 2}, bad[DIMENSION] = {0, NAN};
    set_up();
#define BEGIN(STEP, STATE, N, B0, WORK_ARRAY, LENGTH)                                              \
    pmid_pmm_overdamped_f32_begin(STEP, &pmm, 0, STATE, N, B0, WORK_ARRAY, LENGTH)
    EXPECT(BEGIN(NULL, state, DIMENSION, b0, work, WORK), PMID_NULL_POINTER);
    EXPECT(BEGIN(&step, NULL, DIMENSION, b0, work, WORK), PMID_NULL_POINTER);
    EXPECT(BEGIN(&step, state, DIMENSION, NULL, work, WORK), PMID_NULL_POINTER);
    EXPECT(BEGIN(&step, state, DIMENSION, b0, NULL, WORK), PMID_NULL_POINTER);
    EXPECT(BEGIN(&step, state, 0, b0, work, WORK), PMID_BAD_DIMENSION);
    EXPECT(BEGIN(&step, state, DIMENSION, b0, work, WORK - 1), PMID_WORK_TOO_SHORT);
    EXPECT(BEGIN(&step, state, DIMENSION, state, work, WORK), PMID_OVERLAP);
    EXPECT(BEGIN(&step, state, DIMENSION, bad, work, WORK), PMID_NON_FINITE_DRIFT);
    EXPECT(pmid_pmm_overdamped_f32_next(&step, &stream, &query), PMID_UNINITIALIZED);
    EXPECT(pmid_pmm_overdamped_f32_supply(&step, b0, DIMENSION), PMID_UNINITIALIZED);
    EXPECT(pmid_pmm_overdamped_f32_finish(&step, NULL), PMID_UNINITIALIZED);

    EXPECT(BEGIN(&step, state, DIMENSION, b0, work, WORK), PMID_OK);
    EXPECT(pmid_pmm_overdamped_f32_supply(&step, b0, DIMENSION), PMID_DRIFT_NOT_ASKED);
    EXPECT(pmid_pmm_overdamped_f32_finish(&step, NULL), PMID_UNFINISHED);
    EXPECT(pmid_pmm_overdamped_f32_next(&step, NULL, &query), PMID_NULL_POINTER);
    EXPECT(pmid_pmm_overdamped_f32_next(&step, &stream, NULL), PMID_NULL_POINTER);
    EXPECT(pmid_pmm_overdamped_f32_next(&step, &stream, (pmid_query_f32_t *)&step), PMID_OVERLAP);
    EXPECT_TRUE(position() == 0);
    EXPECT(pmid_pmm_overdamped_f32_next(&step, &stream, &query), PMID_OK);
    const uint64_t drawn = position();
    EXPECT(pmid_pmm_overdamped_f32_next(&step, &stream, &again), PMID_OK);
    EXPECT_TRUE(query.position != NULL && query.position == again.position);
    EXPECT_TRUE(query.inner_step == again.inner_step && position() == drawn);
    EXPECT(pmid_pmm_overdamped_f32_supply(&step, NULL, DIMENSION), PMID_NULL_POINTER);
    EXPECT(pmid_pmm_overdamped_f32_supply(&step, b0, DIMENSION - 1), PMID_BAD_DIMENSION);
    EXPECT(pmid_pmm_overdamped_f32_supply(&step, work, DIMENSION), PMID_OVERLAP);
    EXPECT(pmid_pmm_overdamped_f32_supply(&step, bad, DIMENSION), PMID_NON_FINITE_DRIFT);
    EXPECT(pmid_pmm_overdamped_f32_finish(&step, NULL), PMID_UNFINISHED);
    EXPECT(pmid_pmm_overdamped_f32_supply(&step, b0, DIMENSION), PMID_OK);
    EXPECT(pmid_pmm_overdamped_f32_supply(&step, b0, DIMENSION), PMID_DRIFT_NOT_ASKED);
    EXPECT(pmid_pmm_overdamped_f32_next(&step, &stream, &query), PMID_OK);
    EXPECT_TRUE(query.position == NULL && state_is_as_set_up());
    EXPECT(pmid_pmm_overdamped_f32_finish(&step, NULL), PMID_OK);
    EXPECT_TRUE(!state_is_as_set_up());
    EXPECT(pmid_pmm_overdamped_f32_finish(&step, NULL), PMID_UNINITIALIZED);
}

int main(void)
{
    texts_and_versions();
    parameters();
    streams();
    arguments_of_a_step();
    drifts();
    objects_made_anew();
    overlaps();
    separate_calls();
    printf("errors: %d failures\n", failures);
    return failures != 0;
}
