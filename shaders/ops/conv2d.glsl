#include "lib/border.glsl"
#include "lib/kernel.glsl"

bool source(ivec2 p, ivec2 k, out ivec2 q) {
    q = p * ivec2(STRIDE_W, STRIDE_H) - ivec2(PADDING_W, PADDING_H) + k * ivec2(DILATION_W, DILATION_H);
#if defined(PADDING_MODE_REFLECT)
    q = reflected(q, u_shape0);
    return true;
#elif defined(PADDING_MODE_REPLICATE)
    q = replicated(q, u_shape0);
    return true;
#else
    return inside(q, u_shape0);
#endif
}

vec4 input_value(int tile, ivec2 q) {
    return read0(tile, q);
}
