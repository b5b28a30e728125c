/*
 * Prints the golden vectors of the library's tests/data/golden.txt that the C interface can make: all
 * except the midpoints, which it does not offer one by one. The caller compares the text.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poisson_midpoint.h"

#define DIMENSION 3

static void check(pmid_status_t status)
{
    if (status != PMID_OK) {
        fprintf(stderr, "golden: %s\n", pmid_status_text(status));
        exit(1);
    }
}

/* newlib's smallest printf knows no 64-bit numbers. */
static void print_hexadecimal(uint64_t number)
{
    const uint32_t high = (uint32_t)(number >> 32), low = (uint32_t)number;
    if (high != 0)
        printf(" %" PRIx32 "%08" PRIx32, high, low);
    else
        printf(" %" PRIx32, low);
}

static void print_decimal(const char *before, uint64_t number)
{
    char digits[21];
    char *first = digits + sizeof digits - 1;
    *first = '\0';
    do {
        *--first = (char)('0' + number % 10);
    } while ((number /= 10) != 0);
    printf("%s%s", before, first);
}

static void print_f32(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    print_hexadecimal(bits);
}

static void print_f64(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    print_hexadecimal(bits);
}

static void words(void)
{
    static const uint64_t places[][3] = {
        {0, 0, 0}, {42, 7, 5}, {UINT64_MAX, UINT64_MAX, (uint64_t)1 << 40}};
    for (size_t i = 0; i < sizeof places / sizeof *places; ++i) {
        pmid_stream_t stream;
        check(pmid_stream_init(&stream, places[i][0], places[i][1]));
        check(pmid_stream_seek(&stream, places[i][2]));
        printf("words");
        for (int part = 0; part < 3; ++part)
            print_decimal(" ", places[i][part]);
        printf(":");
        for (int n = 0; n < 40; ++n) {
            uint32_t word;
            check(pmid_stream_next_word(&stream, &word));
            print_hexadecimal(word);
        }
        printf("\n");
    }
}

/* Powers of two and their complements, then a Weyl sequence. */
static uint32_t sample_word(uint32_t n)
{
    if (n < 64)
        return n % 2 == 0 ? (uint32_t)1 << n / 2 : ~((uint32_t)1 << n / 2);
    return (n - 64) * 0x9e3779b9u;
}

static void normals(void)
{
    printf("normals f32:");
    for (uint32_t n = 0; n < 160; ++n)
        print_f32(pmid_normal_f32(sample_word(n)));
    printf("\nnormals f64:");
    for (uint32_t n = 0; n < 160; ++n)
        print_f64(pmid_normal_f64(sample_word(n), sample_word(n) * 0x85ebca6bu));
    printf("\n");
}

/* In each scalar: the drift, and the states after 1, 10, ... 10,000 steps. */
#define SCALAR(REAL, F)                                                                            \
    static int force_##F(void *context, REAL time, const REAL *x, REAL *drift, size_t dimension)   \
    {                                                                                              \
        REAL sum = 0;                                                                              \
        const REAL pull = 1 / (1 + time);                                                          \
        (void)context;                                                                             \
        for (size_t d = 0; d < dimension; ++d)                                                     \
            sum += x[d];                                                                           \
        for (size_t d = 0; d < dimension; ++d)                                                     \
            drift[d] = (pull - (REAL)(d + 1) * x[d]) / (1 + x[d] * x[d]) - sum / 8;                \
        return 0;                                                                                  \
    }                                                                                              \
                                                                                                   \
    static void begin_##F(const char *title, REAL *state, size_t parts, pmid_stream_t *stream)     \
    {                                                                                              \
        for (size_t i = 0; i < parts * DIMENSION; ++i)                                             \
            state[i] = (REAL)i / 4 - 1;                                                            \
        check(pmid_stream_init(stream, 2024, 7));                                                  \
        printf("%s:", title);                                                                      \
    }                                                                                              \
                                                                                                   \
    static void record_##F(int steps, const REAL *state, size_t parts, pmid_stream_t *stream)      \
    {                                                                                              \
        if (steps == 1 || steps == 10 || steps == 100 || steps == 1000 || steps == 10000)          \
            for (size_t i = 0; i < parts * DIMENSION; ++i)                                         \
                print_##F(state[i]);                                                               \
        if (steps == 10000) {                                                                      \
            uint64_t position;                                                                     \
            check(pmid_stream_tell(stream, &position));                                            \
            print_decimal(" @", position);                                                         \
            printf("\n");                                                                          \
        }                                                                                          \
    }

SCALAR(float, f32)
SCALAR(double, f64)

/* One scheme in one scalar by Euler-Maruyama, and by the midpoint method under both laws, whose steps
 * alternate between one call and separate calls: the bits are the same. */
#define SCHEME(REAL, F, NAME, PARTS, INNER_STEPS, ...)                                             \
    static void NAME##_##F(void)                                                                   \
    {                                                                                              \
        enum { WORK = DIMENSION * (PARTS == 1 ? PMID_PMM_WORK : PMID_PMM_UNDERDAMPED_WORK) };      \
        static const char *const titles[] = {#F " " #NAME " bernoulli", #F " " #NAME " single"};   \
        const REAL step_size = (REAL)1 / 20;                                                       \
        REAL state[PARTS * DIMENSION], work[WORK], drift[DIMENSION];                               \
        pmid_stream_t stream;                                                                      \
        pmid_em_##NAME##_##F##_t em;                                                               \
        check(pmid_em_##NAME##_##F##_init(&em, step_size, __VA_ARGS__));                           \
        begin_##F(#F " " #NAME " em", state, PARTS, &stream);                                      \
        for (int n = 0; n < 10000; ++n) {                                                          \
            check(pmid_em_##NAME##_##F##_step(&em, step_size * (REAL)n, state, DIMENSION,          \
                                              force_##F, NULL, &stream, work, WORK));              \
            record_##F(n + 1, state, PARTS, &stream);                                              \
        }                                                                                          \
        for (uint32_t law = PMID_BERNOULLI; law <= PMID_SINGLE; ++law) {                           \
            pmid_pmm_##NAME##_##F##_t pmm;                                                         \
            pmid_pmm_##NAME##_##F##_step_t step;                                                   \
            check(pmid_pmm_##NAME##_##F##_init(&pmm, step_size, INNER_STEPS, law, __VA_ARGS__));   \
            begin_##F(titles[law], state, PARTS, &stream);                                         \
            for (int n = 0; n < 10000; ++n) {                                                      \
                const REAL time = step_size * (REAL)n;                                             \
                uint32_t calls = 0, calls_told = 0;                                                \
                if (n % 2 == 0) {                                                                  \
                    check(pmid_pmm_##NAME##_##F##_step(&pmm, time, state, DIMENSION, force_##F,    \
                                                       NULL, &stream, work, WORK, NULL));          \
                } else {                                                                           \
                    pmid_query_##F##_t query;                                                      \
                    force_##F(NULL, time, state, drift, DIMENSION);                                \
                    ++calls;                                                                       \
                    check(pmid_pmm_##NAME##_##F##_begin(&step, &pmm, time, state, DIMENSION,       \
                                                        drift, work, WORK));                       \
                    for (;;) {                                                                     \
                        check(pmid_pmm_##NAME##_##F##_next(&step, &stream, &query));               \
                        if (query.position == NULL)                                                \
                            break;                                                                 \
                        force_##F(NULL, query.time, query.position, drift, DIMENSION);             \
                        ++calls;                                                                   \
                        check(pmid_pmm_##NAME##_##F##_supply(&step, drift, DIMENSION));            \
                    }                                                                              \
                    check(pmid_pmm_##NAME##_##F##_finish(&step, &calls_told));                     \
                    if (calls_told != calls) {                                                     \
                        fprintf(stderr, "golden: drift evaluations miscounted\n");                 \
                        exit(1);                                                                   \
                    }                                                                              \
                }                                                                                  \
                record_##F(n + 1, state, PARTS, &stream);                                          \
            }                                                                                      \
        }                                                                                          \
    }

/* A method for underdamped dynamics alone, in one scalar, with this much work. */
#define UNDERDAMPED(REAL, F, NAME, LENGTH)                                                              \
    static void NAME##_##F(void)                                                                   \
    {                                                                                              \
        enum { WORK = DIMENSION * (LENGTH) };                                                      \
        const REAL step_size = (REAL)1 / 20;                                                       \
        REAL state[2 * DIMENSION], work[WORK];                                                     \
        pmid_stream_t stream;                                                                      \
        pmid_##NAME##_##F##_t stepper;                                                             \
        check(pmid_##NAME##_##F##_init(&stepper, step_size, 1, 2, 2));                             \
        begin_##F(#F " underdamped " #NAME, state, 2, &stream);                                    \
        for (int n = 0; n < 10000; ++n) {                                                          \
            check(pmid_##NAME##_##F##_step(&stepper, step_size * (REAL)n, state, DIMENSION,        \
                                           force_##F, NULL, &stream, work, WORK));                 \
            record_##F(n + 1, state, 2, &stream);                                                  \
        }                                                                                          \
    }

#define SCHEMES(REAL, F)                                                                           \
    SCHEME(REAL, F, overdamped, 1, 1000, 2, (REAL)3 / 2)                                           \
    SCHEME(REAL, F, additive, 1, 10, (REAL)3 / 4)                                                  \
    SCHEME(REAL, F, semilinear, 1, 1000000, 2, 1)                                                  \
    SCHEME(REAL, F, underdamped, 2, 1000, 1, 2, 2)                                                 \
    UNDERDAMPED(REAL, F, baoa, PMID_EM_UNDERDAMPED_WORK)                                           \
    UNDERDAMPED(REAL, F, ubu, PMID_EM_UNDERDAMPED_WORK)                                            \
    UNDERDAMPED(REAL, F, quicsort, PMID_QUICSORT_WORK)

SCHEMES(float, f32)
SCHEMES(double, f64)

int main(void)
{
    words();
    normals();
    overdamped_f32();
    additive_f32();
    semilinear_f32();
    underdamped_f32();
    overdamped_f64();
    additive_f64();
    semilinear_f64();
    underdamped_f64();
    baoa_f32();
    ubu_f32();
    quicsort_f32();
    baoa_f64();
    ubu_f64();
    quicsort_f64();
    return 0;
}
