/* The smallest program that takes steps in three dimensions in single precision, to see what it links:
 * by Euler-Maruyama, by the midpoint method if PMM is defined, or by a diffusion sampler if DDIM is. */

#include "poisson_midpoint.h"

#define DIMENSION 3

static int drift(void *context, float time, const float *position, float *drift, size_t dimension)
{
    (void)context, (void)time;
    for (size_t d = 0; d < dimension; ++d)
        drift[d] = -position[d];
    return 0;
}

#ifdef DDIM
static pmid_status_t sample(pmid_stream_t *stream, float *x, float *work)
{
    static const float exponents[] = {0.1f, 0.5f, 2, 8};
    static const uint32_t timesteps[] = {4, 3, 2, 1, 0};
    static const pmid_settings_f32_t settings = {exponents, 4, timesteps, 5, PMID_EPSILON, 0, 0};
    static pmid_sampler_f32_t sampler;
    static pmid_run_f32_t run;
    pmid_network_query_f32_t query;
    float output[DIMENSION];
    pmid_status_t status = pmid_sampler_f32_init_ddim(&sampler, &settings, 1);
    if (status == PMID_OK)
        status = pmid_run_f32_begin(&run, &sampler, x, DIMENSION, work, 2 * DIMENSION);
    while (status == PMID_OK) {
        status = pmid_run_f32_next(&run, stream, &query);
        if (status != PMID_OK || query.position == NULL)
            break;
        drift(NULL, (float)query.step, query.position, output, DIMENSION);
        status = pmid_run_f32_supply(&run, output, DIMENSION);
    }
    return status;
}
#endif

int main(void)
{
    static pmid_stream_t stream;
    static float state[DIMENSION];
    float work[DIMENSION * PMID_PMM_WORK];
    pmid_status_t status = pmid_stream_init(&stream, 42, 0);
#ifdef DDIM
    if (status == PMID_OK)
        status = sample(&stream, state, work);
#elif defined PMM
    static pmid_pmm_overdamped_f32_t stepper;
    if (status == PMID_OK)
        status = pmid_pmm_overdamped_f32_init(&stepper, 0.1f, 1000, PMID_BERNOULLI, 1, 1);
    while (status == PMID_OK)
        status = pmid_pmm_overdamped_f32_step(&stepper, 0, state, DIMENSION, drift, NULL, &stream,
                                              work, sizeof work / sizeof *work, NULL);
#else
    static pmid_em_overdamped_f32_t stepper;
    if (status == PMID_OK)
        status = pmid_em_overdamped_f32_init(&stepper, 0.1f, 1, 1);
    while (status == PMID_OK)
        status = pmid_em_overdamped_f32_step(&stepper, 0, state, DIMENSION, drift, NULL, &stream,
                                             work, sizeof work / sizeof *work);
#endif
    return (int)status;
}
