#include "lib/nan.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    return mix(min(max(x, vec4(MIN_VAL)), vec4(MAX_VAL)), x, is_nan(x));
}
