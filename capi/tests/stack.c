/* On a Cortex-M, measures by painting the stack that a step in three dimensions takes beyond its
 * drift's, and the memory of its state. Fails if the midpoint method needs more than 512 and 256 bytes. */

#include <stdint.h>
#include <stdio.h>

#include "poisson_midpoint.h"

#define DIMENSION 3
#define PAINTED 4096
#define PAINT 0x5a5ac3c3u

static pmid_stream_t stream;
static pmid_em_overdamped_f32_t em;
static pmid_pmm_overdamped_f32_t pmm;
static float state[DIMENSION], work[DIMENSION * PMID_PMM_WORK];
static uint32_t drift_stack;

static uint32_t stack_pointer(void)
{
    uint32_t pointer;
    __asm__ volatile("mov %0, sp" : "=r"(pointer));
    return pointer;
}

static int drift(void *context, float time, const float *position, float *drift, size_t dimension)
{
    (void)context, (void)time;
    for (size_t d = 0; d < dimension; ++d)
        drift[d] = -position[d];
    return 0;
}

static pmid_status_t step_em(void)
{
    return pmid_em_overdamped_f32_step(&em, 0, state, DIMENSION, drift, NULL, &stream, work,
                                       sizeof work / sizeof *work);
}

static pmid_status_t step_pmm(void)
{
    return pmid_pmm_overdamped_f32_step(&pmm, 0, state, DIMENSION, drift, NULL, &stream, work,
                                        sizeof work / sizeof *work, NULL);
}

static pmid_status_t call_drift(void)
{
    return (pmid_status_t)drift(NULL, 0, state, work, DIMENSION);
}

/* The most stack that any of many steps takes, including the arguments of its call. */
static uint32_t __attribute__((noinline)) used(pmid_status_t (*volatile step)(void))
{
    uint32_t most = 0;
    for (int n = 0; n < 200; ++n) {
        const uint32_t top = stack_pointer();
        volatile uint32_t *word = (volatile uint32_t *)(uintptr_t)(top - PAINTED);
        for (uint32_t i = 0; i < PAINTED / 4; ++i)
            word[i] = PAINT;
        if (step() != PMID_OK)
            return UINT32_MAX;
        while (*word == PAINT && (uint32_t)(uintptr_t)word < top)
            ++word;
        if (top - (uint32_t)(uintptr_t)word > most)
            most = top - (uint32_t)(uintptr_t)word;
    }
    return most;
}

int main(void)
{
    if (pmid_stream_init(&stream, 42, 0) != PMID_OK ||
        pmid_em_overdamped_f32_init(&em, 0.1f, 1, 1) != PMID_OK ||
        pmid_pmm_overdamped_f32_init(&pmm, 0.1f, 1000, PMID_BERNOULLI, 1, 1) != PMID_OK)
        return 1;
    drift_stack = used(call_drift);
    const uint32_t em_stack = used(step_em) - drift_stack, pmm_stack = used(step_pmm) - drift_stack;
    const unsigned em_state =
        sizeof state + sizeof stream + sizeof em + DIMENSION * PMID_EM_WORK * sizeof(float);
    const unsigned pmm_state = sizeof state + sizeof stream + sizeof pmm + sizeof work;
    printf("EM stack=%lu state=%u\n", (unsigned long)em_stack, em_state);
    printf("PMM stack=%lu state=%u\n", (unsigned long)pmm_stack, pmm_state);
    return pmm_stack > 512 || pmm_state > 256;
}
