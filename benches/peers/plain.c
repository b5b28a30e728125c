/* The workloads in plain C: Xoshiro256++ (Blackman & Vigna 2021), normals by the ziggurat (Marsaglia & Tsang 2000),
 * OpenMP over particles. It is asked as the contenders in Rust are: see src/main.rs. */

#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_SIZE 0.01f
#define CAP 3.0f
#define FRICTION 1.0
#define WARM_UPS 3
#define SHARE 1024 /* particles that a thread takes at once */

typedef struct {
    uint64_t s[4];
} generator;

static uint64_t rotated(uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
}

static uint64_t next(generator *g) {
    uint64_t *s = g->s, result = rotated(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotated(s[3], 45);
    return result;
}

static generator seeded(uint64_t seed) {
    generator g;
    for (int i = 0; i < 4; i++) { /* SplitMix64 */
        uint64_t z = seed += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        g.s[i] = z ^ (z >> 31);
    }
    return g;
}

/* 128 layers: where each ends, and the density there. */
#define LAYERS 128
#define TAIL 3.442619855899
static float edge[LAYERS + 1], density[LAYERS + 1];

static void make_layers(void) {
    const double area = 9.91256303526217e-3;
    double x = TAIL;
    edge[0] = (float)(area / exp(-0.5 * x * x));
    edge[1] = TAIL;
    for (int i = 2; i < LAYERS; i++) {
        x = sqrt(-2 * log(area / x + exp(-0.5 * x * x)));
        edge[i] = (float)x;
    }
    edge[LAYERS] = 0;
    for (int i = 0; i <= LAYERS; i++)
        density[i] = expf(-0.5f * edge[i] * edge[i]);
}

static float uniform(generator *g) { /* in (0, 1) */
    return ((float)(next(g) >> 41) + 0.5f) * 0x1p-23f;
}

static float normal(generator *g) {
    for (;;) {
        uint64_t word = next(g);
        int layer = word & (LAYERS - 1);
        float x = (float)((int64_t)word >> 40) * 0x1p-23f * edge[layer];
        if (fabsf(x) < edge[layer + 1])
            return x;
        if (layer == 0) {
            float beyond, y;
            do {
                beyond = -logf(uniform(g)) / (float)TAIL;
                y = -logf(uniform(g));
            } while (y + y < beyond * beyond);
            return x < 0 ? -(float)TAIL - beyond : (float)TAIL + beyond;
        }
        if (density[layer] + uniform(g) * (density[layer + 1] - density[layer]) < expf(-0.5f * x * x))
            return x;
    }
}

static float double_well(float x) {
    float inner = fminf(fmaxf(x, -CAP), CAP);
    return inner - inner * inner * inner + (1 - 3 * CAP * CAP) * (x - inner);
}

static float *xs, *vs;
static generator *generators;
static long count, steps, dimension;
static double path_mean;

static void overdamped(void) {
    const float amplitude = sqrtf(2 * STEP_SIZE);
#pragma omp parallel
    {
        generator *g = &generators[omp_get_thread_num()], own = *g;
#pragma omp for schedule(dynamic, SHARE)
        for (long p = 0; p < dimension * count; p++) {
            float x = xs[p];
            for (long n = 0; n < steps; n++)
                x += STEP_SIZE * double_well(x) + amplitude * normal(&own);
            xs[p] = x;
        }
        *g = own;
    }
}

/* The drift held over the step, in double precision beforehand. */
static void underdamped(void) {
    const double h = STEP_SIZE, e = exp(-FRICTION * h), t = (1 - e) / FRICTION, noise = sqrt(1 - e * e);
    const double both = (1 - e) * (1 - e) / FRICTION / noise;
    const float decay = (float)e, travel = (float)t, push = (float)((h - t) / FRICTION);
    const float velocity_noise = (float)noise, shared_noise = (float)both;
    const float position_noise =
        (float)sqrt((2 * FRICTION * h - 3 + 4 * e - e * e) / (FRICTION * FRICTION) - both * both);
#pragma omp parallel
    {
        generator *g = &generators[omp_get_thread_num()], own = *g;
#pragma omp for schedule(dynamic, SHARE)
        for (long p = 0; p < count; p++) {
            float x = xs[p], v = vs[p];
            for (long n = 0; n < steps; n++) {
                float drift = double_well(x), first = normal(&own);
                x += travel * v + push * drift + shared_noise * first + position_noise * normal(&own);
                v = decay * v + travel * drift + velocity_noise * first;
            }
            xs[p] = x;
            vs[p] = v;
        }
        *g = own;
    }
}

static void path(void) {
    const float amplitude = sqrtf(2 * STEP_SIZE);
    generator own = generators[0];
    float x = xs[0];
    double sum = 0;
    for (long n = 0; n < steps; n++) {
        x += STEP_SIZE * double_well(x) + amplitude * normal(&own);
        sum += x * x;
    }
    generators[0] = own;
    xs[0] = x;
    path_mean = sum / (double)steps;
}

static void normals(void) {
#pragma omp parallel
    {
        generator *g = &generators[omp_get_thread_num()], own = *g;
#pragma omp for schedule(dynamic, 64 * SHARE)
        for (long i = 0; i < count; i++)
            xs[i] = normal(&own);
        *g = own;
    }
}

static double mean_square(const float *values, long length) {
    double sum = 0;
    for (long i = 0; i < length; i++)
        sum += (double)values[i] * values[i];
    return sum / (double)length;
}

static void print_moments(const char *workload) {
    if (!strcmp(workload, "path"))
        printf("{\"x2\": %.9g}", path_mean);
    else if (!strcmp(workload, "underdamped"))
        printf("{\"x2\": %.9g, \"v2\": %.9g}", mean_square(xs, count), mean_square(vs, count));
    else
        printf("{\"x2\": %.9g}", mean_square(xs, dimension * count));
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: %s VARIANT WORKLOAD COUNT STEPS\n", argv[0]);
        return 2;
    }
    const char *workload = argv[2];
    void (*run)(void) = !strcmp(workload, "underdamped") ? underdamped
                        : !strcmp(workload, "path")      ? path
                        : !strcmp(workload, "normals")   ? normals
                                                         : overdamped;
    count = atol(argv[3]);
    steps = atol(argv[4]);
    dimension = strcmp(workload, "overdamped-2") ? 1 : 2;
    int threads = run == path ? 1 : omp_get_max_threads();
    xs = calloc((size_t)(dimension * count), sizeof *xs);
    vs = calloc((size_t)count, sizeof *vs);
    generators = malloc((size_t)threads * sizeof *generators);
    if (!xs || !vs || !generators)
        return 1;
    for (int i = 0; i < threads; i++)
        generators[i] = seeded(42 + (uint64_t)i);
    make_layers();
    for (int i = 0; i < WARM_UPS; i++)
        run();
    printf("ready {\"threads\": %d, \"work\": %ld, \"moments\": ", threads, count * steps);
    print_moments(workload);
    printf("}\n");
    fflush(stdout);
    for (int c; (c = getchar()) != EOF;)
        if (c == '\n') {
            double start = omp_get_wtime();
            run();
            printf("%.9f\n", omp_get_wtime() - start);
            fflush(stdout);
        }
    printf("final ");
    print_moments(workload);
    printf("\n");
    return 0;
}
