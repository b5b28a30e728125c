/* The least program that steps three dimensions in single precision, to see what it links: with
 * Euler-Maruyama, or with the midpoint method if PMM is defined. */

#include "poisson_midpoint.h"

#define DIMENSION 3

static int drift(void *context, float time, const float *position, float *drift, size_t dimension)
{
    (void)context, (void)time;
    for (size_t d = 0; d < dimension; ++d)
        drift[d] = -position[d];
    return 0;
}

int main(void)
{
    static pmid_stream_t stream;
    static float state[DIMENSION];
    float work[DIMENSION * PMID_PMM_WORK];
    pmid_status_t status = pmid_stream_init(&stream, 42, 0);
#ifdef PMM
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
