#include "lib/border.glsl"

bool source(inout ivec2 q) {
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
