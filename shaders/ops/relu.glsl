#include "lib/nan.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    return mix(max(x, vec4(0.0)), x, is_nan(x));  // keeps NaN, as PyTorch does
}
