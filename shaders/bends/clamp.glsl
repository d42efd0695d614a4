#include "lib/nan.glsl"

vec4 bent(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    return mix(min(max(x, vec4(LOW)), vec4(HIGH)), x, is_nan(x));
}
