#include "lib/math.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
#ifdef APPROXIMATE_TANH
    // With y = (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)) the slope is y + x * 2 y (1 - y) u'.
    vec4 u = 0.7978845608 * (x + 0.044715 * x * x * x);
    vec4 e = exp(-2.0 * abs(u)), inner = 2.0 * e / ((1.0 + e) * (1.0 + e));
    vec4 slope = 1.0 / (1.0 + exp(-2.0 * u)) + x * inner * 0.7978845608 * (1.0 + 0.134145 * x * x);
#else
    vec4 half_tail = 0.5 * erfc(abs(x) * 0.7071067812);
    vec4 slope = mix(1.0 - half_tail, half_tail, lessThan(x, vec4(0.0))) + x * 0.3989422804 * exp(-0.5 * x * x);
#endif
    return read1(tile, p) * slope;
}
