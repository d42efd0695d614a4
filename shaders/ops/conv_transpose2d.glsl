// Only taps of the output place's own phase land on an input pixel: every STRIDE-th, where taps are not spread out.
#if DILATION_H == 1 && DILATION_W == 1
#define TAP_STEP_H STRIDE_H
#define TAP_STEP_W STRIDE_W

ivec2 first_tap(ivec2 p) {
    return (p + ivec2(PADDING_W, PADDING_H)) % ivec2(STRIDE_W, STRIDE_H);
}
#endif

#include "lib/kernel.glsl"

bool source(ivec2 p, ivec2 k, out ivec2 q) {
    ivec2 stride = ivec2(STRIDE_W, STRIDE_H);
    ivec2 landing = p + ivec2(PADDING_W, PADDING_H) - k * ivec2(DILATION_W, DILATION_H);
    q = landing / stride;
    return all(greaterThanEqual(landing, ivec2(0))) && q * stride == landing && inside(q, u_shape0);
}

vec4 input_value(int tile, ivec2 q) {
    return read0(tile, q);
}
