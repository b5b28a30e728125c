/* The weights of examples/diffusion/denoiser.safetensors, as they are, in read-only memory. To be assembled with
 * -Wa,-I and that folder. */

    .section .rodata
    .balign 8
    .global weights
weights:
    .incbin "denoiser.safetensors"
    .global weights_end
weights_end:

#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
