"""diffusers: what its schedulers do between the calls of the network.

The network predicts v = 0, which is right for data that are standard normal.
"""

import diffusers
import torch

from .common import serve

SHAPES = {"1x16384": (1, 4, 64, 64), "64x12288": (64, 3, 64, 64)}


def scheduler_of(variant):
    common = {"prediction_type": "v_prediction", "timestep_spacing": "trailing"}
    if variant == "ddpm":
        return diffusers.DDPMScheduler(clip_sample=False, **common), {}
    if variant.startswith("ddim"):
        eta = float(variant.removeprefix("ddim-"))
        return diffusers.DDIMScheduler(clip_sample=False, **common), {"eta": eta}
    if variant == "sa":
        return diffusers.SASolverScheduler(
            predictor_order=2, corrector_order=2, tau_func=lambda t: 1.0, **common
        ), {}
    if variant == "predictor-corrector":
        return diffusers.UniPCMultistepScheduler(solver_order=3, final_sigmas_type="zero", **common), {}
    kind = "sde-dpmsolver++" if variant == "sde-2m" else "dpmsolver++"
    # As this crate's: the last step, to the data, is of order 1.
    return (
        diffusers.DPMSolverMultistepScheduler(
            algorithm_type=kind,
            solver_order=2,
            solver_type="heun",
            final_sigmas_type="zero",
            euler_at_final=True,
            lower_order_final=False,
            **common,
        ),
        {},
    )


def build(variant, workload, _count, steps):
    scheduler, options = scheduler_of(variant)
    start = torch.randn(SHAPES[workload.removeprefix("sampler-")])
    x, v = start, torch.empty_like(start)

    @torch.no_grad()
    def run():
        nonlocal x
        scheduler.set_timesteps(steps)
        x = start
        for t in scheduler.timesteps:
            v.zero_()
            x = scheduler.step(v, t, x, **options).prev_sample

    return run, lambda: {"x2": float(torch.mean(x * x))}


if __name__ == "__main__":
    torch.manual_seed(42)
    serve(build, f"diffusers {diffusers.__version__}", torch.get_num_threads())
