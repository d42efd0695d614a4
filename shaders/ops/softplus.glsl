#include "lib/math.glsl"
#include "lib/nan.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    vec4 z = x * BETA;
    // log(1 + exp(z)) without overflow, and with all digits where exp(z) is small.
    vec4 curved = (max(z, vec4(0.0)) + log1p(exp(-abs(z)))) / BETA;
    bvec4 linear = greaterThan(z, vec4(THRESHOLD));
    return mix(mix(curved, x, linear), x, is_nan(x));
}
