#!/usr/bin/env python3
"""Samples by the schedulers of `diffusers`, to compare with: tests/data/diffusers.csv.

    pip install torch diffusers
    cargo test --test diffusion -- --ignored --nocapture normals | python tests/reference/diffusers_reference.py

reads the normals that the crate's stream gives and writes the file. Schedules are set to double precision,
in which the schedulers then work. Each line is a scheduler, its parameters and the four components of the
sample that ten steps make of the first four normals. The schedulers count training steps from 0.
"""

import pathlib
import sys

import diffusers
import torch
from diffusers.schedulers import scheduling_ddpm, scheduling_sasolver

D, STEPS = 4, 10
BETAS = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)


def network(x, index):
    """Smooth, not linear, and of no meaning."""
    place = torch.arange(D, dtype=torch.float64).reshape(1, D, 1, 1) / 10
    return (x / 2 + place) / (1 + x * x) + (int(index) + 1) / 2000


def in_double(scheduler):
    scheduler.betas, scheduler.alphas = BETAS, 1 - BETAS
    scheduler.alphas_cumprod = torch.cumprod(1 - BETAS, 0)
    scheduler.one = torch.tensor(1.0, dtype=torch.float64)
    scheduler.final_alpha_cumprod = torch.tensor(1.0, dtype=torch.float64)
    if hasattr(scheduler, "lambda_t"):
        scheduler.alpha_t = scheduler.alphas_cumprod.sqrt()
        scheduler.sigma_t = (1 - scheduler.alphas_cumprod).sqrt()
        scheduler.lambda_t = torch.log(scheduler.alpha_t) - torch.log(scheduler.sigma_t)
    scheduler.set_timesteps(STEPS)
    if hasattr(scheduler, "lambda_t"):
        bar = scheduler.alphas_cumprod[scheduler.timesteps]
        # SA-Solver's ends at its training step 0, which is not the data.
        ends_noisy = isinstance(scheduler, diffusers.SASolverScheduler)
        last = 1 - scheduler.alphas_cumprod[:1] if ends_noisy else torch.zeros(1, dtype=torch.float64)
        scheduler.sigmas = torch.cat([((1 - bar) / bar).sqrt(), (last / (1 - last)).sqrt()])
    return scheduler


def main():
    normals = torch.tensor([float(line) for line in sys.stdin if line.startswith(("-", "0", "1", "2", "3"))],
                           dtype=torch.float64).reshape(-1, 1, D, 1, 1)
    rows = []

    def run(name, scheduler, step):
        scheduler = in_double(scheduler)
        x, noise = normals[0].clone(), iter(normals[1:])
        scheduling_ddpm.randn_tensor = scheduling_sasolver.randn_tensor = lambda *_, **__: next(noise)
        for t in scheduler.timesteps:
            x = step(scheduler, network(x, t), t, x, noise).prev_sample
        rows.append(",".join([name] + [repr(float(v)) for v in x.flatten()]))

    predictions = "epsilon", "sample", "v_prediction"
    for prediction in predictions:
        for variance in ("fixed_small", "fixed_large"):
            for clip in (False, True):
                run(f"ddpm {prediction} {variance} {clip}",
                    diffusers.DDPMScheduler(prediction_type=prediction, variance_type=variance, clip_sample=clip),
                    lambda s, e, t, x, _: s.step(e, t, x))
        for eta in (0.0, 0.5, 1.0):
            run(f"ddim {prediction} {eta} False",
                diffusers.DDIMScheduler(prediction_type=prediction, clip_sample=False),
                lambda s, e, t, x, noise: s.step(e, t, x, eta=eta, variance_noise=next(noise) if eta else None))
        for kind in ("dpmsolver++", "sde-dpmsolver++"):
            run(f"{kind} {prediction} 2 False",
                diffusers.DPMSolverMultistepScheduler(
                    prediction_type=prediction, algorithm_type=kind, solver_order=2, solver_type="heun",
                    timestep_spacing="trailing", final_sigmas_type="zero", euler_at_final=True,
                    lower_order_final=False),
                lambda s, e, t, x, noise: s.step(e, t, x, variance_noise=next(noise)))
    # Of order 1: at order 2, which higher orders begin with, it adds a term of its own.
    for tau in (0.5, 1.3):
        run(f"sa-solver++ sample {tau} False",
            diffusers.SASolverScheduler(
                prediction_type="sample", predictor_order=1, corrector_order=1, timestep_spacing="trailing",
                tau_func=lambda _, tau=tau: tau, lower_order_final=False),
            lambda s, e, t, x, _: s.step(e, t, x))
    run("threshold sample 0 True",
        diffusers.DDIMScheduler(prediction_type="sample", clip_sample=False, thresholding=True,
                                dynamic_thresholding_ratio=0.75, sample_max_value=1e9),
        lambda s, e, t, x, _: s.step(e, t, x))
    path = pathlib.Path(__file__).parents[1] / "data" / "diffusers.csv"
    path.write_text(f"# diffusers {diffusers.__version__}\n" + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
