"""This crate beside its peers on a processor: `run` builds and installs what this needs, and starts it.

    benches/peers/run                               # everything, some minutes a workload
    benches/peers/run --scale 0.02 --rounds 2       # whether everything runs
    benches/peers/run --only path --only normals
    benches/peers/run --write                       # also docs/benchmarks.md and docs/benchmarks.svg

Each contender is a process that waits for its turn. They take turns, round by round, so that a drift of the
machine's speed hits all alike; what is compared are medians of their rates. A contender whose result is not that of
the workload has no rate, and one that cannot be started is skipped: the table says so. The exit status is that of
this crate's rows.
"""

import argparse
import contextlib
import datetime
import json
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import threading
import time
import tomllib

HERE = pathlib.Path(__file__).parent
OURS = "this crate"
# Threads that wait in a loop after a run let go of the processor in this time.
PAUSE = 0.1


class Contender:
    """A row: a process, or why there is none."""

    def __init__(self, label, scheme, command, share=1.0):
        """It does a `share` of the workload's steps, if it is too slow for all."""
        self.label, self.scheme, self.command, self.share = label, scheme, command, share
        self.seconds, self.problem, self.process = [], None, None
        self.version, self.threads, self.work = "", 0, 0

    @property
    def ours(self):
        return self.label.startswith(OURS)

    def start(self, workload, scale, expected, limit):
        count, steps = workload.size(scale, self.share)
        arguments = [*map(str, self.command), workload.name, str(count), str(steps)]
        self.log = open(workload.folder / f"{workload.name}.log", "a+")
        self.log.seek(0, os.SEEK_END)
        self.log_start = self.log.tell()
        self.process = subprocess.Popen(
            arguments, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        self.limit = limit
        line = self.line()
        if not line.startswith("ready "):
            self.fail("SKIPPED", self.complaint() or line)
            return
        ready = json.loads(line.removeprefix("ready "))
        self.version, self.threads, self.work = ready.get("version", ""), ready["threads"], ready["work"]
        self.check(ready["moments"], expected)

    def line(self):
        """The next line, or an empty one from a process that ended or was ended for its slowness."""
        timer = threading.Timer(self.limit, self.process.kill)
        timer.start()
        try:
            return self.process.stdout.readline()
        finally:
            timer.cancel()

    def complaint(self):
        self.process.wait()
        self.log.seek(self.log_start)
        lines = [line.strip() for line in self.log if line.strip()]
        return lines[-1] if lines else f"ended with code {self.process.returncode}"

    def check(self, moments, expected):
        for name, value in moments.items():
            target, tolerance = expected[name]
            # Also false for what is not a number.
            if not abs(value / target - 1) < tolerance:
                self.fail("WRONG", f"{name} = {value:.4g}, expected {target:.4g}")

    def fail(self, kind, why):
        self.problem = f"{kind}: {why}"
        print(f"  {self.label}, {self.scheme}: {self.problem}", flush=True)
        self.process.kill()

    def round(self):
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
            self.seconds.append(float(self.line()))
        except (BrokenPipeError, ValueError):
            self.fail("FAILED", self.complaint())

    def finish(self, expected):
        # Closing tells one that has ended what it cannot be told.
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        if self.problem is None:
            line = self.line()
            if line.startswith("final "):
                self.check(json.loads(line.removeprefix("final ")), expected)
            else:
                self.fail("FAILED", self.complaint())
        self.process.stdout.close()
        self.process.wait()
        self.log.close()

    def rates(self):
        """Quartiles of the rate."""
        if len(self.seconds) < 2:
            return [self.work / self.seconds[0]] * 3
        return statistics.quantiles([self.work / s for s in self.seconds], n=4, method="inclusive")


class Workload:
    """Contenders for the same `count` of particles, elements or normals and the same number of `steps`."""

    def __init__(self, name, title, unit, count, steps, contenders, expected, fewest=None):
        """`fewest` steps are left by any scale; without it, the scale is that of the count."""
        self.name, self.title, self.unit, self.count, self.steps = name, title, unit, count, steps
        self.contenders, self.expected, self.fewest = contenders, expected, fewest

    def size(self, scale, share=1.0):
        if self.fewest is None:
            return max(1024, round(self.count * scale)), self.steps
        return self.count, max(self.fewest, round(self.steps * scale * share))

    def run(self, folder, rounds, scale, limit):
        self.folder = folder
        print(self.title, flush=True)
        for contender in self.contenders:
            expected = self.expected(*self.size(scale, contender.share))
            contender.start(self, scale, expected, limit)
        for _ in range(rounds):
            for contender in self.contenders:
                if contender.problem is None:
                    time.sleep(PAUSE)
                    contender.round()
        for contender in self.contenders:
            contender.finish(self.expected(*self.size(scale, contender.share)))
            if contender.problem is None:
                rate = contender.rates()[1]
                print(f"  {contender.label}, {contender.scheme}: {figure(rate / 1e6)} 10^6 {self.unit}/s", flush=True)

    def best_peer(self):
        rates = [c.rates()[1] for c in self.contenders if c.problem is None and not c.ours]
        return max(rates, default=None)


def figure(value):
    """Three figures."""
    decimals = max(0, 2 - math.floor(math.log10(value)))
    return f"{value:,.{decimals}f}"


def second_moment():
    """E x^2 under exp(x^2/2 - x^4/4): the cap is too far out to matter."""
    weights = [(x, math.exp(x * x / 2 - x**4 / 4)) for x in (n / 1000 for n in range(-5000, 5001))]
    return sum(x * x * w for x, w in weights) / sum(w for _, w in weights)


def of_batch(count, _steps):
    """Five standard errors, and 3 % for the bias of the methods at this step size."""
    tolerance = 0.03 + 5 * math.sqrt(2 / count)
    return {"x2": (second_moment(), tolerance), "v2": (1.0, tolerance)}


def logistic_table(path):
    """Writes the table of `LogisticRegression`, and returns E |w|^2/31 under its posterior, by Laplace's approximation.

    The features are scaled so that the posterior is nearly normal, and its curvature between 1 and 4.
    """
    import numpy

    lines = (HERE.parents[1] / "examples/posterior/wdbc.csv").read_text().splitlines()[1:]
    fields = [line.split(",") for line in lines]
    features = numpy.array([row[:-1] for row in fields], float)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    rows = numpy.column_stack([numpy.ones(len(features)), features])
    rows *= 0.04 * numpy.array([[1 if row[-1] == fields[0][-1] else -1] for row in fields])
    numpy.concatenate([[1], rows.ravel()]).astype("<f4").tofile(path)
    w = numpy.zeros(rows.shape[1])
    for _ in range(20):
        pull = 1 / (1 + numpy.exp(rows @ w))
        curvature = numpy.eye(len(w)) + (rows.T * (pull * (1 - pull))) @ rows
        w += numpy.linalg.solve(curvature, pull @ rows - w)
    return (numpy.trace(numpy.linalg.inv(curvature)) + w @ w) / len(w)


def of_path(_count, steps):
    """The mean along a path of time steps / 100, x^2 being correlated over a time of about 1."""
    return {"x2": (second_moment(), 0.03 + 5 * math.sqrt(2 / (steps / 100)))}


def of_normals(count, _steps):
    return {"x2": (1.0, 5 * math.sqrt(2 / count))}


def of_sampler(order, eta):
    """The variance that a sampler makes of standard normal data, step by step.

    The formula is that of DPM-Solver++ (Lu et al. 2022) with a share eta of noise, the data predicted being
    sqrt(alpha_bar) x. Order 1 is DDIM; with eta = 1 it is also DDPM of the smaller variance.
    """

    def expected(count, steps):
        bars, bar = [1.0], 1.0
        for n in range(1000):
            bar *= 1 - (1e-4 + (0.02 - 1e-4) * n / 999)
            bars.append(bar)
        bars = [bars[round(1000 * n / steps)] for n in range(steps, -1, -1)]
        # Of the state, of the state before it, and their covariance.
        variance, before, both = 1.0, 0.0, 0.0
        span_before, data_before = None, 0.0
        for t, s in zip(bars, bars[1:]):
            own, other, noise = math.sqrt(t), 0.0, 0.0
            if s < 1:
                span = (math.log(s / (1 - s)) - math.log(t / (1 - t))) / 2
                first = 1 - math.exp(-(1 + eta) * span)
                second = 0.0
                if order == 2 and span_before is not None:
                    second = (1 - first / ((1 + eta) * span)) * span / span_before
                own = math.sqrt((1 - s) / (1 - t)) * math.exp(-eta * span) + math.sqrt(s * t) * (first + second)
                other = -math.sqrt(s) * second * data_before
                noise = (1 - s) * (1 - math.exp(-2 * eta * span))
                span_before, data_before = span, math.sqrt(t)
            both_now = own * variance + other * both
            variance, before = own**2 * variance + 2 * own * other * both + other**2 * before + noise, variance
            both = both_now
        return {"x2": (variance, 0.01 + 5 * math.sqrt(2 / count))}

    return expected


def nearly_one(count, _steps):
    """The variance of standard normal data, which these methods keep to a tenth in 50 equal steps."""
    return {"x2": (1.0, 0.12 + 5 * math.sqrt(2 / count))}


def workloads(folder):
    rust, plain = folder / "build/release/poisson-midpoint-peers", folder / "plain"

    def python(module, variant):
        return sys.executable, "-m", f"contenders.{module}", variant

    def ours(names, euler="Euler–Maruyama"):
        schemes = {
            "euler": euler,
            "single": "Poisson midpoint, `Single`, K = 1000",
            "bernoulli": "Poisson midpoint, `Bernoulli`, K = 1000",
            "baoa": "BAOA",
            "ubu": "UBU",
            "quicsort": "QUICSORT",
        }
        return [Contender(OURS, schemes[name], (rust, name)) for name in names]

    def whole_arrays(scheme):
        return [
            Contender("NumPy", scheme, python("with_numpy", "-")),
            Contender("Numba", scheme, python("with_numba", "-")),
            Contender("PyTorch, eager", scheme, python("with_torch", "eager")),
            Contender("PyTorch, compiled", scheme, python("with_torch", "compiled")),
            Contender("PyTorch, compiled, eager's normals", scheme, python("with_torch", "compiled-fallback")),
            Contender("JAX, threefry", scheme, python("with_jax", "threefry")),
            Contender("JAX, rbg", scheme, python("with_jax", "rbg")),
            Contender("C, ziggurat", scheme, (plain, "-")),
        ]

    def diffrax(*solvers, share=1.0):
        schemes = {"Euler": "Euler–Maruyama"}
        return [Contender("diffrax", schemes.get(s, s), python("with_diffrax", s), share) for s in solvers]

    particles, steps = 65_536, 200
    for dimension in 1, 2:
        yield Workload(
            f"overdamped-{dimension}",
            f"Overdamped, D = {dimension}: {particles:,} particles, {steps} steps",
            "particle-steps",
            particles,
            steps,
            [
                *ours(["euler", "single", "bernoulli"]),
                *whole_arrays("Euler–Maruyama"),
                *diffrax("Euler", "ShARK"),
                Contender("torchsde", "Euler–Maruyama", python("with_torchsde", "-")),
            ],
            of_batch,
        )
    yield Workload(
        "underdamped",
        f"Underdamped, D = 1: {particles:,} particles, {steps} steps",
        "particle-steps",
        particles,
        steps,
        [
            *ours(["euler", "single", "bernoulli", "baoa", "ubu", "quicsort"], "Euler–Maruyama, drift held"),
            *whole_arrays("Euler–Maruyama, drift held"),
            *diffrax("ALIGN", "ShOULD", "QUICSORT"),
        ],
        of_batch,
    )
    table = folder / "logistic.f32"
    os.environ["PEERS_TABLE"] = str(table)
    logistic = logistic_table(table)
    count, calls = 4096, 20
    yield Workload(
        "logistic",
        f"Logistic regression, 569 observations, 31 coefficients: {count:,} particles, {calls} steps of 0.1",
        "particle-steps",
        count,
        calls,
        [
            *ours(["euler", "single", "bernoulli"]),
            Contender("NumPy", "Euler–Maruyama", python("with_numpy", "-")),
            Contender("Numba", "Euler–Maruyama", python("with_numba", "-")),
            Contender("PyTorch, eager", "Euler–Maruyama", python("with_torch", "eager")),
            Contender("PyTorch, compiled", "Euler–Maruyama", python("with_torch", "compiled-fallback")),
            Contender("JAX, threefry", "Euler–Maruyama", python("with_jax", "threefry")),
        ],
        lambda count, _steps: {"x2": (logistic, 0.05 + 5 * math.sqrt(2 / 31 / count))},
    )
    yield Workload(
        "path",
        "One particle, overdamped, D = 1: 1,000,000 steps, or a share of them",
        "steps",
        1,
        1_000_000,
        [
            *ours(["euler", "single"]),
            Contender("Numba", "Euler–Maruyama", python("with_numba", "-")),
            Contender("JAX, threefry", "Euler–Maruyama", python("with_jax", "threefry")),
            Contender("JAX, rbg", "Euler–Maruyama", python("with_jax", "rbg")),
            Contender("C, ziggurat", "Euler–Maruyama", (plain, "-")),
            *diffrax("Euler", "ShARK", share=0.05),
            Contender("torchsde", "Euler–Maruyama", python("with_torchsde", "-"), 0.01),
        ],
        of_path,
        fewest=1000,
    )
    samplers = {
        "ddpm": ("DDPM", of_sampler(1, 1)),
        "ddim-0": ("DDIM, η = 0", of_sampler(1, 0)),
        "ddim-1": ("DDIM, η = 1", of_sampler(1, 1)),
        "2m": ("DPM-Solver++ 2M", of_sampler(2, 0)),
        "sde-2m": ("SDE-DPM-Solver++ 2M", of_sampler(2, 1)),
        "predictor-corrector": ("Predictor and corrector of order 3", nearly_one),
        "sa": ("SA-Solver, orders 2 and 2, τ = 1", nearly_one),
        "er-sde": ("ER-SDE-Solver of order 3", nearly_one),
        "hybrid": ("Hybrid multistep method of order 2", nearly_one),
        "poisson": ("Poisson midpoint over DDPM, two calls a step", nearly_one),
    }
    # UniPC's scheduler is the nearest to the predictor and corrector; the last three it has not.
    peerless = {"er-sde", "hybrid", "poisson"}
    for samples, shape in (1, (4, 64, 64)), (64, (3, 64, 64)):
        dimension = math.prod(shape)
        for name, (scheme, expected) in samplers.items():
            rows = [Contender(OURS, scheme, (rust, name))]
            if samples > 1:
                rows[0].scheme += ", samples on threads"
                rows.append(Contender(OURS, f"{scheme}, `Lockstep`", (rust, f"{name}-lockstep")))
            if name not in peerless:
                peer = "UniPC of order 3" if name == "predictor-corrector" else scheme
                rows.append(Contender("diffusers", peer, python("with_diffusers", name)))
            yield Workload(
                f"sampler-{samples}x{dimension}",
                f"{scheme}, updates of {'x'.join(map(str, (samples, *shape)))}: 50 calls",
                "elements",
                samples * dimension,
                50,
                rows,
                expected,
                fewest=10,
            )
    count = 13_107_200
    yield Workload(
        "normals",
        f"Standard normals alone: {count:,}",
        "normals",
        count,
        1,
        [
            Contender(OURS, "`standard_normal`, all threads", (rust, "ours")),
            Contender(OURS, "`standard_normal`, one thread", (rust, "ours-one")),
            Contender("rand_distr", "Xoshiro256++, all threads", (rust, "rand_distr")),
            Contender("rand_distr", "Xoshiro256++, one thread", (rust, "rand_distr-one")),
            Contender("NumPy", "PCG64", python("with_numpy", "-")),
            Contender("Numba", "MT19937", python("with_numba", "-")),
            Contender("PyTorch", "`normal_`", python("with_torch", "eager")),
            Contender("JAX", "threefry", python("with_jax", "threefry")),
            Contender("JAX", "rbg", python("with_jax", "rbg")),
            Contender("C", "Xoshiro256++, ziggurat", (plain, "-")),
        ],
        of_normals,
    )


def machine():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    vectors = [name for name in ("avx2", "avx512f") if name in fields.get("flags", "").split()]
    identity = f"family {fields.get('cpu family', '?')}, model {fields.get('model', '?')}"
    return f"{fields.get('model name', platform.machine())} ({identity}; {', '.join(vectors)})"


def version(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0]


def locked():
    """The versions of what the contenders in Rust are made of, this crate's with its commit."""
    commit = version("git", "describe", "--always", "--dirty")
    packages = tomllib.loads((HERE / "Cargo.lock").read_text())["package"]
    found = {package["name"]: package["version"] for package in packages}
    yield f"poisson-midpoint {found['poisson-midpoint']} ({commit})"
    for name in "rand_distr", "rand_xoshiro", "rayon":
        yield f"{name} {found[name]}"


def table(workloads, rounds, scale, cores):
    versions = [*locked(), *sorted({c.version for w in workloads for c in w.contenders if c.version})]
    yield "# This crate beside its peers"
    yield ""
    yield f"{datetime.date.today()}, {machine()}, {cores} cores, {platform.system()}."
    yield f"{version('rustc', '--version')}; {version('gcc', '--version')}; Python {platform.python_version()}."
    yield f"{'; '.join(versions)}."
    yield ""
    yield "By `benches/peers/run`: this crate as a user builds it (`--release`, features `rayon` and `simd`, no flags),"
    yield "C with `-O3 -march=native -fopenmp`. f32; unless a title says otherwise the force is x − x³, linear beyond |x| = 3,"
    yield "and the step 0.01."
    yield f"Contenders took turns, {rounds} rounds; rates are medians with quartiles. The last column is the rate"
    yield "divided by that of the best peer in the same table. A Poisson midpoint step evaluates the drift twice."
    if scale != 1:
        yield ""
        yield f"**Not a measurement: sizes are scaled by {scale}.**"
    for workload in workloads:
        best = workload.best_peer()
        yield ""
        yield f"## {workload.title}"
        yield ""
        yield f"| | scheme | threads | 10⁶ {workload.unit}/s | quartiles | to the best peer |"
        yield "|---|---|---|---|---|---|"
        for c in workload.contenders:
            name = f"**{c.label}**" if c.ours else c.label
            if c.problem is not None:
                yield f"| {name} | {c.scheme} | | {c.problem.replace('|', '/')} | | |"
                continue
            low, median, high = (figure(rate / 1e6) for rate in c.rates())
            ratio = figure(c.rates()[1] / best) if best else ""
            yield f"| {name} | {c.scheme} | {c.threads} | {median} | {low} to {high} | {ratio} |"


def equal_accuracy(workloads):
    """Seconds until the mean of x^2 is known to within a bias and a standard error, by the rates above."""
    rates = {}
    for workload in workloads:
        for c in workload.contenders:
            if c.problem is None:
                rates.setdefault((workload.name, c.scheme), []).append((c.rates()[1], c.label, c.ours))
    biases = "1e-3", "1e-4"
    needs = json.loads(version(sys.executable, "-m", "bias", *biases))
    for bias in biases:
        rows = []
        for need in (need for need in needs if need["bias"] == float(bias)):
            fastest = {}
            for rate, label, ours in rates.get((need["workload"], need["scheme"]), []):
                fastest[ours] = max(fastest.get(ours, (0, "")), (rate, label))
            kind = need["workload"].split("-")[0]
            rows += [(need["steps"] / rate, label, ours, kind, need) for ours, (rate, label) in fastest.items()]
        best = min((seconds for seconds, _, ours, *_ in rows if not ours), default=None)
        yield ""
        yield f"## Equal accuracy: E x² to within {bias}, relative"
        yield ""
        yield "Double well, D = 1. The step size is the largest at which the stationary law's bias is that small, found"
        yield "without sampling by `benches/peers/bias.py`; steps are taken until the standard error is as small. Seconds are"
        yield "by the rates above, of this crate and of the fastest of the peers with that scheme. Friction and mass are 1."
        yield ""
        yield "| | scheme | dynamics | step size | 10⁶ drift evaluations | seconds | the best peer's, divided by them |"
        yield "|---|---|---|---|---|---|---|"
        for seconds, label, ours, kind, need in sorted(rows, key=lambda row: row[0]):
            name = f"**{label}**" if ours else label
            ratio = figure(best / seconds) if best else ""
            size, calls = figure(need["step_size"]), figure(need["calls"] / 1e6)
            yield f"| {name} | {need['scheme']} | {kind} | {size} | {calls} | {figure(seconds)} | {ratio} |"


def plot(workloads, path):
    import matplotlib

    matplotlib.use("svg")
    # Letters as text, not as outlines; no random names of elements.
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "peers"})
    from matplotlib import pyplot

    rows = [[c for c in w.contenders if c.problem is None] for w in workloads]
    heights = [len(row) + 1.5 for row in rows]
    canvas, axes = pyplot.subplots(
        len(rows), 1, figsize=(9, 0.24 * sum(heights)), height_ratios=heights, squeeze=False, layout="constrained"
    )
    for workload, row, axis in zip(workloads, rows, axes[:, 0]):
        row = sorted(row, key=lambda c: c.rates()[1])
        rates = [[rate / 1e6 for rate in c.rates()] for c in row]
        medians = [median for _, median, _ in rates]
        errors = [[m - low for low, m, _ in rates], [high - m for _, m, high in rates]]
        colours = ["#c44e52" if c.ours else "#8c9bb0" for c in row]
        labels = [f"{c.label}: {c.scheme.replace('`', '')}" for c in row]
        bars = axis.barh(labels, medians, xerr=errors, color=colours)
        axis.bar_label(bars, labels=[f" {figure(m)}" for m in medians], fontsize=6.5)
        axis.set_title(f"{workload.title}, 10⁶ {workload.unit}/s", fontsize=8, loc="left")
        axis.tick_params(labelsize=6.5)
        axis.spines[["top", "right"]].set_visible(False)
    canvas.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="where `run` has built, and the results go")
    parser.add_argument("--only", action="append", help="workloads whose names begin so; may be given again")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0, help="of particles, or of steps where there are none")
    parser.add_argument("--limit", type=float, default=600, help="seconds that a contender may take to answer")
    parser.add_argument("--write", action="store_true", help="copy the results to docs")
    options = parser.parse_args()
    if options.rounds < 1 or options.scale <= 0:
        parser.error("there must be a round, and something to do in it")
    folder, cores = options.folder.resolve(), len(os.sched_getaffinity(0))
    chosen = [
        workload
        for workload in workloads(folder)
        if options.only is None or any(workload.name.startswith(only) for only in options.only)
    ]
    if not chosen:
        parser.error("no such workload")
    for log in folder.glob("*.log"):
        log.unlink()
    for workload in chosen:
        workload.run(folder, options.rounds, options.scale, options.limit)
    targets = [folder]
    if options.write:
        targets.append(HERE.parents[1] / "docs")
    lines = list(table(chosen, options.rounds, options.scale, cores))
    if {"overdamped-1", "underdamped"} <= {workload.name for workload in chosen}:
        lines += equal_accuracy(chosen)
    text = "\n".join(lines)
    for target in targets:
        plot(chosen, target / "benchmarks.svg")
        (target / "benchmarks.md").write_text(f"{text}\n\n![The same as bars](benchmarks.svg)\n")
        print(f"wrote {target}/benchmarks.md and .svg")
    without = [contender for workload in chosen for contender in workload.contenders if contender.problem is not None]
    for contender in without:
        print(f"{contender.label}, {contender.scheme}: {contender.problem}")
    return int(any(contender.ours for contender in without))


if __name__ == "__main__":
    sys.exit(main())
