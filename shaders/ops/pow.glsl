// GLSL's pow is open for negative numbers, and loses digits by its logarithm: whole exponents are multiplied out.
#include "lib/nan.glsl"

#if defined(WHOLE)
vec4 power(vec4 x) {
    vec4 product = vec4(1.0);
    for (int n = WHOLE; n > 0; n /= 2) {
        if (n % 2 == 1) product *= x;
        x *= x;
    }
    return product;
}
#else
vec4 power(vec4 x) {
    bvec4 open = lessThan(x, vec4(0.0));
#if ROOT
    vec4 value = sqrt(abs(x));
#else
    vec4 value = pow(abs(x), vec4(MAGNITUDE));
    // Of minus infinity the power is infinity, though its square root is not.
    open = notEqual(uvec4(open) * uvec4(greaterThanEqual(x, vec4(-FLOAT_MAX))), uvec4(0u));
#endif
    return mix(mix(value, uintBitsToFloat(uvec4(0x7fc00000u)), open), x, is_nan(x));
}
#endif

vec4 texel(int tile, ivec2 p) {
    vec4 value = power(read0(tile, p));
    return NEGATIVE == 1 ? 1.0 / value : value;
}
