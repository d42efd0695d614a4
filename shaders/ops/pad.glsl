#include "lib/border.glsl"

vec4 texel(int tile, ivec2 p) {
    ivec2 q = p - ivec2(LEFT, TOP);
#if defined(MODE_REFLECT)
    return read0(tile, reflected(q, u_shape0));
#elif defined(MODE_SYMMETRIC)
    return read0(tile, mirrored(q, u_shape0));
#elif defined(MODE_CIRCULAR)
    return read0(tile, wrapped(q, u_shape0));
#elif defined(MODE_REPLICATE)
    return read0(tile, replicated(q, u_shape0));
#else
    return inside(q, u_shape0) ? read0(tile, q) : vec4(VALUE);
#endif
}
