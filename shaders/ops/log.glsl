#include "lib/math.glsl"

// Near 1 by the series of log(1 + x): GLSL's own promises no digits there.
vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    bvec4 near = lessThan(abs(x - 1.25), vec4(0.7));
    vec4 found = mix(log(x), log1p(x - 1.0), near);
    found = mix(found, vec4(-INFINITY), equal(x, vec4(0.0)));
    return mix(found, uintBitsToFloat(uvec4(0x7fc00000u)), lessThan(x, vec4(0.0)));
}
