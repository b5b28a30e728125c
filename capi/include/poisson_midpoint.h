/*
 * Steppers for Langevin dynamics: Euler-Maruyama and the Poisson midpoint method (Kandasamy &
 * Nagaraj, NeurIPS 2024), one step of which imitates K Euler-Maruyama steps with about two drift
 * evaluations; and diffusion samplers. Everything lives in the caller's memory; nothing allocates,
 * prints or locks.
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
 * A drift that an interrupt, another processor or a network computes is asked for and supplied in
 * separate calls: begin, then next and supply while next gives a position, then finish.
 *
 * A diffusion sampler is a solver on a noise schedule and timesteps, two arrays that functions
 * fill. A run of a sampler asks for a network's output in the same way: begin, then next and supply
 * while next gives a position. At the end x holds the sample.
 *
 * What every function checks, before anything changes: that no pointer is null or misaligned, that
 * objects have been initialised as what they are, that arrays and objects do not overlap, that
 * dimensions, lengths and parameters are in range. What no function can check, and the caller
 * promises:
 *
 * - A pointer that is neither null nor misaligned points to memory of the size that its type and
 *   the length beside it give. An array to read has been written; an object has been initialised
 *   or set to zero.
 * - No other thread or interrupt uses what a call uses, except for constant objects.
 * - Objects move by assignment or memcpy as any struct does. Until a step under way is finished or
 *   given up, its state and work arrays stay in place and unchanged.
 *
 * The same inputs give the same bits on every machine and at every batch size. For a drift to do so
 * too, compile it with -ffp-contract=off, and let it use nothing but arithmetic and square roots
 * from outside the program.
 */


#ifndef POISSON_MIDPOINT_H
#define POISSON_MIDPOINT_H

/* Made by cbindgen from capi/src; not to be edited. */

#include <stddef.h>
#include <stdint.h>

// An alignment in bytes that suits every object, for memory that is not declared as an object.
#define PMID_ALIGNMENT 8

// 64-bit words of a stream.
#define PMID_STREAM_WORDS 15

// The library's version: major << 16 | minor << 8 | patch.
#define PMID_VERSION 256

// The version of the random-stream contract that this header was made for.
#define PMID_STREAM_VERSION 1

// Law of the midpoints: every inner step with probability 1/K.
#define PMID_BERNOULLI 0

// Law of the midpoints: exactly one, so always two drift evaluations. The better law for large steps.
#define PMID_SINGLE 1

// Scalars of work for each dimension of a pmid_em step.
#define PMID_EM_WORK 2

// Scalars of work for each dimension of an underdamped pmid_em step, and of a pmid_baoa or pmid_ubu step.
#define PMID_EM_UNDERDAMPED_WORK 3

// Scalars of work for each dimension of a pmid_quicsort step.
#define PMID_QUICSORT_WORK 5

// Scalars of work for each dimension of a pmid_pmm step.
#define PMID_PMM_WORK 5

// Scalars of work for each dimension of an underdamped pmid_pmm step.
#define PMID_PMM_UNDERDAMPED_WORK 7

// 64-bit words of a pmid_em object in single precision.
#define PMID_EM_F32_WORDS 5

// 64-bit words of an underdamped pmid_em object in single precision.
#define PMID_EM_UNDERDAMPED_F32_WORDS 8

// 64-bit words of a pmid_pmm object in single precision.
#define PMID_PMM_F32_WORDS 7

// 64-bit words of an underdamped pmid_pmm object in single precision.
#define PMID_PMM_UNDERDAMPED_F32_WORDS 11

// 64-bit words of a step under way in single precision.
#define PMID_STEP_F32_WORDS 13

// 64-bit words of an underdamped step under way in single precision.
#define PMID_STEP_UNDERDAMPED_F32_WORDS 17

// 64-bit words of a pmid_em object in double precision.
#define PMID_EM_F64_WORDS 9

// 64-bit words of an underdamped pmid_em object in double precision.
#define PMID_EM_UNDERDAMPED_F64_WORDS 16

// 64-bit words of a pmid_pmm object in double precision.
#define PMID_PMM_F64_WORDS 11

// 64-bit words of an underdamped pmid_pmm object in double precision.
#define PMID_PMM_UNDERDAMPED_F64_WORDS 18

// 64-bit words of a step under way in double precision.
#define PMID_STEP_F64_WORDS 17

// 64-bit words of an underdamped step under way in double precision.
#define PMID_STEP_UNDERDAMPED_F64_WORDS 24

// 64-bit words of a pmid_baoa object in single precision.
#define PMID_BAOA_F32_WORDS 8

// 64-bit words of a pmid_baoa object in double precision.
#define PMID_BAOA_F64_WORDS 15

// 64-bit words of a pmid_ubu object in single precision.
#define PMID_UBU_F32_WORDS 12

// 64-bit words of a pmid_ubu object in double precision.
#define PMID_UBU_F64_WORDS 23

// 64-bit words of a pmid_quicsort object in single precision.
#define PMID_QUICSORT_F32_WORDS 18

// 64-bit words of a pmid_quicsort object in double precision.
#define PMID_QUICSORT_F64_WORDS 34

// A network's prediction from x = signal x0 + noise epsilon: the score, -epsilon/noise.
#define PMID_SCORE 0

// A network's prediction: the noise epsilon.
#define PMID_EPSILON 1

// A network's prediction: the data x0.
#define PMID_SAMPLE 2

// A network's prediction: the velocity, signal epsilon - noise x0.
#define PMID_VELOCITY 3

// A network's prediction: epsilon - x0, the direction of flow matching. Its network is to be called at
// x/(signal + noise) and the time noise/(signal + noise).
#define PMID_FLOW 4

// Timesteps: from T to 0 in equal steps.
#define PMID_UNIFORM 0

// Timesteps: for n steps, 1 + j floor(T/n) with j from n - 1 to 0; then 0.
#define PMID_LEADING 1

// Timesteps: from T to 1 in equal steps; then 0.
#define PMID_LINSPACE 2

// Timesteps: for n steps, T (j/n)^2 with j from n to 0: short steps near the data.
#define PMID_QUADRATIC 3

// Timesteps: from T to 1 in equal steps of ln(signal/noise); then 0.
#define PMID_LOG_SNR 4

// Timesteps: from T to 1 in equal steps of (noise/signal)^(1/rho); then 0.
#define PMID_KARRAS 5

// Variant of DDPM: the ancestral step, with the posterior variance; the paper's 2.
#define PMID_FIXED_SMALL 0

// Variant of DDPM: the ancestral step with less noise; the paper's 3.
#define PMID_REDUCED 1

// Variant of DDPM: the ancestral step with more noise, of variance beta.
#define PMID_FIXED_LARGE 2

// Variant of DDPM: the exponential integrator of the reverse diffusion, with `correction` at least -1; the paper's 1a
// to 1d have -1, 0, 1 and 2. The other variants ignore `correction`.
#define PMID_EXPONENTIAL 3

// Density of midpoints: in proportion to the effect of a network's output on the end of its macro step (DDRaM).
#define PMID_DRIFT 0

// Density of midpoints: that of PMID_DRIFT times the distance in ln(signal/noise) from the macro step's start.
#define PMID_DRIFT_TIMES_DISTANCE 1

// 64-bit words of a sampler.
#define PMID_SAMPLER_WORDS 28

// 64-bit words of a run.
#define PMID_RUN_WORDS 16

// The outcome of a call. Any status except PMID_OK leaves every output, state and object as it was, with these
// exceptions: a failed step has read from its stream; an array to be filled may hold anything, and the sampler that
// was to be made over it may no longer be initialised; a run that stops with PMID_NON_FINITE_SAMPLE has gone as far as
// it could.
typedef enum {
  // Done.
  PMID_OK = 0,
  // A pointer is null.
  PMID_NULL_POINTER = 1,
  // A pointer is not aligned for its type.
  PMID_MISALIGNED_POINTER = 2,
  // An object was never initialised, or was initialised as another type.
  PMID_UNINITIALIZED = 3,
  // A drift function called back with the stream of its step, or made that stream anew.
  PMID_BUSY = 4,
  // Two arrays, or an array and an object, overlap.
  PMID_OVERLAP = 5,
  // The number of dimensions is 0 or its arrays would not fit in memory.
  PMID_BAD_DIMENSION = 6,
  // The work array is too short.
  PMID_WORK_TOO_SHORT = 7,
  // The law is neither PMID_BERNOULLI nor PMID_SINGLE.
  PMID_BAD_LAW = 8,
  // The step size is not in (0, inf), or what a method makes of it is out of the scalar's range. So it is with the
  // parameters below: a product or a quotient that overflows or loses digits is refused too.
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
  // A noise schedule's parameter is out of range, or its exponents are not finite and increasing.
  PMID_BAD_SCHEDULE = 23,
  // The timesteps are fewer than two, do not decrease, or exceed the schedule's training steps in number or size.
  PMID_BAD_TIMESTEPS = 24,
  // The spacing is none of PMID_UNIFORM to PMID_KARRAS, or its rho is 0.
  PMID_BAD_SPACING = 25,
  // The prediction is none of PMID_SCORE to PMID_FLOW.
  PMID_BAD_PREDICTION = 26,
  // The limit of a clip is not in (0, inf), or its quantile is not in (0, 1].
  PMID_BAD_CLIP = 27,
  // The variant is none of PMID_FIXED_SMALL to PMID_EXPONENTIAL, or its correction is not in [-1, inf).
  PMID_BAD_VARIANT = 28,
  // The density is neither PMID_DRIFT nor PMID_DRIFT_TIMES_DISTANCE.
  PMID_BAD_DENSITY = 29,
  // The solver has no such order.
  PMID_BAD_ORDER = 30,
  // A solver's eta or node is not in [0, 1].
  PMID_BAD_ETA = 31,
  // A solver's tau is not in [0, inf), or the limits of its noise are not in order.
  PMID_BAD_TAU = 32,
  // A table has fewer rows than the schedule has training steps.
  PMID_TABLE_TOO_SHORT = 33,
  // A coefficient of the sampler is infinite or NaN, or is 0 and divides: the schedule goes too far for the scalar.
  PMID_BAD_COEFFICIENT = 34,
  // A network's output is infinite or NaN.
  PMID_NON_FINITE_OUTPUT = 35,
  // The sample is infinite or NaN, or would become so. The run can go no further.
  PMID_NON_FINITE_SAMPLE = 36,
  // An output was supplied that had not been asked for.
  PMID_OUTPUT_NOT_ASKED = 37,
  // An error of a later version of the library.
  PMID_OTHER = 38,
} pmid_status_t;

// Euler-Maruyama for
// dX = mobility b(X, t) dt + sqrt(2 mobility temperature) dB; temperature and mobility in (0, inf).
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_EM_F32_WORDS];
} pmid_em_overdamped_f32_t;

// A drift b(x, t): reads `position`, writes `drift`, both of `dimension` components, and returns 0; any other value
// fails the step. `context` is what the caller gave with the function. The function must not use the stream and the
// arrays of the step that calls it: calls with the stream return PMID_BUSY, and if it makes the stream anew, the step
// fails with PMID_BUSY. A stepper that it makes anew takes effect from the next step. The function must not leave by
// longjmp either: the stream would stay busy until it is made anew.
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
  // The position, in the step's work array; null if the step asks for no more drift values.
  const float *position;
  // The time.
  float time;
  // The inner step of the midpoint.
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
  // The position, in the step's work array; null if the step asks for no more drift values.
  const double *position;
  // The time.
  double time;
  // The inner step of the midpoint.
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

// BAOA, the splitting method that visits the positions of BAOAB if started from velocities half a kick back, for
// dX = V dt, dV = (-friction V + b(X, t)/mass) dt + sqrt(2 friction temperature/mass) dB;
// temperature, mass, friction and temperature/mass in (0, inf), step_size/mass and what it carries in a step finite.
// States are those of pmid_em_underdamped.
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_BAOA_F32_WORDS];
} pmid_baoa_f32_t;

// BAOA, the splitting method that visits the positions of BAOAB if started from velocities half a kick back, for
// dX = V dt, dV = (-friction V + b(X, t)/mass) dt + sqrt(2 friction temperature/mass) dB;
// temperature, mass, friction and temperature/mass in (0, inf), step_size/mass and what it carries in a step finite.
// States are those of pmid_em_underdamped.
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_BAOA_F64_WORDS];
} pmid_baoa_f64_t;

// UBU, the splitting method of strong order 2, which asks for the drift at time + step_size/2, for
// dX = V dt, dV = (-friction V + b(X, t)/mass) dt + sqrt(2 friction temperature/mass) dB;
// temperature, mass, friction and temperature/mass in (0, inf), step_size/mass and what it carries in a step finite.
// States are those of pmid_em_underdamped.
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_UBU_F32_WORDS];
} pmid_ubu_f32_t;

// UBU, the splitting method of strong order 2, which asks for the drift at time + step_size/2, for
// dX = V dt, dV = (-friction V + b(X, t)/mass) dt + sqrt(2 friction temperature/mass) dB;
// temperature, mass, friction and temperature/mass in (0, inf), step_size/mass and what it carries in a step finite.
// States are those of pmid_em_underdamped.
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_UBU_F64_WORDS];
} pmid_ubu_f64_t;

// QUICSORT, the Runge-Kutta method of strong order 3, which asks for the drift at time + (3 -/+ sqrt 3)/6 step_size, for
// dX = V dt, dV = (-friction V + b(X, t)/mass) dt + sqrt(2 friction temperature/mass) dB;
// temperature, mass, friction and temperature/mass in (0, inf), step_size/mass and what it carries in a step finite.
// States are those of pmid_em_underdamped.
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_QUICSORT_F32_WORDS];
} pmid_quicsort_f32_t;

// QUICSORT, the Runge-Kutta method of strong order 3, which asks for the drift at time + (3 -/+ sqrt 3)/6 step_size, for
// dX = V dt, dV = (-friction V + b(X, t)/mass) dt + sqrt(2 friction temperature/mass) dB;
// temperature, mass, friction and temperature/mass in (0, inf), step_size/mass and what it carries in a step finite.
// States are those of pmid_em_underdamped.
// Constant once initialised: any number of states and threads may share it.
typedef struct {
  uint64_t opaque[PMID_QUICSORT_F64_WORDS];
} pmid_quicsort_f64_t;

// A sampler: a solver on a schedule and timesteps. Constant once initialised: any number of runs and
// threads may share it. It keeps the addresses of the arrays of its settings, and of its tables.
typedef struct {
  uint64_t opaque[PMID_SAMPLER_WORDS];
} pmid_sampler_f32_t;

// The settings that all samplers have in common. The arrays stay the caller's, and must not change as long
// as the sampler is used.
typedef struct {
  // The noise schedule: -ln(alpha-bar) of training steps 1 to T, in (0, inf) and increasing; signal is
  // sqrt(alpha-bar), noise sqrt(1 - alpha-bar).
  const float *exponents;
  // The number T of training steps.
  size_t training_steps;
  // The training steps to visit, decreasing, from at most T to 0, which is the data.
  const uint32_t *timesteps;
  // The length of `timesteps`, one more than the number of steps.
  size_t timesteps_length;
  // What the network predicts: PMID_EPSILON, PMID_VELOCITY, ...
  uint32_t predicts;
  // The predicted data are clipped to [-clip_limit, clip_limit]; 0 for no clip.
  float clip_limit;
  // 0; or, for dynamic thresholding, a number in (0, 1]: where this quantile q of the absolute values is
  // above clip_limit, the predicted data are clipped to [-q, q] and scaled by clip_limit/q.
  float clip_quantile;
} pmid_settings_f32_t;

// A row of a midpoint method's table, which its sampler fills.
typedef struct {
  float opaque[4];
} pmid_row_f32_t;

// A run of one sample. It keeps the addresses of its sampler, its sample and its work array.
typedef struct {
  uint64_t opaque[PMID_RUN_WORDS];
} pmid_run_f32_t;

// Where a run wants its network evaluated.
typedef struct {
  // The noisy data, in the run's work array; null when the sample is complete.
  const float *position;
  // The training step, from 1 to T.
  uint32_t step;
} pmid_network_query_f32_t;

// A sampler: a solver on a schedule and timesteps. Constant once initialised: any number of runs and
// threads may share it. It keeps the addresses of the arrays of its settings, and of its tables.
typedef struct {
  uint64_t opaque[PMID_SAMPLER_WORDS];
} pmid_sampler_f64_t;

// The settings that all samplers have in common. The arrays stay the caller's, and must not change as long
// as the sampler is used.
typedef struct {
  // The noise schedule: -ln(alpha-bar) of training steps 1 to T, in (0, inf) and increasing; signal is
  // sqrt(alpha-bar), noise sqrt(1 - alpha-bar).
  const double *exponents;
  // The number T of training steps.
  size_t training_steps;
  // The training steps to visit, decreasing, from at most T to 0, which is the data.
  const uint32_t *timesteps;
  // The length of `timesteps`, one more than the number of steps.
  size_t timesteps_length;
  // What the network predicts: PMID_EPSILON, PMID_VELOCITY, ...
  uint32_t predicts;
  // The predicted data are clipped to [-clip_limit, clip_limit]; 0 for no clip.
  double clip_limit;
  // 0; or, for dynamic thresholding, a number in (0, 1]: where this quantile q of the absolute values is
  // above clip_limit, the predicted data are clipped to [-q, q] and scaled by clip_limit/q.
  double clip_quantile;
} pmid_settings_f64_t;

// A row of a midpoint method's table, which its sampler fills.
typedef struct {
  double opaque[4];
} pmid_row_f64_t;

// A run of one sample. It keeps the addresses of its sampler, its sample and its work array.
typedef struct {
  uint64_t opaque[PMID_RUN_WORDS];
} pmid_run_f64_t;

// Where a run wants its network evaluated.
typedef struct {
  // The noisy data, in the run's work array; null when the sample is complete.
  const double *position;
  // The training step, from 1 to T.
  uint32_t step;
} pmid_network_query_f64_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Returns what a status means, in English, as a static string; `status` may be any number.
const char *pmid_status_text(int32_t status);

// Makes the method with a step size.
pmid_status_t pmid_em_overdamped_f32_init(pmid_em_overdamped_f32_t *stepper,
                                          float step_size,
                                          float temperature,
                                          float mobility);

// Moves a state by one step from `time`, with one drift evaluation (pmid_quicsort: two). `work` has
// PMID_EM_WORK (underdamped PMID_EM_UNDERDAMPED_WORK, pmid_quicsort PMID_QUICSORT_WORK) times `dimension`
// scalars or more.
pmid_status_t pmid_em_overdamped_f32_step(const pmid_em_overdamped_f32_t *stepper,
                                          float time,
                                          float *state,
                                          size_t dimension,
                                          pmid_drift_f32_t drift,
                                          void *context,
                                          pmid_stream_t *stream,
                                          float *work,
                                          size_t work_length);

// Makes the method with a step size and the number K of inner steps that one step
// imitates; `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
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

// Begins a step from a state whose drift `b0` at `time` is known. Until the step is
// finished or given up, `state` must not change and nothing else may use `work`, which is
// as long as for a step in one call.
pmid_status_t pmid_pmm_overdamped_f32_begin(pmid_pmm_overdamped_f32_step_t *step,
                                            const pmid_pmm_overdamped_f32_t *stepper,
                                            float time,
                                            float *state,
                                            size_t dimension,
                                            const float *b0,
                                            float *work,
                                            size_t work_length);

// Writes the query for the drift value that the step needs next; the query's position is
// null when the step can be finished. A repeated call writes the same query and reads no
// word.
pmid_status_t pmid_pmm_overdamped_f32_next(pmid_pmm_overdamped_f32_step_t *step,
                                           pmid_stream_t *stream,
                                           pmid_query_f32_t *query);

// Gives the step the drift value that it asked for.
pmid_status_t pmid_pmm_overdamped_f32_supply(pmid_pmm_overdamped_f32_step_t *step,
                                             const float *drift,
                                             size_t dimension);

// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
pmid_status_t pmid_pmm_overdamped_f32_finish(pmid_pmm_overdamped_f32_step_t *step,
                                             uint32_t *drift_calls);

// Makes the method with a step size.
pmid_status_t pmid_em_overdamped_f64_init(pmid_em_overdamped_f64_t *stepper,
                                          double step_size,
                                          double temperature,
                                          double mobility);

// Moves a state by one step from `time`, with one drift evaluation (pmid_quicsort: two). `work` has
// PMID_EM_WORK (underdamped PMID_EM_UNDERDAMPED_WORK, pmid_quicsort PMID_QUICSORT_WORK) times `dimension`
// scalars or more.
pmid_status_t pmid_em_overdamped_f64_step(const pmid_em_overdamped_f64_t *stepper,
                                          double time,
                                          double *state,
                                          size_t dimension,
                                          pmid_drift_f64_t drift,
                                          void *context,
                                          pmid_stream_t *stream,
                                          double *work,
                                          size_t work_length);

// Makes the method with a step size and the number K of inner steps that one step
// imitates; `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
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

// Begins a step from a state whose drift `b0` at `time` is known. Until the step is
// finished or given up, `state` must not change and nothing else may use `work`, which is
// as long as for a step in one call.
pmid_status_t pmid_pmm_overdamped_f64_begin(pmid_pmm_overdamped_f64_step_t *step,
                                            const pmid_pmm_overdamped_f64_t *stepper,
                                            double time,
                                            double *state,
                                            size_t dimension,
                                            const double *b0,
                                            double *work,
                                            size_t work_length);

// Writes the query for the drift value that the step needs next; the query's position is
// null when the step can be finished. A repeated call writes the same query and reads no
// word.
pmid_status_t pmid_pmm_overdamped_f64_next(pmid_pmm_overdamped_f64_step_t *step,
                                           pmid_stream_t *stream,
                                           pmid_query_f64_t *query);

// Gives the step the drift value that it asked for.
pmid_status_t pmid_pmm_overdamped_f64_supply(pmid_pmm_overdamped_f64_step_t *step,
                                             const double *drift,
                                             size_t dimension);

// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
pmid_status_t pmid_pmm_overdamped_f64_finish(pmid_pmm_overdamped_f64_step_t *step,
                                             uint32_t *drift_calls);

// Makes the method with a step size.
pmid_status_t pmid_em_additive_f32_init(pmid_em_additive_f32_t *stepper,
                                        float step_size,
                                        float diffusion_coefficient);

// Moves a state by one step from `time`, with one drift evaluation (pmid_quicsort: two). `work` has
// PMID_EM_WORK (underdamped PMID_EM_UNDERDAMPED_WORK, pmid_quicsort PMID_QUICSORT_WORK) times `dimension`
// scalars or more.
pmid_status_t pmid_em_additive_f32_step(const pmid_em_additive_f32_t *stepper,
                                        float time,
                                        float *state,
                                        size_t dimension,
                                        pmid_drift_f32_t drift,
                                        void *context,
                                        pmid_stream_t *stream,
                                        float *work,
                                        size_t work_length);

// Makes the method with a step size and the number K of inner steps that one step
// imitates; `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
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

// Begins a step from a state whose drift `b0` at `time` is known. Until the step is
// finished or given up, `state` must not change and nothing else may use `work`, which is
// as long as for a step in one call.
pmid_status_t pmid_pmm_additive_f32_begin(pmid_pmm_additive_f32_step_t *step,
                                          const pmid_pmm_additive_f32_t *stepper,
                                          float time,
                                          float *state,
                                          size_t dimension,
                                          const float *b0,
                                          float *work,
                                          size_t work_length);

// Writes the query for the drift value that the step needs next; the query's position is
// null when the step can be finished. A repeated call writes the same query and reads no
// word.
pmid_status_t pmid_pmm_additive_f32_next(pmid_pmm_additive_f32_step_t *step,
                                         pmid_stream_t *stream,
                                         pmid_query_f32_t *query);

// Gives the step the drift value that it asked for.
pmid_status_t pmid_pmm_additive_f32_supply(pmid_pmm_additive_f32_step_t *step,
                                           const float *drift,
                                           size_t dimension);

// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
pmid_status_t pmid_pmm_additive_f32_finish(pmid_pmm_additive_f32_step_t *step,
                                           uint32_t *drift_calls);

// Makes the method with a step size.
pmid_status_t pmid_em_additive_f64_init(pmid_em_additive_f64_t *stepper,
                                        double step_size,
                                        double diffusion_coefficient);

// Moves a state by one step from `time`, with one drift evaluation (pmid_quicsort: two). `work` has
// PMID_EM_WORK (underdamped PMID_EM_UNDERDAMPED_WORK, pmid_quicsort PMID_QUICSORT_WORK) times `dimension`
// scalars or more.
pmid_status_t pmid_em_additive_f64_step(const pmid_em_additive_f64_t *stepper,
                                        double time,
                                        double *state,
                                        size_t dimension,
                                        pmid_drift_f64_t drift,
                                        void *context,
                                        pmid_stream_t *stream,
                                        double *work,
                                        size_t work_length);

// Makes the method with a step size and the number K of inner steps that one step
// imitates; `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
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

// Begins a step from a state whose drift `b0` at `time` is known. Until the step is
// finished or given up, `state` must not change and nothing else may use `work`, which is
// as long as for a step in one call.
pmid_status_t pmid_pmm_additive_f64_begin(pmid_pmm_additive_f64_step_t *step,
                                          const pmid_pmm_additive_f64_t *stepper,
                                          double time,
                                          double *state,
                                          size_t dimension,
                                          const double *b0,
                                          double *work,
                                          size_t work_length);

// Writes the query for the drift value that the step needs next; the query's position is
// null when the step can be finished. A repeated call writes the same query and reads no
// word.
pmid_status_t pmid_pmm_additive_f64_next(pmid_pmm_additive_f64_step_t *step,
                                         pmid_stream_t *stream,
                                         pmid_query_f64_t *query);

// Gives the step the drift value that it asked for.
pmid_status_t pmid_pmm_additive_f64_supply(pmid_pmm_additive_f64_step_t *step,
                                           const double *drift,
                                           size_t dimension);

// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
pmid_status_t pmid_pmm_additive_f64_finish(pmid_pmm_additive_f64_step_t *step,
                                           uint32_t *drift_calls);

// Makes the method with a step size.
pmid_status_t pmid_em_semilinear_f32_init(pmid_em_semilinear_f32_t *stepper,
                                          float step_size,
                                          float linear_rate,
                                          float diffusion_coefficient);

// Moves a state by one step from `time`, with one drift evaluation (pmid_quicsort: two). `work` has
// PMID_EM_WORK (underdamped PMID_EM_UNDERDAMPED_WORK, pmid_quicsort PMID_QUICSORT_WORK) times `dimension`
// scalars or more.
pmid_status_t pmid_em_semilinear_f32_step(const pmid_em_semilinear_f32_t *stepper,
                                          float time,
                                          float *state,
                                          size_t dimension,
                                          pmid_drift_f32_t drift,
                                          void *context,
                                          pmid_stream_t *stream,
                                          float *work,
                                          size_t work_length);

// Makes the method with a step size and the number K of inner steps that one step
// imitates; `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
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

// Begins a step from a state whose drift `b0` at `time` is known. Until the step is
// finished or given up, `state` must not change and nothing else may use `work`, which is
// as long as for a step in one call.
pmid_status_t pmid_pmm_semilinear_f32_begin(pmid_pmm_semilinear_f32_step_t *step,
                                            const pmid_pmm_semilinear_f32_t *stepper,
                                            float time,
                                            float *state,
                                            size_t dimension,
                                            const float *b0,
                                            float *work,
                                            size_t work_length);

// Writes the query for the drift value that the step needs next; the query's position is
// null when the step can be finished. A repeated call writes the same query and reads no
// word.
pmid_status_t pmid_pmm_semilinear_f32_next(pmid_pmm_semilinear_f32_step_t *step,
                                           pmid_stream_t *stream,
                                           pmid_query_f32_t *query);

// Gives the step the drift value that it asked for.
pmid_status_t pmid_pmm_semilinear_f32_supply(pmid_pmm_semilinear_f32_step_t *step,
                                             const float *drift,
                                             size_t dimension);

// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
pmid_status_t pmid_pmm_semilinear_f32_finish(pmid_pmm_semilinear_f32_step_t *step,
                                             uint32_t *drift_calls);

// Makes the method with a step size.
pmid_status_t pmid_em_semilinear_f64_init(pmid_em_semilinear_f64_t *stepper,
                                          double step_size,
                                          double linear_rate,
                                          double diffusion_coefficient);

// Moves a state by one step from `time`, with one drift evaluation (pmid_quicsort: two). `work` has
// PMID_EM_WORK (underdamped PMID_EM_UNDERDAMPED_WORK, pmid_quicsort PMID_QUICSORT_WORK) times `dimension`
// scalars or more.
pmid_status_t pmid_em_semilinear_f64_step(const pmid_em_semilinear_f64_t *stepper,
                                          double time,
                                          double *state,
                                          size_t dimension,
                                          pmid_drift_f64_t drift,
                                          void *context,
                                          pmid_stream_t *stream,
                                          double *work,
                                          size_t work_length);

// Makes the method with a step size and the number K of inner steps that one step
// imitates; `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
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

// Begins a step from a state whose drift `b0` at `time` is known. Until the step is
// finished or given up, `state` must not change and nothing else may use `work`, which is
// as long as for a step in one call.
pmid_status_t pmid_pmm_semilinear_f64_begin(pmid_pmm_semilinear_f64_step_t *step,
                                            const pmid_pmm_semilinear_f64_t *stepper,
                                            double time,
                                            double *state,
                                            size_t dimension,
                                            const double *b0,
                                            double *work,
                                            size_t work_length);

// Writes the query for the drift value that the step needs next; the query's position is
// null when the step can be finished. A repeated call writes the same query and reads no
// word.
pmid_status_t pmid_pmm_semilinear_f64_next(pmid_pmm_semilinear_f64_step_t *step,
                                           pmid_stream_t *stream,
                                           pmid_query_f64_t *query);

// Gives the step the drift value that it asked for.
pmid_status_t pmid_pmm_semilinear_f64_supply(pmid_pmm_semilinear_f64_step_t *step,
                                             const double *drift,
                                             size_t dimension);

// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
pmid_status_t pmid_pmm_semilinear_f64_finish(pmid_pmm_semilinear_f64_step_t *step,
                                             uint32_t *drift_calls);

// Makes the method with a step size.
pmid_status_t pmid_em_underdamped_f32_init(pmid_em_underdamped_f32_t *stepper,
                                           float step_size,
                                           float temperature,
                                           float mass,
                                           float friction);

// Moves a state by one step from `time`, with one drift evaluation (pmid_quicsort: two). `work` has
// PMID_EM_WORK (underdamped PMID_EM_UNDERDAMPED_WORK, pmid_quicsort PMID_QUICSORT_WORK) times `dimension`
// scalars or more.
pmid_status_t pmid_em_underdamped_f32_step(const pmid_em_underdamped_f32_t *stepper,
                                           float time,
                                           float *state,
                                           size_t dimension,
                                           pmid_drift_f32_t drift,
                                           void *context,
                                           pmid_stream_t *stream,
                                           float *work,
                                           size_t work_length);

// Makes the method with a step size and the number K of inner steps that one step
// imitates; `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
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

// Begins a step from a state whose drift `b0` at `time` is known. Until the step is
// finished or given up, `state` must not change and nothing else may use `work`, which is
// as long as for a step in one call.
pmid_status_t pmid_pmm_underdamped_f32_begin(pmid_pmm_underdamped_f32_step_t *step,
                                             const pmid_pmm_underdamped_f32_t *stepper,
                                             float time,
                                             float *state,
                                             size_t dimension,
                                             const float *b0,
                                             float *work,
                                             size_t work_length);

// Writes the query for the drift value that the step needs next; the query's position is
// null when the step can be finished. A repeated call writes the same query and reads no
// word.
pmid_status_t pmid_pmm_underdamped_f32_next(pmid_pmm_underdamped_f32_step_t *step,
                                            pmid_stream_t *stream,
                                            pmid_query_f32_t *query);

// Gives the step the drift value that it asked for.
pmid_status_t pmid_pmm_underdamped_f32_supply(pmid_pmm_underdamped_f32_step_t *step,
                                              const float *drift,
                                              size_t dimension);

// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
pmid_status_t pmid_pmm_underdamped_f32_finish(pmid_pmm_underdamped_f32_step_t *step,
                                              uint32_t *drift_calls);

// Makes the method with a step size.
pmid_status_t pmid_em_underdamped_f64_init(pmid_em_underdamped_f64_t *stepper,
                                           double step_size,
                                           double temperature,
                                           double mass,
                                           double friction);

// Moves a state by one step from `time`, with one drift evaluation (pmid_quicsort: two). `work` has
// PMID_EM_WORK (underdamped PMID_EM_UNDERDAMPED_WORK, pmid_quicsort PMID_QUICSORT_WORK) times `dimension`
// scalars or more.
pmid_status_t pmid_em_underdamped_f64_step(const pmid_em_underdamped_f64_t *stepper,
                                           double time,
                                           double *state,
                                           size_t dimension,
                                           pmid_drift_f64_t drift,
                                           void *context,
                                           pmid_stream_t *stream,
                                           double *work,
                                           size_t work_length);

// Makes the method with a step size and the number K of inner steps that one step
// imitates; `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
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

// Begins a step from a state whose drift `b0` at `time` is known. Until the step is
// finished or given up, `state` must not change and nothing else may use `work`, which is
// as long as for a step in one call.
pmid_status_t pmid_pmm_underdamped_f64_begin(pmid_pmm_underdamped_f64_step_t *step,
                                             const pmid_pmm_underdamped_f64_t *stepper,
                                             double time,
                                             double *state,
                                             size_t dimension,
                                             const double *b0,
                                             double *work,
                                             size_t work_length);

// Writes the query for the drift value that the step needs next; the query's position is
// null when the step can be finished. A repeated call writes the same query and reads no
// word.
pmid_status_t pmid_pmm_underdamped_f64_next(pmid_pmm_underdamped_f64_step_t *step,
                                            pmid_stream_t *stream,
                                            pmid_query_f64_t *query);

// Gives the step the drift value that it asked for.
pmid_status_t pmid_pmm_underdamped_f64_supply(pmid_pmm_underdamped_f64_step_t *step,
                                              const double *drift,
                                              size_t dimension);

// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
pmid_status_t pmid_pmm_underdamped_f64_finish(pmid_pmm_underdamped_f64_step_t *step,
                                              uint32_t *drift_calls);

// Makes the method with a step size.
pmid_status_t pmid_baoa_f32_init(pmid_baoa_f32_t *stepper,
                                 float step_size,
                                 float temperature,
                                 float mass,
                                 float friction);

// Moves a state by one step from `time`, with one drift evaluation (pmid_quicsort: two). `work` has
// PMID_EM_WORK (underdamped PMID_EM_UNDERDAMPED_WORK, pmid_quicsort PMID_QUICSORT_WORK) times `dimension`
// scalars or more.
pmid_status_t pmid_baoa_f32_step(const pmid_baoa_f32_t *stepper,
                                 float time,
                                 float *state,
                                 size_t dimension,
                                 pmid_drift_f32_t drift,
                                 void *context,
                                 pmid_stream_t *stream,
                                 float *work,
                                 size_t work_length);

// Makes the method with a step size.
pmid_status_t pmid_baoa_f64_init(pmid_baoa_f64_t *stepper,
                                 double step_size,
                                 double temperature,
                                 double mass,
                                 double friction);

// Moves a state by one step from `time`, with one drift evaluation (pmid_quicsort: two). `work` has
// PMID_EM_WORK (underdamped PMID_EM_UNDERDAMPED_WORK, pmid_quicsort PMID_QUICSORT_WORK) times `dimension`
// scalars or more.
pmid_status_t pmid_baoa_f64_step(const pmid_baoa_f64_t *stepper,
                                 double time,
                                 double *state,
                                 size_t dimension,
                                 pmid_drift_f64_t drift,
                                 void *context,
                                 pmid_stream_t *stream,
                                 double *work,
                                 size_t work_length);

// Makes the method with a step size.
pmid_status_t pmid_ubu_f32_init(pmid_ubu_f32_t *stepper,
                                float step_size,
                                float temperature,
                                float mass,
                                float friction);

// Moves a state by one step from `time`, with one drift evaluation (pmid_quicsort: two). `work` has
// PMID_EM_WORK (underdamped PMID_EM_UNDERDAMPED_WORK, pmid_quicsort PMID_QUICSORT_WORK) times `dimension`
// scalars or more.
pmid_status_t pmid_ubu_f32_step(const pmid_ubu_f32_t *stepper,
                                float time,
                                float *state,
                                size_t dimension,
                                pmid_drift_f32_t drift,
                                void *context,
                                pmid_stream_t *stream,
                                float *work,
                                size_t work_length);

// Makes the method with a step size.
pmid_status_t pmid_ubu_f64_init(pmid_ubu_f64_t *stepper,
                                double step_size,
                                double temperature,
                                double mass,
                                double friction);

// Moves a state by one step from `time`, with one drift evaluation (pmid_quicsort: two). `work` has
// PMID_EM_WORK (underdamped PMID_EM_UNDERDAMPED_WORK, pmid_quicsort PMID_QUICSORT_WORK) times `dimension`
// scalars or more.
pmid_status_t pmid_ubu_f64_step(const pmid_ubu_f64_t *stepper,
                                double time,
                                double *state,
                                size_t dimension,
                                pmid_drift_f64_t drift,
                                void *context,
                                pmid_stream_t *stream,
                                double *work,
                                size_t work_length);

// Makes the method with a step size.
pmid_status_t pmid_quicsort_f32_init(pmid_quicsort_f32_t *stepper,
                                     float step_size,
                                     float temperature,
                                     float mass,
                                     float friction);

// Moves a state by one step from `time`, with one drift evaluation (pmid_quicsort: two). `work` has
// PMID_EM_WORK (underdamped PMID_EM_UNDERDAMPED_WORK, pmid_quicsort PMID_QUICSORT_WORK) times `dimension`
// scalars or more.
pmid_status_t pmid_quicsort_f32_step(const pmid_quicsort_f32_t *stepper,
                                     float time,
                                     float *state,
                                     size_t dimension,
                                     pmid_drift_f32_t drift,
                                     void *context,
                                     pmid_stream_t *stream,
                                     float *work,
                                     size_t work_length);

// Makes the method with a step size.
pmid_status_t pmid_quicsort_f64_init(pmid_quicsort_f64_t *stepper,
                                     double step_size,
                                     double temperature,
                                     double mass,
                                     double friction);

// Moves a state by one step from `time`, with one drift evaluation (pmid_quicsort: two). `work` has
// PMID_EM_WORK (underdamped PMID_EM_UNDERDAMPED_WORK, pmid_quicsort PMID_QUICSORT_WORK) times `dimension`
// scalars or more.
pmid_status_t pmid_quicsort_f64_step(const pmid_quicsort_f64_t *stepper,
                                     double time,
                                     double *state,
                                     size_t dimension,
                                     pmid_drift_f64_t drift,
                                     void *context,
                                     pmid_stream_t *stream,
                                     double *work,
                                     size_t work_length);

// The version of the library that is linked, to compare with PMID_VERSION.
uint32_t pmid_version(void);

// The version of the random-stream contract of the library that is linked: the same version, seed
// and particle give the same words, normals and midpoints.
uint32_t pmid_stream_version(void);

// Makes the stream of a particle under a seed, at its first word.
pmid_status_t pmid_stream_init(pmid_stream_t *stream, uint64_t seed, uint64_t particle);

// Moves the stream to a word position, as pmid_stream_tell writes it. Returns PMID_PAST_END beyond 2^63.
pmid_status_t pmid_stream_seek(pmid_stream_t *stream,
                               uint64_t position);

// Writes the number of words before the next one. This number and the state are a checkpoint: a
// run resumed from them gives the same bits as one that was never interrupted.
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

// Fills a noise schedule: beta from `first` to `last`, linear over the training steps (DDPM: 1e-4, 0.02
// and 1000 steps).
pmid_status_t pmid_schedule_f32_linear(float *exponents,
                                       size_t training_steps,
                                       float first,
                                       float last);

// Fills a noise schedule: sqrt(beta) from sqrt(`first`) to sqrt(`last`), linear over the training steps
// (latent diffusion: 0.0015, 0.0195 and 1000 steps).
pmid_status_t pmid_schedule_f32_scaled_linear(float *exponents,
                                              size_t training_steps,
                                              float first,
                                              float last);

// Fills a noise schedule from the beta of each training step, in (0, 1).
pmid_status_t pmid_schedule_f32_betas(float *exponents, const float *betas, size_t training_steps);

// Fills a noise schedule from the alpha-bar of each training step, in (0, 1) and decreasing.
pmid_status_t pmid_schedule_f32_alpha_bars(float *exponents,
                                           const float *alpha_bars,
                                           size_t training_steps);

// Fills a noise schedule: a rate linear in continuous time, from `least` to `most`, 0 < least <= most.
pmid_status_t pmid_schedule_f32_linear_rate(float *exponents,
                                            size_t training_steps,
                                            float least,
                                            float most);

// Fills a noise schedule: squared cosine (Nichol & Dhariwal 2021).
pmid_status_t pmid_schedule_f32_squared_cosine(float *exponents, size_t training_steps);

// Fills a noise schedule: the straight paths of flow matching, with the `shift` of Esser et al. 2024,
// which is 1 for none.
pmid_status_t pmid_schedule_f32_rectified_flow(float *exponents,
                                               size_t training_steps,
                                               float shift);

// Fills a noise schedule: the levels of Karras et al. 2022 from sigma `least` to `most`, with `rho`, for
// which they take 7.
pmid_status_t pmid_schedule_f32_karras(float *exponents,
                                       size_t training_steps,
                                       uint32_t rho,
                                       float least,
                                       float most);

// Writes the signal sqrt(alpha-bar) and the noise sqrt(1 - alpha-bar) at an exponent. From them follows
// what a network may take in place of its training step: sigma = noise/signal, or the time
// noise/(signal + noise) of flow matching.
pmid_status_t pmid_level_f32(float exponent,
                             float *signal,
                             float *noise);

// Fills `timesteps` with the boundaries of `length` - 1 steps, the last of them 0, spaced by PMID_UNIFORM
// to PMID_KARRAS; only PMID_KARRAS uses `rho`.
pmid_status_t pmid_timesteps_f32(uint32_t *timesteps,
                                 size_t length,
                                 uint32_t spacing,
                                 uint32_t rho,
                                 const float *exponents,
                                 size_t training_steps);

// Fills x with standard normals, the noise that a run starts from.
pmid_status_t pmid_standard_normal_f32(float *x, size_t dimension, pmid_stream_t *stream);

// Makes a sampler by DDPM (Ho et al. 2020), full or on fewer timesteps. A step costs one call of the
// network.
pmid_status_t pmid_sampler_f32_init_ddpm(pmid_sampler_f32_t *sampler,
                                         const pmid_settings_f32_t *settings,
                                         uint32_t ddpm_variant,
                                         float correction);

// Makes a sampler by DDIM (Song, Meng & Ermon 2021) with a share eta in [0, 1] of DDPM's noise. A step
// costs one call of the network.
pmid_status_t pmid_sampler_f32_init_ddim(pmid_sampler_f32_t *sampler,
                                         const pmid_settings_f32_t *settings,
                                         float eta);

// Makes a sampler by DPM-Solver (Lu et al. 2022) of order 2 or 3. A step costs as many calls of the
// network as its order, or fewer where no training steps are left between its ends.
pmid_status_t pmid_sampler_f32_init_dpm_solver(pmid_sampler_f32_t *sampler,
                                               const pmid_settings_f32_t *settings,
                                               uint32_t order);

// Makes a sampler by DPM-Solver++ multistep (Lu et al. 2022) of order 1 to 3; eta is in [0, 1]: 0 for the
// ODE, 1 for the SDE. A step costs one call of the network.
pmid_status_t pmid_sampler_f32_init_dpm_solver_pp(pmid_sampler_f32_t *sampler,
                                                  const pmid_settings_f32_t *settings,
                                                  uint32_t order,
                                                  float eta);

// Makes a sampler by the hybrid multistep method of order 2 or 3, which calls the network within each
// step, at a share `node` in [0, 1] of its length in ln(signal/noise). A step costs one call of the
// network.
pmid_status_t pmid_sampler_f32_init_hybrid_multistep(pmid_sampler_f32_t *sampler,
                                                     const pmid_settings_f32_t *settings,
                                                     uint32_t order,
                                                     float eta,
                                                     float node);

// Makes a sampler by SA-Solver (Xue et al. 2023) with the orders of its predictor and corrector, and with
// `tau` times the noise of the SDE where noise/signal is from `least` to `most`. A step costs one call of
// the network.
pmid_status_t pmid_sampler_f32_init_sa_solver(pmid_sampler_f32_t *sampler,
                                              const pmid_settings_f32_t *settings,
                                              uint32_t predictor,
                                              uint32_t corrector,
                                              float tau,
                                              float least,
                                              float most);

// Makes a sampler by ER-SDE-Solver (Cui et al. 2023) of order 1 to 3. A step costs one call of the
// network.
pmid_status_t pmid_sampler_f32_init_er_sde(pmid_sampler_f32_t *sampler,
                                           const pmid_settings_f32_t *settings,
                                           uint32_t order);

// Makes a sampler by the Poisson midpoint method over DDPM (Kandasamy & Nagaraj 2024): a step imitates the
// K training steps that it spans, and the last `tail` steps are by DDPM. A step costs two calls of the
// network (2 - 1/K on average with PMID_BERNOULLI; one if K is 1, and in the tail). The prediction `held`
// is held over a step (PMID_SAMPLE does best with few calls, PMID_EPSILON is the paper's). `table` has at
// least one row for each training step, is filled here, and must not change as long as the sampler is
// used. If this function fails with PMID_BAD_COEFFICIENT, the sampler is no longer initialised.
pmid_status_t pmid_sampler_f32_init_poisson_midpoint(pmid_sampler_f32_t *sampler,
                                                     const pmid_settings_f32_t *settings,
                                                     uint32_t ddpm_variant,
                                                     float correction,
                                                     uint32_t held,
                                                     uint32_t law_of_midpoints,
                                                     size_t tail,
                                                     pmid_row_f32_t *table,
                                                     size_t length);

// Makes a sampler by a randomized midpoint over DDPM: like the Poisson midpoint method, but with one
// midpoint in each step, drawn by the density PMID_DRIFT, which is DDRaM (Zhang et al. 2025), or
// PMID_DRIFT_TIMES_DISTANCE. `table` and `thresholds` have at least one element for each training step. If
// this function fails with PMID_BAD_COEFFICIENT, the sampler is no longer initialised.
pmid_status_t pmid_sampler_f32_init_randomized_midpoint(pmid_sampler_f32_t *sampler,
                                                        const pmid_settings_f32_t *settings,
                                                        uint32_t ddpm_variant,
                                                        float correction,
                                                        uint32_t held,
                                                        uint32_t density_of_midpoints,
                                                        pmid_row_f32_t *table,
                                                        uint32_t *thresholds,
                                                        size_t length);

// Writes the number of scalars of work that a run needs for a sample of `dimension` components.
pmid_status_t pmid_sampler_f32_work_length(const pmid_sampler_f32_t *sampler,
                                           size_t dimension,
                                           size_t *length);

// Begins a run from x, which holds noise at the sampler's first timestep. Until the run is complete or
// given up, nothing else may change x or use `work`, and the sampler must stay where it is.
pmid_status_t pmid_run_f32_begin(pmid_run_f32_t *run,
                                 const pmid_sampler_f32_t *sampler,
                                 float *x,
                                 size_t dimension,
                                 float *work,
                                 size_t work_length);

// Takes the run as far as it can go and writes where it needs the network next; the position is null when
// x holds the sample. A repeated call writes the same and reads no word. If the run fails with
// PMID_NON_FINITE_SAMPLE, x is what it was after the last step that succeeded.
pmid_status_t pmid_run_f32_next(pmid_run_f32_t *run,
                                pmid_stream_t *stream,
                                pmid_network_query_f32_t *query);

// Gives the run the network's output at the position that it asked for.
pmid_status_t pmid_run_f32_supply(pmid_run_f32_t *run, const float *output, size_t dimension);

// e^x, with the same bits on every machine: for networks and drifts.
float pmid_exp_f32(float x);

// Fills a noise schedule: beta from `first` to `last`, linear over the training steps (DDPM: 1e-4, 0.02
// and 1000 steps).
pmid_status_t pmid_schedule_f64_linear(double *exponents,
                                       size_t training_steps,
                                       double first,
                                       double last);

// Fills a noise schedule: sqrt(beta) from sqrt(`first`) to sqrt(`last`), linear over the training steps
// (latent diffusion: 0.0015, 0.0195 and 1000 steps).
pmid_status_t pmid_schedule_f64_scaled_linear(double *exponents,
                                              size_t training_steps,
                                              double first,
                                              double last);

// Fills a noise schedule from the beta of each training step, in (0, 1).
pmid_status_t pmid_schedule_f64_betas(double *exponents,
                                      const double *betas,
                                      size_t training_steps);

// Fills a noise schedule from the alpha-bar of each training step, in (0, 1) and decreasing.
pmid_status_t pmid_schedule_f64_alpha_bars(double *exponents,
                                           const double *alpha_bars,
                                           size_t training_steps);

// Fills a noise schedule: a rate linear in continuous time, from `least` to `most`, 0 < least <= most.
pmid_status_t pmid_schedule_f64_linear_rate(double *exponents,
                                            size_t training_steps,
                                            double least,
                                            double most);

// Fills a noise schedule: squared cosine (Nichol & Dhariwal 2021).
pmid_status_t pmid_schedule_f64_squared_cosine(double *exponents, size_t training_steps);

// Fills a noise schedule: the straight paths of flow matching, with the `shift` of Esser et al. 2024,
// which is 1 for none.
pmid_status_t pmid_schedule_f64_rectified_flow(double *exponents,
                                               size_t training_steps,
                                               double shift);

// Fills a noise schedule: the levels of Karras et al. 2022 from sigma `least` to `most`, with `rho`, for
// which they take 7.
pmid_status_t pmid_schedule_f64_karras(double *exponents,
                                       size_t training_steps,
                                       uint32_t rho,
                                       double least,
                                       double most);

// Writes the signal sqrt(alpha-bar) and the noise sqrt(1 - alpha-bar) at an exponent. From them follows
// what a network may take in place of its training step: sigma = noise/signal, or the time
// noise/(signal + noise) of flow matching.
pmid_status_t pmid_level_f64(double exponent,
                             double *signal,
                             double *noise);

// Fills `timesteps` with the boundaries of `length` - 1 steps, the last of them 0, spaced by PMID_UNIFORM
// to PMID_KARRAS; only PMID_KARRAS uses `rho`.
pmid_status_t pmid_timesteps_f64(uint32_t *timesteps,
                                 size_t length,
                                 uint32_t spacing,
                                 uint32_t rho,
                                 const double *exponents,
                                 size_t training_steps);

// Fills x with standard normals, the noise that a run starts from.
pmid_status_t pmid_standard_normal_f64(double *x, size_t dimension, pmid_stream_t *stream);

// Makes a sampler by DDPM (Ho et al. 2020), full or on fewer timesteps. A step costs one call of the
// network.
pmid_status_t pmid_sampler_f64_init_ddpm(pmid_sampler_f64_t *sampler,
                                         const pmid_settings_f64_t *settings,
                                         uint32_t ddpm_variant,
                                         double correction);

// Makes a sampler by DDIM (Song, Meng & Ermon 2021) with a share eta in [0, 1] of DDPM's noise. A step
// costs one call of the network.
pmid_status_t pmid_sampler_f64_init_ddim(pmid_sampler_f64_t *sampler,
                                         const pmid_settings_f64_t *settings,
                                         double eta);

// Makes a sampler by DPM-Solver (Lu et al. 2022) of order 2 or 3. A step costs as many calls of the
// network as its order, or fewer where no training steps are left between its ends.
pmid_status_t pmid_sampler_f64_init_dpm_solver(pmid_sampler_f64_t *sampler,
                                               const pmid_settings_f64_t *settings,
                                               uint32_t order);

// Makes a sampler by DPM-Solver++ multistep (Lu et al. 2022) of order 1 to 3; eta is in [0, 1]: 0 for the
// ODE, 1 for the SDE. A step costs one call of the network.
pmid_status_t pmid_sampler_f64_init_dpm_solver_pp(pmid_sampler_f64_t *sampler,
                                                  const pmid_settings_f64_t *settings,
                                                  uint32_t order,
                                                  double eta);

// Makes a sampler by the hybrid multistep method of order 2 or 3, which calls the network within each
// step, at a share `node` in [0, 1] of its length in ln(signal/noise). A step costs one call of the
// network.
pmid_status_t pmid_sampler_f64_init_hybrid_multistep(pmid_sampler_f64_t *sampler,
                                                     const pmid_settings_f64_t *settings,
                                                     uint32_t order,
                                                     double eta,
                                                     double node);

// Makes a sampler by SA-Solver (Xue et al. 2023) with the orders of its predictor and corrector, and with
// `tau` times the noise of the SDE where noise/signal is from `least` to `most`. A step costs one call of
// the network.
pmid_status_t pmid_sampler_f64_init_sa_solver(pmid_sampler_f64_t *sampler,
                                              const pmid_settings_f64_t *settings,
                                              uint32_t predictor,
                                              uint32_t corrector,
                                              double tau,
                                              double least,
                                              double most);

// Makes a sampler by ER-SDE-Solver (Cui et al. 2023) of order 1 to 3. A step costs one call of the
// network.
pmid_status_t pmid_sampler_f64_init_er_sde(pmid_sampler_f64_t *sampler,
                                           const pmid_settings_f64_t *settings,
                                           uint32_t order);

// Makes a sampler by the Poisson midpoint method over DDPM (Kandasamy & Nagaraj 2024): a step imitates the
// K training steps that it spans, and the last `tail` steps are by DDPM. A step costs two calls of the
// network (2 - 1/K on average with PMID_BERNOULLI; one if K is 1, and in the tail). The prediction `held`
// is held over a step (PMID_SAMPLE does best with few calls, PMID_EPSILON is the paper's). `table` has at
// least one row for each training step, is filled here, and must not change as long as the sampler is
// used. If this function fails with PMID_BAD_COEFFICIENT, the sampler is no longer initialised.
pmid_status_t pmid_sampler_f64_init_poisson_midpoint(pmid_sampler_f64_t *sampler,
                                                     const pmid_settings_f64_t *settings,
                                                     uint32_t ddpm_variant,
                                                     double correction,
                                                     uint32_t held,
                                                     uint32_t law_of_midpoints,
                                                     size_t tail,
                                                     pmid_row_f64_t *table,
                                                     size_t length);

// Makes a sampler by a randomized midpoint over DDPM: like the Poisson midpoint method, but with one
// midpoint in each step, drawn by the density PMID_DRIFT, which is DDRaM (Zhang et al. 2025), or
// PMID_DRIFT_TIMES_DISTANCE. `table` and `thresholds` have at least one element for each training step. If
// this function fails with PMID_BAD_COEFFICIENT, the sampler is no longer initialised.
pmid_status_t pmid_sampler_f64_init_randomized_midpoint(pmid_sampler_f64_t *sampler,
                                                        const pmid_settings_f64_t *settings,
                                                        uint32_t ddpm_variant,
                                                        double correction,
                                                        uint32_t held,
                                                        uint32_t density_of_midpoints,
                                                        pmid_row_f64_t *table,
                                                        uint32_t *thresholds,
                                                        size_t length);

// Writes the number of scalars of work that a run needs for a sample of `dimension` components.
pmid_status_t pmid_sampler_f64_work_length(const pmid_sampler_f64_t *sampler,
                                           size_t dimension,
                                           size_t *length);

// Begins a run from x, which holds noise at the sampler's first timestep. Until the run is complete or
// given up, nothing else may change x or use `work`, and the sampler must stay where it is.
pmid_status_t pmid_run_f64_begin(pmid_run_f64_t *run,
                                 const pmid_sampler_f64_t *sampler,
                                 double *x,
                                 size_t dimension,
                                 double *work,
                                 size_t work_length);

// Takes the run as far as it can go and writes where it needs the network next; the position is null when
// x holds the sample. A repeated call writes the same and reads no word. If the run fails with
// PMID_NON_FINITE_SAMPLE, x is what it was after the last step that succeeded.
pmid_status_t pmid_run_f64_next(pmid_run_f64_t *run,
                                pmid_stream_t *stream,
                                pmid_network_query_f64_t *query);

// Gives the run the network's output at the position that it asked for.
pmid_status_t pmid_run_f64_supply(pmid_run_f64_t *run, const double *output, size_t dimension);

// e^x, with the same bits on every machine: for networks and drifts.
double pmid_exp_f64(double x);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* POISSON_MIDPOINT_H */
