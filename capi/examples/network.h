/*
 * The denoiser of handwritten digits, 8 x 8 pixels from -1 to 1: examples/diffusion/network.rs in C.
 *
 * Only sums and products in a fixed order, square roots and the library's exponential, so that all machines give the
 * same bits, and those of the network in Rust, if it is compiled with -ffp-contract=off.
 */

#ifndef NETWORK_H
#define NETWORK_H

#include <stdint.h>

enum { PIXELS = 64, TRAINING_STEPS = 1000 };

/* A safetensors file, in weights.S. */
extern const unsigned char weights[], weights_end[];

/* Whether the file has the right length. */
int network_is_whole(void);

/* v of noisy data at a training step from 1 to TRAINING_STEPS. */
void network_velocity(uint32_t step, const float *x, float *velocity);

/* A sum over the bits of an image that tells it from any other. */
uint32_t fingerprint(const float *image);

#endif
