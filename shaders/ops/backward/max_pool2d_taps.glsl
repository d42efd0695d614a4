// Of every window, the number of the tap that is largest, counted row by row; a NaN wins, as in PyTorch.
#include "lib/nan.glsl"

vec4 texel(int tile, ivec2 p) {
    ivec2 start = p * ivec2(STRIDE_W, STRIDE_H) - ivec2(PADDING_W, PADDING_H);
    vec4 most = vec4(-INFINITY), number = vec4(-1.0);
    for (int ky = 0; ky < KERNEL_SIZE_H; ky++) {
        for (int kx = 0; kx < KERNEL_SIZE_W; kx++) {
            ivec2 q = start + ivec2(kx * DILATION_W, ky * DILATION_H);
            if (!inside(q, u_shape0)) continue;
            vec4 x = read0(tile, q);
            bvec4 wins = bvec4(uvec4(greaterThan(x, most)) | uvec4(is_nan(x)) | uvec4(lessThan(number, vec4(0.0))));
            most = mix(most, x, wins);
            number = mix(number, vec4(ky * KERNEL_SIZE_W + kx), wins);
        }
    }
    return number;
}
