/*
 * Steppers for Langevin dynamics: Euler-Maruyama and the Poisson midpoint method (Kandasamy &
 * Nagaraj, NeurIPS 2024), one step of which imitates K Euler-Maruyama steps with about two drift
 * evaluations. Everything lives in the caller's memory; nothing allocates, prints or locks.
 *
 *     pmid_stream_t stream;
 *     pmid_pmm_overdamped_f32_t stepper;
 *     float x[3] = {0}, work[3 * PMID_PMM_WORK];
 *     pmid_status_t status = pmid_stream_init(&stream, 42, 0);
 *     if (status == PMID_OK)
 *         status = pmid_pmm_overdamped_f32_init(&stepper, 0.1f, 100, PMID_BERNOULLI, 1.0f, 1.0f);
 *     for (int n = 0; n < 1000 && status == PMID_OK; ++n)
 *         status = pmid_pmm_overdamped_f32_step(&stepper, 0.0f, x, 3, drift, NULL, &stream, work,
 *                                               3 * PMID_PMM_WORK, NULL);
 *
 * A drift that is an interrupt, another processor or a network is asked for and told in separate
 * calls: begin, then next and supply while next gives a position, then finish.
 *
 * What every function checks, before anything changes: that no pointer is null or misaligned, that
 * objects have been initialised as what they are, that arrays and objects do not overlap, that
 * dimensions, lengths and parameters are in range. What it cannot check, and the caller promises:
 *
 * - A pointer that is neither null nor misaligned points to memory of the size that its type and
 *   the length beside it give. An array to read has been written; an object has been initialised
 *   or set to zero.
 * - No other thread or interrupt uses what a call uses, but for constant objects.
 * - Objects move by assignment or memcpy as any struct does, a step under way with its state and
 *   work arrays in place and, until it is finished or given up, unchanged.
 *
 * The same inputs give the same bits on every machine and at every batch size. For a drift to do
 * so too, compile it with -ffp-contract=off, and use no more than arithmetic and square roots from
 * outside the program.
 */


#ifndef POISSON_MIDPOINT_H
#define POISSON_MIDPOINT_H

/* Made by cbindgen from capi/src; not to be edited. */

#include <stddef.h>
#include <stdint.h>

// An alignment in bytes that suits every object: for memory that is not declared as one.
#define PMID_ALIGNMENT 8

// 64-bit words of a stream.
#define PMID_STREAM_WORDS 15

// The library's version: major << 16 | minor << 8 | patch.
#define PMID_VERSION 256

// The version of the random-stream contract that this header was made for.
#define PMID_STREAM_VERSION 1

// Law of the midpoints: every inner step with probability 1/K.
#define PMID_BERNOULLI 0

// Law of the midpoints: exactly one. Always two drift evaluations; the better one for large steps.
#define PMID_SINGLE 1

// Scalars of work for each dimension of a pmid_em step.
#define PMID_EM_WORK 2

// Scalars of work for each dimension of an underdamped pmid_em step.
#define PMID_EM_UNDERDAMPED_WORK 3

// Scalars of work for each dimension of a pmid_pmm step.
#define PMID_PMM_WORK 5

// Scalars of work for each dimension of an underdamped pmid_pmm step.
#define PMID_PMM_UNDERDAMPED_WORK 7

// 64-bit words of a pmid_em object in single precision.
#define PMID_EM_F32_WORDS 4

// 64-bit words of an underdamped pmid_em object in single precision.
#define PMID_EM_UNDERDAMPED_F32_WORDS 8

// 64-bit words of a pmid_pmm object in single precision.
#define PMID_PMM_F32_WORDS 7

// 64-bit words of an underdamped pmid_pmm object in single precision.
#define PMID_PMM_UNDERDAMPED_F32_WORDS 10

// 64-bit words of a step under way in single precision.
#define PMID_STEP_F32_WORDS 13

// 64-bit words of an underdamped step under way in single precision.
#define PMID_STEP_UNDERDAMPED_F32_WORDS 16

// 64-bit words of a pmid_em object in double precision.
#define PMID_EM_F64_WORDS 8

// 64-bit words of an underdamped pmid_em object in double precision.
#define PMID_EM_UNDERDAMPED_F64_WORDS 15

// 64-bit words of a pmid_pmm object in double precision.
#define PMID_PMM_F64_WORDS 10

// 64-bit words of an underdamped pmid_pmm object in double precision.
#define PMID_PMM_UNDERDAMPED_F64_WORDS 17

// 64-bit words of a step under way in double precision.
#define PMID_STEP_F64_WORDS 17

// 64-bit words of an underdamped step under way in double precision.
#define PMID_STEP_UNDERDAMPED_F64_WORDS 24

// The outcome of a call. Anything but PMID_OK leaves every output, state and object as it was,
// but for a failed step, which has read from its stream.
typedef enum {
  // Done.
  PMID_OK = 0,
  // A pointer is null.
  PMID_NULL_POINTER = 1,
  // A pointer is not aligned for its type.
  PMID_MISALIGNED_POINTER = 2,
  // An object was never initialised, or as another type.
  PMID_UNINITIALIZED = 3,
  // A drift function called back with the stream in use, or made it anew.
  PMID_BUSY = 4,
  // Two arrays, or an array and an object, overlap.
  PMID_OVERLAP = 5,
  // The number of dimensions is 0 or its arrays would not fit in memory.
  PMID_BAD_DIMENSION = 6,
  // The work array is too short.
  PMID_WORK_TOO_SHORT = 7,
  // The law is neither PMID_BERNOULLI nor PMID_SINGLE.
  PMID_BAD_LAW = 8,
  // The step size is not in (0, inf).
  PMID_BAD_STEP_SIZE = 9,
  // The number of inner steps is 0.
  PMID_BAD_INNER_STEPS = 10,
  // The temperature is not in (0, inf).
  PMID_BAD_TEMPERATURE = 11,
  // The mobility is not in (0, inf).
  PMID_BAD_MOBILITY = 12,
  // The friction is not in (0, inf).
  PMID_BAD_FRICTION = 13,
  // The mass is not in (0, inf).
  PMID_BAD_MASS = 14,
  // The linear rate is not finite.
  PMID_BAD_LINEAR_RATE = 15,
  // The diffusion coefficient is not in [0, inf).
  PMID_BAD_DIFFUSION_COEFFICIENT = 16,
  // A stream position is not in [0, 2^63].
  PMID_PAST_END = 17,
  // The drift function returned something other than 0.
  PMID_DRIFT_FAILED = 18,
  // A drift is infinite or NaN.
  PMID_NON_FINITE_DRIFT = 19,
  // The state is infinite or NaN, or would become so: the step size is too large for the drift.
  PMID_NON_FINITE_STATE = 20,
  // A drift was supplied that had not been asked for.
  PMID_DRIFT_NOT_ASKED = 21,
  // A step was finished that still asks for drifts.
  PMID_UNFINISHED = 22,
  // An error of a later version of the library.
  PMID_OTHER = 23,
} pmid_status_t;

// Euler-Maruyama for
// dX = mobility b(X, t) dt + sqrt(2 mobility temperature) dB; temperature and mobility in (0, inf).
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_EM_F32_WORDS];
} pmid_em_overdamped_f32_t;

// A drift b(x, t): reads `position`, writes `drift`, both of `dimension` components, and returns 0;
// anything else fails the step. `context` is what the caller gave along with it. It must not use
// the stream and the arrays of the step that calls it: calls with the stream return PMID_BUSY, and if it makes the
// stream anew, the step fails with PMID_BUSY. A stepper made anew is that of later steps. Nor must it leave by longjmp:
// the stream would be busy until it is made anew.
typedef int (*pmid_drift_f32_t)(void *context,
                                float time,
                                const float *position,
                                float *drift,
                                size_t dimension);

// The random words of one particle: ChaCha8, seekable. A particle's words depend on nothing but the
// seed and the particle's number.
typedef struct {
  uint64_t opaque[PMID_STREAM_WORDS];
} pmid_stream_t;

// The Poisson midpoint method for
// dX = mobility b(X, t) dt + sqrt(2 mobility temperature) dB; temperature and mobility in (0, inf).
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_PMM_F32_WORDS];
} pmid_pmm_overdamped_f32_t;

// A step of the Poisson midpoint method under way. It keeps the addresses of its state and
// work arrays.
typedef struct {
  uint64_t opaque[PMID_STEP_F32_WORDS];
} pmid_pmm_overdamped_f32_step_t;

// A drift value that a step asks for.
typedef struct {
  // Where, in the step's work array; null if no more is asked for.
  const float *position;
  // When.
  float time;
  // The midpoint: an inner step.
  uint32_t inner_step;
} pmid_query_f32_t;

// Euler-Maruyama for
// dX = mobility b(X, t) dt + sqrt(2 mobility temperature) dB; temperature and mobility in (0, inf).
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_EM_F64_WORDS];
} pmid_em_overdamped_f64_t;

// pmid_drift_f32_t in double precision.
typedef int (*pmid_drift_f64_t)(void *context,
                                double time,
                                const double *position,
                                double *drift,
                                size_t dimension);

// The Poisson midpoint method for
// dX = mobility b(X, t) dt + sqrt(2 mobility temperature) dB; temperature and mobility in (0, inf).
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_PMM_F64_WORDS];
} pmid_pmm_overdamped_f64_t;

// A step of the Poisson midpoint method under way. It keeps the addresses of its state and
// work arrays.
typedef struct {
  uint64_t opaque[PMID_STEP_F64_WORDS];
} pmid_pmm_overdamped_f64_step_t;

// A drift value that a step asks for.
typedef struct {
  // Where, in the step's work array; null if no more is asked for.
  const double *position;
  // When.
  double time;
  // The midpoint: an inner step.
  uint32_t inner_step;
} pmid_query_f64_t;

// Euler-Maruyama for
// dX = b(X, t) dt + diffusion_coefficient dB; diffusion_coefficient in [0, inf).
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_EM_F32_WORDS];
} pmid_em_additive_f32_t;

// The Poisson midpoint method for
// dX = b(X, t) dt + diffusion_coefficient dB; diffusion_coefficient in [0, inf).
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_PMM_F32_WORDS];
} pmid_pmm_additive_f32_t;

// A step of the Poisson midpoint method under way. It keeps the addresses of its state and
// work arrays.
typedef struct {
  uint64_t opaque[PMID_STEP_F32_WORDS];
} pmid_pmm_additive_f32_step_t;

// Euler-Maruyama for
// dX = b(X, t) dt + diffusion_coefficient dB; diffusion_coefficient in [0, inf).
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_EM_F64_WORDS];
} pmid_em_additive_f64_t;

// The Poisson midpoint method for
// dX = b(X, t) dt + diffusion_coefficient dB; diffusion_coefficient in [0, inf).
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_PMM_F64_WORDS];
} pmid_pmm_additive_f64_t;

// A step of the Poisson midpoint method under way. It keeps the addresses of its state and
// work arrays.
typedef struct {
  uint64_t opaque[PMID_STEP_F64_WORDS];
} pmid_pmm_additive_f64_step_t;

// Euler-Maruyama for
// dX = (-linear_rate X + b(X, t)) dt + diffusion_coefficient dB; linear_rate finite,
// diffusion_coefficient in [0, inf).
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_EM_F32_WORDS];
} pmid_em_semilinear_f32_t;

// The Poisson midpoint method for
// dX = (-linear_rate X + b(X, t)) dt + diffusion_coefficient dB; linear_rate finite,
// diffusion_coefficient in [0, inf).
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_PMM_F32_WORDS];
} pmid_pmm_semilinear_f32_t;

// A step of the Poisson midpoint method under way. It keeps the addresses of its state and
// work arrays.
typedef struct {
  uint64_t opaque[PMID_STEP_F32_WORDS];
} pmid_pmm_semilinear_f32_step_t;

// Euler-Maruyama for
// dX = (-linear_rate X + b(X, t)) dt + diffusion_coefficient dB; linear_rate finite,
// diffusion_coefficient in [0, inf).
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_EM_F64_WORDS];
} pmid_em_semilinear_f64_t;

// The Poisson midpoint method for
// dX = (-linear_rate X + b(X, t)) dt + diffusion_coefficient dB; linear_rate finite,
// diffusion_coefficient in [0, inf).
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_PMM_F64_WORDS];
} pmid_pmm_semilinear_f64_t;

// A step of the Poisson midpoint method under way. It keeps the addresses of its state and
// work arrays.
typedef struct {
  uint64_t opaque[PMID_STEP_F64_WORDS];
} pmid_pmm_semilinear_f64_step_t;

// Euler-Maruyama for
// dX = V dt, dV = (-friction V + b(X, t)/mass) dt + sqrt(2 friction temperature/mass) dB;
// temperature, mass, friction and temperature/mass in (0, inf).
// A state is the positions, then the velocities, so 2 dimension scalars; the drift is a function of the positions.
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_EM_UNDERDAMPED_F32_WORDS];
} pmid_em_underdamped_f32_t;

// The Poisson midpoint method for
// dX = V dt, dV = (-friction V + b(X, t)/mass) dt + sqrt(2 friction temperature/mass) dB;
// temperature, mass, friction and temperature/mass in (0, inf).
// A state is the positions, then the velocities, so 2 dimension scalars; the drift is a function of the positions.
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_PMM_UNDERDAMPED_F32_WORDS];
} pmid_pmm_underdamped_f32_t;

// A step of the Poisson midpoint method under way. It keeps the addresses of its state and
// work arrays.
typedef struct {
  uint64_t opaque[PMID_STEP_UNDERDAMPED_F32_WORDS];
} pmid_pmm_underdamped_f32_step_t;

// Euler-Maruyama for
// dX = V dt, dV = (-friction V + b(X, t)/mass) dt + sqrt(2 friction temperature/mass) dB;
// temperature, mass, friction and temperature/mass in (0, inf).
// A state is the positions, then the velocities, so 2 dimension scalars; the drift is a function of the positions.
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_EM_UNDERDAMPED_F64_WORDS];
} pmid_em_underdamped_f64_t;

// The Poisson midpoint method for
// dX = V dt, dV = (-friction V + b(X, t)/mass) dt + sqrt(2 friction temperature/mass) dB;
// temperature, mass, friction and temperature/mass in (0, inf).
// A state is the positions, then the velocities, so 2 dimension scalars; the drift is a function of the positions.
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_PMM_UNDERDAMPED_F64_WORDS];
} pmid_pmm_underdamped_f64_t;

// A step of the Poisson midpoint method under way. It keeps the addresses of its state and
// work arrays.
typedef struct {
  uint64_t opaque[PMID_STEP_UNDERDAMPED_F64_WORDS];
} pmid_pmm_underdamped_f64_step_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// What a status means, in English: a string that lives for ever, for any number whatever.
const char *pmid_status_text(int32_t status);

// Makes the method of a step size.
pmid_status_t pmid_em_overdamped_f32_init(pmid_em_overdamped_f32_t *stepper,
                                          float step_size,
                                          float temperature,
                                          float mobility);

// Moves a state by one step from `time`, with one drift evaluation. `work` has PMID_EM_WORK
// (underdamped PMID_EM_UNDERDAMPED_WORK) times `dimension` scalars or more.
pmid_status_t pmid_em_overdamped_f32_step(const pmid_em_overdamped_f32_t *stepper,
                                          float time,
                                          float *state,
                                          size_t dimension,
                                          pmid_drift_f32_t drift,
                                          void *context,
                                          pmid_stream_t *stream,
                                          float *work,
                                          size_t work_length);

// Makes the method of a step size and a number K of inner steps that one step imitates;
// `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
pmid_status_t pmid_pmm_overdamped_f32_init(pmid_pmm_overdamped_f32_t *stepper,
                                           float step_size,
                                           uint32_t inner_steps,
                                           uint32_t law_of_midpoints,
                                           float temperature,
                                           float mobility);

// Moves a state by one step from `time`; writes the number of drift evaluations, two on
// average, unless `drift_calls` is null. `work` has PMID_PMM_WORK (underdamped
// PMID_PMM_UNDERDAMPED_WORK) times `dimension` scalars or more.
pmid_status_t pmid_pmm_overdamped_f32_step(const pmid_pmm_overdamped_f32_t *stepper,
                                           float time,
                                           float *state,
                                           size_t dimension,
                                           pmid_drift_f32_t drift,
                                           void *context,
                                           pmid_stream_t *stream,
                                           float *work,
                                           size_t work_length,
                                           uint32_t *drift_calls);

// Begins a step from a state whose drift `b0` at `time` is known. Until it is finished or
// given up, `state` must not change and `work`, as long as for a step in one call, is the
// step's own.
pmid_status_t pmid_pmm_overdamped_f32_begin(pmid_pmm_overdamped_f32_step_t *step,
                                            const pmid_pmm_overdamped_f32_t *stepper,
                                            float time,
                                            float *state,
                                            size_t dimension,
                                            const float *b0,
                                            float *work,
                                            size_t work_length);

// Writes the drift value that the step wants next; its position is null when the step can
// be finished. Asked twice, it writes the same and reads no word.
pmid_status_t pmid_pmm_overdamped_f32_next(pmid_pmm_overdamped_f32_step_t *step,
                                           pmid_stream_t *stream,
                                           pmid_query_f32_t *query);

// Tells the step the drift value that it asked for.
pmid_status_t pmid_pmm_overdamped_f32_supply(pmid_pmm_overdamped_f32_step_t *step,
                                             const float *drift,
                                             size_t dimension);

// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
pmid_status_t pmid_pmm_overdamped_f32_finish(pmid_pmm_overdamped_f32_step_t *step,
                                             uint32_t *drift_calls);

// Makes the method of a step size.
pmid_status_t pmid_em_overdamped_f64_init(pmid_em_overdamped_f64_t *stepper,
                                          double step_size,
                                          double temperature,
                                          double mobility);

// Moves a state by one step from `time`, with one drift evaluation. `work` has PMID_EM_WORK
// (underdamped PMID_EM_UNDERDAMPED_WORK) times `dimension` scalars or more.
pmid_status_t pmid_em_overdamped_f64_step(const pmid_em_overdamped_f64_t *stepper,
                                          double time,
                                          double *state,
                                          size_t dimension,
                                          pmid_drift_f64_t drift,
                                          void *context,
                                          pmid_stream_t *stream,
                                          double *work,
                                          size_t work_length);

// Makes the method of a step size and a number K of inner steps that one step imitates;
// `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
pmid_status_t pmid_pmm_overdamped_f64_init(pmid_pmm_overdamped_f64_t *stepper,
                                           double step_size,
                                           uint32_t inner_steps,
                                           uint32_t law_of_midpoints,
                                           double temperature,
                                           double mobility);

// Moves a state by one step from `time`; writes the number of drift evaluations, two on
// average, unless `drift_calls` is null. `work` has PMID_PMM_WORK (underdamped
// PMID_PMM_UNDERDAMPED_WORK) times `dimension` scalars or more.
pmid_status_t pmid_pmm_overdamped_f64_step(const pmid_pmm_overdamped_f64_t *stepper,
                                           double time,
                                           double *state,
                                           size_t dimension,
                                           pmid_drift_f64_t drift,
                                           void *context,
                                           pmid_stream_t *stream,
                                           double *work,
                                           size_t work_length,
                                           uint32_t *drift_calls);

// Begins a step from a state whose drift `b0` at `time` is known. Until it is finished or
// given up, `state` must not change and `work`, as long as for a step in one call, is the
// step's own.
pmid_status_t pmid_pmm_overdamped_f64_begin(pmid_pmm_overdamped_f64_step_t *step,
                                            const pmid_pmm_overdamped_f64_t *stepper,
                                            double time,
                                            double *state,
                                            size_t dimension,
                                            const double *b0,
                                            double *work,
                                            size_t work_length);

// Writes the drift value that the step wants next; its position is null when the step can
// be finished. Asked twice, it writes the same and reads no word.
pmid_status_t pmid_pmm_overdamped_f64_next(pmid_pmm_overdamped_f64_step_t *step,
                                           pmid_stream_t *stream,
                                           pmid_query_f64_t *query);

// Tells the step the drift value that it asked for.
pmid_status_t pmid_pmm_overdamped_f64_supply(pmid_pmm_overdamped_f64_step_t *step,
                                             const double *drift,
                                             size_t dimension);

// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
pmid_status_t pmid_pmm_overdamped_f64_finish(pmid_pmm_overdamped_f64_step_t *step,
                                             uint32_t *drift_calls);

// Makes the method of a step size.
pmid_status_t pmid_em_additive_f32_init(pmid_em_additive_f32_t *stepper,
                                        float step_size,
                                        float diffusion_coefficient);

// Moves a state by one step from `time`, with one drift evaluation. `work` has PMID_EM_WORK
// (underdamped PMID_EM_UNDERDAMPED_WORK) times `dimension` scalars or more.
pmid_status_t pmid_em_additive_f32_step(const pmid_em_additive_f32_t *stepper,
                                        float time,
                                        float *state,
                                        size_t dimension,
                                        pmid_drift_f32_t drift,
                                        void *context,
                                        pmid_stream_t *stream,
                                        float *work,
                                        size_t work_length);

// Makes the method of a step size and a number K of inner steps that one step imitates;
// `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
pmid_status_t pmid_pmm_additive_f32_init(pmid_pmm_additive_f32_t *stepper,
                                         float step_size,
                                         uint32_t inner_steps,
                                         uint32_t law_of_midpoints,
                                         float diffusion_coefficient);

// Moves a state by one step from `time`; writes the number of drift evaluations, two on
// average, unless `drift_calls` is null. `work` has PMID_PMM_WORK (underdamped
// PMID_PMM_UNDERDAMPED_WORK) times `dimension` scalars or more.
pmid_status_t pmid_pmm_additive_f32_step(const pmid_pmm_additive_f32_t *stepper,
                                         float time,
                                         float *state,
                                         size_t dimension,
                                         pmid_drift_f32_t drift,
                                         void *context,
                                         pmid_stream_t *stream,
                                         float *work,
                                         size_t work_length,
                                         uint32_t *drift_calls);

// Begins a step from a state whose drift `b0` at `time` is known. Until it is finished or
// given up, `state` must not change and `work`, as long as for a step in one call, is the
// step's own.
pmid_status_t pmid_pmm_additive_f32_begin(pmid_pmm_additive_f32_step_t *step,
                                          const pmid_pmm_additive_f32_t *stepper,
                                          float time,
                                          float *state,
                                          size_t dimension,
                                          const float *b0,
                                          float *work,
                                          size_t work_length);

// Writes the drift value that the step wants next; its position is null when the step can
// be finished. Asked twice, it writes the same and reads no word.
pmid_status_t pmid_pmm_additive_f32_next(pmid_pmm_additive_f32_step_t *step,
                                         pmid_stream_t *stream,
                                         pmid_query_f32_t *query);

// Tells the step the drift value that it asked for.
pmid_status_t pmid_pmm_additive_f32_supply(pmid_pmm_additive_f32_step_t *step,
                                           const float *drift,
                                           size_t dimension);

// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
pmid_status_t pmid_pmm_additive_f32_finish(pmid_pmm_additive_f32_step_t *step,
                                           uint32_t *drift_calls);

// Makes the method of a step size.
pmid_status_t pmid_em_additive_f64_init(pmid_em_additive_f64_t *stepper,
                                        double step_size,
                                        double diffusion_coefficient);

// Moves a state by one step from `time`, with one drift evaluation. `work` has PMID_EM_WORK
// (underdamped PMID_EM_UNDERDAMPED_WORK) times `dimension` scalars or more.
pmid_status_t pmid_em_additive_f64_step(const pmid_em_additive_f64_t *stepper,
                                        double time,
                                        double *state,
                                        size_t dimension,
                                        pmid_drift_f64_t drift,
                                        void *context,
                                        pmid_stream_t *stream,
                                        double *work,
                                        size_t work_length);

// Makes the method of a step size and a number K of inner steps that one step imitates;
// `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
pmid_status_t pmid_pmm_additive_f64_init(pmid_pmm_additive_f64_t *stepper,
                                         double step_size,
                                         uint32_t inner_steps,
                                         uint32_t law_of_midpoints,
                                         double diffusion_coefficient);

// Moves a state by one step from `time`; writes the number of drift evaluations, two on
// average, unless `drift_calls` is null. `work` has PMID_PMM_WORK (underdamped
// PMID_PMM_UNDERDAMPED_WORK) times `dimension` scalars or more.
pmid_status_t pmid_pmm_additive_f64_step(const pmid_pmm_additive_f64_t *stepper,
                                         double time,
                                         double *state,
                                         size_t dimension,
                                         pmid_drift_f64_t drift,
                                         void *context,
                                         pmid_stream_t *stream,
                                         double *work,
                                         size_t work_length,
                                         uint32_t *drift_calls);

// Begins a step from a state whose drift `b0` at `time` is known. Until it is finished or
// given up, `state` must not change and `work`, as long as for a step in one call, is the
// step's own.
pmid_status_t pmid_pmm_additive_f64_begin(pmid_pmm_additive_f64_step_t *step,
                                          const pmid_pmm_additive_f64_t *stepper,
                                          double time,
                                          double *state,
                                          size_t dimension,
                                          const double *b0,
                                          double *work,
                                          size_t work_length);

// Writes the drift value that the step wants next; its position is null when the step can
// be finished. Asked twice, it writes the same and reads no word.
pmid_status_t pmid_pmm_additive_f64_next(pmid_pmm_additive_f64_step_t *step,
                                         pmid_stream_t *stream,
                                         pmid_query_f64_t *query);

// Tells the step the drift value that it asked for.
pmid_status_t pmid_pmm_additive_f64_supply(pmid_pmm_additive_f64_step_t *step,
                                           const double *drift,
                                           size_t dimension);

// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
pmid_status_t pmid_pmm_additive_f64_finish(pmid_pmm_additive_f64_step_t *step,
                                           uint32_t *drift_calls);

// Makes the method of a step size.
pmid_status_t pmid_em_semilinear_f32_init(pmid_em_semilinear_f32_t *stepper,
                                          float step_size,
                                          float linear_rate,
                                          float diffusion_coefficient);

// Moves a state by one step from `time`, with one drift evaluation. `work` has PMID_EM_WORK
// (underdamped PMID_EM_UNDERDAMPED_WORK) times `dimension` scalars or more.
pmid_status_t pmid_em_semilinear_f32_step(const pmid_em_semilinear_f32_t *stepper,
                                          float time,
                                          float *state,
                                          size_t dimension,
                                          pmid_drift_f32_t drift,
                                          void *context,
                                          pmid_stream_t *stream,
                                          float *work,
                                          size_t work_length);

// Makes the method of a step size and a number K of inner steps that one step imitates;
// `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
pmid_status_t pmid_pmm_semilinear_f32_init(pmid_pmm_semilinear_f32_t *stepper,
                                           float step_size,
                                           uint32_t inner_steps,
                                           uint32_t law_of_midpoints,
                                           float linear_rate,
                                           float diffusion_coefficient);

// Moves a state by one step from `time`; writes the number of drift evaluations, two on
// average, unless `drift_calls` is null. `work` has PMID_PMM_WORK (underdamped
// PMID_PMM_UNDERDAMPED_WORK) times `dimension` scalars or more.
pmid_status_t pmid_pmm_semilinear_f32_step(const pmid_pmm_semilinear_f32_t *stepper,
                                           float time,
                                           float *state,
                                           size_t dimension,
                                           pmid_drift_f32_t drift,
                                           void *context,
                                           pmid_stream_t *stream,
                                           float *work,
                                           size_t work_length,
                                           uint32_t *drift_calls);

// Begins a step from a state whose drift `b0` at `time` is known. Until it is finished or
// given up, `state` must not change and `work`, as long as for a step in one call, is the
// step's own.
pmid_status_t pmid_pmm_semilinear_f32_begin(pmid_pmm_semilinear_f32_step_t *step,
                                            const pmid_pmm_semilinear_f32_t *stepper,
                                            float time,
                                            float *state,
                                            size_t dimension,
                                            const float *b0,
                                            float *work,
                                            size_t work_length);

// Writes the drift value that the step wants next; its position is null when the step can
// be finished. Asked twice, it writes the same and reads no word.
pmid_status_t pmid_pmm_semilinear_f32_next(pmid_pmm_semilinear_f32_step_t *step,
                                           pmid_stream_t *stream,
                                           pmid_query_f32_t *query);

// Tells the step the drift value that it asked for.
pmid_status_t pmid_pmm_semilinear_f32_supply(pmid_pmm_semilinear_f32_step_t *step,
                                             const float *drift,
                                             size_t dimension);

// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
pmid_status_t pmid_pmm_semilinear_f32_finish(pmid_pmm_semilinear_f32_step_t *step,
                                             uint32_t *drift_calls);

// Makes the method of a step size.
pmid_status_t pmid_em_semilinear_f64_init(pmid_em_semilinear_f64_t *stepper,
                                          double step_size,
                                          double linear_rate,
                                          double diffusion_coefficient);

// Moves a state by one step from `time`, with one drift evaluation. `work` has PMID_EM_WORK
// (underdamped PMID_EM_UNDERDAMPED_WORK) times `dimension` scalars or more.
pmid_status_t pmid_em_semilinear_f64_step(const pmid_em_semilinear_f64_t *stepper,
                                          double time,
                                          double *state,
                                          size_t dimension,
                                          pmid_drift_f64_t drift,
                                          void *context,
                                          pmid_stream_t *stream,
                                          double *work,
                                          size_t work_length);

// Makes the method of a step size and a number K of inner steps that one step imitates;
// `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
pmid_status_t pmid_pmm_semilinear_f64_init(pmid_pmm_semilinear_f64_t *stepper,
                                           double step_size,
                                           uint32_t inner_steps,
                                           uint32_t law_of_midpoints,
                                           double linear_rate,
                                           double diffusion_coefficient);

// Moves a state by one step from `time`; writes the number of drift evaluations, two on
// average, unless `drift_calls` is null. `work` has PMID_PMM_WORK (underdamped
// PMID_PMM_UNDERDAMPED_WORK) times `dimension` scalars or more.
pmid_status_t pmid_pmm_semilinear_f64_step(const pmid_pmm_semilinear_f64_t *stepper,
                                           double time,
                                           double *state,
                                           size_t dimension,
                                           pmid_drift_f64_t drift,
                                           void *context,
                                           pmid_stream_t *stream,
                                           double *work,
                                           size_t work_length,
                                           uint32_t *drift_calls);

// Begins a step from a state whose drift `b0` at `time` is known. Until it is finished or
// given up, `state` must not change and `work`, as long as for a step in one call, is the
// step's own.
pmid_status_t pmid_pmm_semilinear_f64_begin(pmid_pmm_semilinear_f64_step_t *step,
                                            const pmid_pmm_semilinear_f64_t *stepper,
                                            double time,
                                            double *state,
                                            size_t dimension,
                                            const double *b0,
                                            double *work,
                                            size_t work_length);

// Writes the drift value that the step wants next; its position is null when the step can
// be finished. Asked twice, it writes the same and reads no word.
pmid_status_t pmid_pmm_semilinear_f64_next(pmid_pmm_semilinear_f64_step_t *step,
                                           pmid_stream_t *stream,
                                           pmid_query_f64_t *query);

// Tells the step the drift value that it asked for.
pmid_status_t pmid_pmm_semilinear_f64_supply(pmid_pmm_semilinear_f64_step_t *step,
                                             const double *drift,
                                             size_t dimension);

// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
pmid_status_t pmid_pmm_semilinear_f64_finish(pmid_pmm_semilinear_f64_step_t *step,
                                             uint32_t *drift_calls);

// Makes the method of a step size.
pmid_status_t pmid_em_underdamped_f32_init(pmid_em_underdamped_f32_t *stepper,
                                           float step_size,
                                           float temperature,
                                           float mass,
                                           float friction);

// Moves a state by one step from `time`, with one drift evaluation. `work` has PMID_EM_WORK
// (underdamped PMID_EM_UNDERDAMPED_WORK) times `dimension` scalars or more.
pmid_status_t pmid_em_underdamped_f32_step(const pmid_em_underdamped_f32_t *stepper,
                                           float time,
                                           float *state,
                                           size_t dimension,
                                           pmid_drift_f32_t drift,
                                           void *context,
                                           pmid_stream_t *stream,
                                           float *work,
                                           size_t work_length);

// Makes the method of a step size and a number K of inner steps that one step imitates;
// `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
pmid_status_t pmid_pmm_underdamped_f32_init(pmid_pmm_underdamped_f32_t *stepper,
                                            float step_size,
                                            uint32_t inner_steps,
                                            uint32_t law_of_midpoints,
                                            float temperature,
                                            float mass,
                                            float friction);

// Moves a state by one step from `time`; writes the number of drift evaluations, two on
// average, unless `drift_calls` is null. `work` has PMID_PMM_WORK (underdamped
// PMID_PMM_UNDERDAMPED_WORK) times `dimension` scalars or more.
pmid_status_t pmid_pmm_underdamped_f32_step(const pmid_pmm_underdamped_f32_t *stepper,
                                            float time,
                                            float *state,
                                            size_t dimension,
                                            pmid_drift_f32_t drift,
                                            void *context,
                                            pmid_stream_t *stream,
                                            float *work,
                                            size_t work_length,
                                            uint32_t *drift_calls);

// Begins a step from a state whose drift `b0` at `time` is known. Until it is finished or
// given up, `state` must not change and `work`, as long as for a step in one call, is the
// step's own.
pmid_status_t pmid_pmm_underdamped_f32_begin(pmid_pmm_underdamped_f32_step_t *step,
                                             const pmid_pmm_underdamped_f32_t *stepper,
                                             float time,
                                             float *state,
                                             size_t dimension,
                                             const float *b0,
                                             float *work,
                                             size_t work_length);

// Writes the drift value that the step wants next; its position is null when the step can
// be finished. Asked twice, it writes the same and reads no word.
pmid_status_t pmid_pmm_underdamped_f32_next(pmid_pmm_underdamped_f32_step_t *step,
                                            pmid_stream_t *stream,
                                            pmid_query_f32_t *query);

// Tells the step the drift value that it asked for.
pmid_status_t pmid_pmm_underdamped_f32_supply(pmid_pmm_underdamped_f32_step_t *step,
                                              const float *drift,
                                              size_t dimension);

// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
pmid_status_t pmid_pmm_underdamped_f32_finish(pmid_pmm_underdamped_f32_step_t *step,
                                              uint32_t *drift_calls);

// Makes the method of a step size.
pmid_status_t pmid_em_underdamped_f64_init(pmid_em_underdamped_f64_t *stepper,
                                           double step_size,
                                           double temperature,
                                           double mass,
                                           double friction);

// Moves a state by one step from `time`, with one drift evaluation. `work` has PMID_EM_WORK
// (underdamped PMID_EM_UNDERDAMPED_WORK) times `dimension` scalars or more.
pmid_status_t pmid_em_underdamped_f64_step(const pmid_em_underdamped_f64_t *stepper,
                                           double time,
                                           double *state,
                                           size_t dimension,
                                           pmid_drift_f64_t drift,
                                           void *context,
                                           pmid_stream_t *stream,
                                           double *work,
                                           size_t work_length);

// Makes the method of a step size and a number K of inner steps that one step imitates;
// `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
pmid_status_t pmid_pmm_underdamped_f64_init(pmid_pmm_underdamped_f64_t *stepper,
                                            double step_size,
                                            uint32_t inner_steps,
                                            uint32_t law_of_midpoints,
                                            double temperature,
                                            double mass,
                                            double friction);

// Moves a state by one step from `time`; writes the number of drift evaluations, two on
// average, unless `drift_calls` is null. `work` has PMID_PMM_WORK (underdamped
// PMID_PMM_UNDERDAMPED_WORK) times `dimension` scalars or more.
pmid_status_t pmid_pmm_underdamped_f64_step(const pmid_pmm_underdamped_f64_t *stepper,
                                            double time,
                                            double *state,
                                            size_t dimension,
                                            pmid_drift_f64_t drift,
                                            void *context,
                                            pmid_stream_t *stream,
                                            double *work,
                                            size_t work_length,
                                            uint32_t *drift_calls);

// Begins a step from a state whose drift `b0` at `time` is known. Until it is finished or
// given up, `state` must not change and `work`, as long as for a step in one call, is the
// step's own.
pmid_status_t pmid_pmm_underdamped_f64_begin(pmid_pmm_underdamped_f64_step_t *step,
                                             const pmid_pmm_underdamped_f64_t *stepper,
                                             double time,
                                             double *state,
                                             size_t dimension,
                                             const double *b0,
                                             double *work,
                                             size_t work_length);

// Writes the drift value that the step wants next; its position is null when the step can
// be finished. Asked twice, it writes the same and reads no word.
pmid_status_t pmid_pmm_underdamped_f64_next(pmid_pmm_underdamped_f64_step_t *step,
                                            pmid_stream_t *stream,
                                            pmid_query_f64_t *query);

// Tells the step the drift value that it asked for.
pmid_status_t pmid_pmm_underdamped_f64_supply(pmid_pmm_underdamped_f64_step_t *step,
                                              const double *drift,
                                              size_t dimension);

// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
pmid_status_t pmid_pmm_underdamped_f64_finish(pmid_pmm_underdamped_f64_step_t *step,
                                              uint32_t *drift_calls);

// The version of the library that is linked, to compare with PMID_VERSION.
uint32_t pmid_version(void);

// The version of the random-stream contract of the library that is linked: the same version, seed
// and particle give the same words, normals and midpoints.
uint32_t pmid_stream_version(void);

// Makes the stream of a particle under a seed, at its first word.
pmid_status_t pmid_stream_init(pmid_stream_t *stream, uint64_t seed, uint64_t particle);

// Moves to a word position, which pmid_stream_tell gave. PMID_PAST_END beyond 2^63.
pmid_status_t pmid_stream_seek(pmid_stream_t *stream, uint64_t position);

// Writes the number of words before the next one. It and the state are a checkpoint: a run resumed
// from them gives the same bits as one never interrupted.
pmid_status_t pmid_stream_tell(const pmid_stream_t *stream, uint64_t *position);

// Writes the next word, uniform over 32 bits.
pmid_status_t pmid_stream_next_word(pmid_stream_t *stream, uint32_t *word);

// Writes a standard normal made from the next word.
pmid_status_t pmid_stream_normal_f32(pmid_stream_t *stream, float *normal);

// Writes a standard normal made from the next two words.
pmid_status_t pmid_stream_normal_f64(pmid_stream_t *stream, double *normal);

// The standard normal that a word stands for: the quantile at (word + 1/2)/2^32.
float pmid_normal_f32(uint32_t word);

// The standard normal that 64 bits stand for: the quantile at (2^32 high + low + 1/2)/2^64.
double pmid_normal_f64(uint32_t high, uint32_t low);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* POISSON_MIDPOINT_H */
