#include "lib/nan.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    return mix(clamp(x + 3.0, 0.0, 6.0) / 6.0, x, is_nan(x));
}
