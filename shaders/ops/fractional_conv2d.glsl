// The picture of its taps is in studio/ops/conv_fractional.py. Here q is a place in the enlarged input.
#include "lib/kernel.glsl"

const ivec2 FACTOR = ivec2(SCALE_FACTOR_W, SCALE_FACTOR_H);

bool source(ivec2 p, ivec2 k, out ivec2 q) {
    q = p - (ivec2(KERNEL_SIZE_W, KERNEL_SIZE_H) - 1) / 2 + k;
    return all(greaterThanEqual(q, ivec2(0))) && all(lessThan(q, u_shape0.zy * FACTOR));
}

vec4 input_value(int tile, ivec2 q) {
#ifdef SAMPLING_LINEAR
    vec2 at = max((vec2(q) + 0.5) / vec2(FACTOR) - 0.5, vec2(0.0));
    ivec2 near = ivec2(at);
    ivec2 far = min(near + 1, u_shape0.zy - 1);
    vec2 part = at - vec2(near);
    return mix(mix(read0(tile, near), read0(tile, ivec2(far.x, near.y)), part.x),
               mix(read0(tile, ivec2(near.x, far.y)), read0(tile, far), part.x), part.y);
#else
    return read0(tile, q / FACTOR);
#endif
}
