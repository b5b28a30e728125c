"""What the peers in Python have in common: the problem, and how they are asked to run it.

A contender warms up, prints `ready` and what it is, then for each line that it reads does one run and prints its
seconds; at the end of input it prints `final` and what its state has become. `compare.py` knows what to expect of that.
"""

import array
import json
import math
import os
import sys
import time

STEP_SIZE, CAP, FRICTION = 0.01, 3.0, 1.0
SLOPE = 1 - 3 * CAP * CAP  # of the force beyond the cap
AMPLITUDE = math.sqrt(2 * STEP_SIZE)

# Underdamped, drift held over the step: the integrator of `poisson_midpoint::dynamics::Underdamped`, in double
# precision, in which nothing that matters cancels at this step size.
DECAY = math.exp(-FRICTION * STEP_SIZE)
TRAVEL = (1 - DECAY) / FRICTION
PUSH = (STEP_SIZE - TRAVEL) / FRICTION
VELOCITY_NOISE = math.sqrt(1 - DECAY**2)
SHARED_NOISE = (1 - DECAY) ** 2 / FRICTION / VELOCITY_NOISE
POSITION_NOISE = math.sqrt((2 * FRICTION * STEP_SIZE - 3 + 4 * DECAY - DECAY**2) / FRICTION**2 - SHARED_NOISE**2)

# Coefficients of the logistic regression, its observations, and its step size.
COEFFICIENTS, OBSERVATIONS, LOGISTIC_STEP_SIZE = 31, 569, 0.1

# Runs before the first that is timed: enough for a batch to forget where it began.
WARM_UPS = 3


def double_well(x, clip):
    """The force x - x^3, linear beyond |x| = CAP; `clip` is the library's."""
    inner = clip(x, -CAP, CAP)
    return inner - inner * inner * inner + SLOPE * (x - inner)


def euler(x, normal, clip):
    return x + STEP_SIZE * double_well(x, clip) + AMPLITUDE * normal()


def held_drift(x, v, normal, clip):
    """An underdamped step; the velocity's normal is the first."""
    drift = double_well(x, clip)
    first = normal()
    x = x + TRAVEL * v + PUSH * drift + SHARED_NOISE * first + POSITION_NOISE * normal()
    return x, DECAY * v + TRAVEL * drift + VELOCITY_NOISE * first


def table():
    """The logistic regression's prior precision, and its rows, from where `compare.py` has written them."""
    scalars = array.array("f")
    with open(os.environ["PEERS_TABLE"], "rb") as file:
        scalars.fromfile(file, 1 + OBSERVATIONS * COEFFICIENTS)
    prior, *rows = scalars
    return prior, [rows[i : i + COEFFICIENTS] for i in range(0, len(rows), COEFFICIENTS)]


def logistic_euler(w, normal, prior, rows, exp):
    """A step of particles that are rows of w."""
    pull = 1 / (1 + exp(w @ rows.T))
    return w + LOGISTIC_STEP_SIZE * (pull @ rows - prior * w) + math.sqrt(2 * LOGISTIC_STEP_SIZE) * normal()


def cores():
    return len(os.sched_getaffinity(0))


def serve(build, version, threads):
    """`build(variant, workload, count, steps)` gives a run and the moments of the state, two functions.

    A run returns the steps that it took if they are not `steps`.
    """
    variant, workload, count, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    run, moments = build(variant, workload, count, steps)
    for _ in range(WARM_UPS):
        taken = run() or steps
    ready = {"version": version, "threads": threads, "work": count * taken, "moments": moments()}
    print("ready", json.dumps(ready), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        run()
        print(time.perf_counter() - start, flush=True)
    print("final", json.dumps(moments()), flush=True)
