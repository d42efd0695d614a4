#include "lib/nan.glsl"

vec4 texel(int tile, ivec2 p) {
    ivec2 start = p * ivec2(STRIDE_W, STRIDE_H) - ivec2(PADDING_W, PADDING_H);
    vec4 most = vec4(-INFINITY);
    uvec4 largest_bits = uvec4(0u);
    for (int ky = 0; ky < KERNEL_SIZE_H; ky++) {
        for (int kx = 0; kx < KERNEL_SIZE_W; kx++) {
            ivec2 q = start + ivec2(kx * DILATION_W, ky * DILATION_H);
            if (!inside(q, u_shape0)) continue;
            vec4 x = read0(tile, q);
            most = max(most, x);
            largest_bits = max(largest_bits, magnitude_bits(x));
        }
    }
    // A NaN anywhere in the window wins, as in PyTorch.
    return mix(most, uintBitsToFloat(uvec4(0x7fc00000u)), greaterThan(largest_bits, uvec4(0x7f800000u)));
}
