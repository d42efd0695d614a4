#include "lib/math.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
#ifdef APPROXIMATE_TANH
    // (1 + tanh(u)) / 2 is 1 / (1 + exp(-2u)), which keeps its digits where tanh nears -1.
    vec4 u = 0.7978845608 * (x + 0.044715 * x * x * x);
    return x / (1.0 + exp(-2.0 * u));
#else
    vec4 half_tail = 0.5 * erfc(abs(x) * 0.7071067812);
    return x * mix(1.0 - half_tail, half_tail, lessThan(x, vec4(0.0)));
#endif
}
