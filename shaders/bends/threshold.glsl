#include "lib/nan.glsl"

vec4 bent(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    return mix(vec4(greaterThan(x, vec4(THRESHOLD))), vec4(0.0), is_nan(x));
}
