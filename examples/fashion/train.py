#!/usr/bin/env python3
"""Makes every file of this folder that is not source: autoencoder.safetensors, denoiser.safetensors,
classifier.safetensors and held_out.safetensors.

    apt-get install dataset-fashion-mnist
    pip install torch safetensors
    python train.py                  # two hours of two cores; files are written to this folder

The images are Fashion-MNIST (Xiao, Rasul & Vollgraf 2017, MIT licence): 60,000 to train, 10,000 held out, 28 rows
of 28 grey values from 0 to 255, scaled to [-1, 1].

The autoencoder makes an image 4 x 7 x 7 latents, which are scaled to variance 1 as latent diffusion does
(Rombach et al. 2022); only its decoder is kept. The denoiser is the residual network of ../diffusion/train.py on the
196 latents: it predicts v (Salimans & Ho 2022) at training step t of 1000, for that paper's noise schedule. The
classifier's 64 features are what Fréchet distances between images are measured in. Of the held-out images there are
kept the moments of their latents and features, and some latents.

Everything is saved in half precision but the moments, to be small.
"""

import argparse
import copy
import gzip
import pathlib
import sys
import time

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import cross_entropy, interpolate, silu

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent / "diffusion"))
from denoiser import STEPS, Denoiser, noising  # noqa: E402

DATA = pathlib.Path("/usr/share/datasets/fashion-mnist")
LATENTS, FEATURES, WIDTH, BLOCKS, KEPT = 196, 64, 512, 5, 2500


def images(part):
    """Images scaled to [-1, 1], and their labels."""
    read = {}
    for kind, header in (("images-idx3", 16), ("labels-idx1", 8)):
        [path] = DATA.rglob(f"{part}-{kind}-ubyte*")
        opened = gzip.open(path) if path.suffix == ".gz" else open(path, "rb")
        with opened as file:
            read[kind] = np.frombuffer(file.read(), np.uint8, offset=header)
    pixels = read["images-idx3"].reshape(-1, 1, 28, 28)
    return torch.tensor(pixels / 127.5 - 1, dtype=torch.float32), torch.tensor(read["labels-idx1"], dtype=torch.long)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(1, 32, 3, 2, 1)
        self.b = nn.Conv2d(32, 64, 3, 2, 1)
        self.c = nn.Conv2d(64, 64, 3, 1, 1)
        self.d = nn.Conv2d(64, 8, 1)

    def forward(self, x):
        """Mean and logarithm of the variance."""
        h = self.b(silu(self.a(x)))
        h = h + self.c(silu(h))
        return self.d(silu(h)).chunk(2, 1)


class Decoder(nn.Module):
    """Latents to an image: 7 x 7, and twice as large two times."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(4, 64, 3, 1, 1)
        self.b = nn.Conv2d(64, 64, 3, 1, 1)
        self.c = nn.Conv2d(64, 32, 3, 1, 1)
        self.d = nn.Conv2d(32, 16, 3, 1, 1)
        self.e = nn.Conv2d(16, 1, 3, 1, 1)

    def forward(self, z):
        h = self.a(z)
        h = h + self.b(silu(h))
        h = self.c(interpolate(silu(h), scale_factor=2))
        h = self.d(interpolate(silu(h), scale_factor=2))
        return torch.tanh(self.e(silu(h)))


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(1, 16, 3, 2, 1)
        self.b = nn.Conv2d(16, 32, 3, 2, 1)
        self.hidden = nn.Linear(32 * 49, FEATURES)
        self.output = nn.Linear(FEATURES, 10)

    def features(self, x):
        h = silu(self.b(silu(self.a(x))))
        return silu(self.hidden(h.flatten(1)))

    def forward(self, x):
        return self.output(self.features(x))


def batches(x, size, epochs):
    for epoch in range(epochs):
        for chosen in torch.randperm(len(x)).split(size):
            yield epoch, chosen


def one_cycle(parameters, rate, iterations, **options):
    optimizer = torch.optim.AdamW(parameters, lr=rate, betas=(0.9, 0.99), **options)
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, iterations, pct_start=0.05)


def train_autoencoder(x, held_out, epochs):
    encoder, decoder = Encoder(), Decoder()
    iterations = epochs * -(-len(x) // 128)
    optimizer, schedule = one_cycle([*encoder.parameters(), *decoder.parameters()], 3e-3, iterations)
    for i, (epoch, chosen) in enumerate(batches(x, 128, epochs)):
        batch = x[chosen]
        mean, log_variance = encoder(batch)
        z = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        divergence = (mean.square() + log_variance.exp() - log_variance - 1).sum((1, 2, 3)).mean() / 2
        loss = (decoder(z) - batch).square().sum((1, 2, 3)).mean() + 0.02 * divergence
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if (i + 1) % 469 == 0:
            with torch.no_grad():
                error = (decoder(encoder(held_out[:2000])[0]) - held_out[:2000]).square().mean().item()
            print(f"autoencoder {epoch}: squared error {error:.5f}, divergence {divergence.item():.1f}", flush=True)
    return encoder, decoder


def encode(encoder, x):
    with torch.no_grad():
        return torch.cat([encoder(part)[0] for part in x.split(1000)]).flatten(1)


def train_classifier(x, labels, held_out, held_out_labels, epochs):
    net = Classifier()
    optimizer, schedule = one_cycle(net.parameters(), 3e-3, epochs * -(-len(x) // 256), weight_decay=0.05)
    for _, chosen in batches(x, 256, epochs):
        noisy = x[chosen] + 0.1 * torch.randn(len(chosen), 1, 28, 28)
        optimizer.zero_grad()
        cross_entropy(net(noisy), labels[chosen]).backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        right = (net(held_out).argmax(1) == held_out_labels).float().mean().item()
    print(f"classifier: {100 * right:.1f} % of the held-out images are recognised", flush=True)
    return net


def train_denoiser(x, held_out, minutes, batch=1024, rate=1.5e-3):
    """Until the time is over, which the learning rate falls to 0 by."""
    # Of Rombach et al. 2022: sqrt(beta) in equal steps.
    noisy = noising(np.linspace(0.0015**0.5, 0.0195**0.5, STEPS) ** 2)

    net = Denoiser(LATENTS, WIDTH, BLOCKS)
    average = copy.deepcopy(net)
    print(f"denoiser: {sum(p.numel() for p in net.parameters())} parameters", flush=True)
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.02, betas=(0.9, 0.99))
    fixed = torch.Generator().manual_seed(1)
    times = torch.randint(1, STEPS + 1, (len(held_out),), generator=fixed)
    test_x, test_v = noisy(held_out, times, torch.randn(held_out.shape, generator=fixed))
    train_x, train_v = noisy(x[: len(held_out)], times, torch.randn(held_out.shape, generator=fixed))
    begun, i = time.monotonic(), 0
    while (spent := (time.monotonic() - begun) / 60 / minutes) < 1:
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, (i + 1) / 500) * (1 + np.cos(np.pi * spent)) / 2
        chosen = torch.randint(len(x), (batch,))
        t = torch.randint(1, STEPS + 1, (batch,))
        noised, v = noisy(x[chosen], t, torch.randn(batch, LATENTS))
        optimizer.zero_grad()
        loss = (net(noised, t) - v).square().mean()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        i += 1
        with torch.no_grad():
            decay = max(5e-4, 1 / (i + 10))
            for a, p in zip(average.parameters(), net.parameters()):
                a.lerp_(p, decay)
            if i % 500 == 0:
                held = (average(test_x, times) - test_v).square().mean().item()
                seen = (average(train_x, times) - train_v).square().mean().item()
                print(f"denoiser {i}: {100 * spent:.0f} %, loss {seen:.5f}, held out {held:.5f}", flush=True)
    return average


def half(tensors):
    return {name: tensor.detach().half().contiguous() for name, tensor in tensors.items()}


def moments(name, x):
    x = x.double()
    return {f"{name}.mean": x.mean(0).float(), f"{name}.covariance": torch.cov(x.T).float()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=6, help="of the autoencoder")
    parser.add_argument("--minutes", type=float, default=100, help="of the denoiser")
    parser.add_argument("--folder", type=pathlib.Path, default=HERE)
    options = parser.parse_args()
    torch.manual_seed(0)
    x, labels = images("train")
    held_out, held_out_labels = images("t10k")
    encoder, decoder = train_autoencoder(x, held_out, options.epochs)
    latents, held_out_latents = encode(encoder, x), encode(encoder, held_out)
    # One scale for all, which the decoder undoes.
    scale = latents.std()
    tensors = {**decoder.state_dict(), "a.weight": scale * decoder.a.weight}
    latents, held_out_latents = latents / scale, held_out_latents / scale
    save_file(half(tensors), options.folder / "autoencoder.safetensors")
    classifier = train_classifier(x, labels, held_out, held_out_labels, 8)
    save_file(half(classifier.state_dict()), options.folder / "classifier.safetensors")
    with torch.no_grad():
        features = classifier.features(held_out)
    kept = {
        **moments("latents", held_out_latents),
        **moments("features", features),
        **half({"latents": held_out_latents[:KEPT]}),
    }
    save_file(kept, options.folder / "held_out.safetensors")
    denoiser = train_denoiser(latents, held_out_latents, options.minutes)
    save_file(half(denoiser.tensors()), options.folder / "denoiser.safetensors")


if __name__ == "__main__":
    main()
