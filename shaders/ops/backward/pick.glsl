#include "lib/broadcast.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 a = spread(0, tile, p), b = spread(1, tile, p), grad = read2(tile, p);
    vec4 won = LARGER == 1 ? mix(vec4(0.0), grad, greaterThan(a, b)) : mix(vec4(0.0), grad, lessThan(a, b));
    return mix(won, grad / 2.0, equal(a, b));
}
