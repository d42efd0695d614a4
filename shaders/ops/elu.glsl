#include "lib/math.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    return mix(ALPHA * expm1(x), x, greaterThan(x, vec4(0.0)));
}
