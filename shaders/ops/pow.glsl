// GLSL's pow is open for negative numbers, and loses digits by its logarithm: whole exponents are multiplied out.
#include "lib/nan.glsl"

vec4 multiplied(vec4 x, int whole) {
    vec4 product = vec4(1.0);
    for (int n = whole; n > 0; n /= 2) {
        if (n % 2 == 1) product *= x;
        x *= x;
    }
    return product;
}

vec4 raised(vec4 x, float magnitude, bool is_root) {
    bvec4 open = lessThan(x, vec4(0.0));
    vec4 value;
    if (is_root) {
        value = sqrt(abs(x));
    } else {
        value = pow(abs(x), vec4(magnitude));
        // Of minus infinity the power is infinity, though its square root is not.
        open = notEqual(uvec4(open) * uvec4(greaterThanEqual(x, vec4(-FLOAT_MAX))), uvec4(0u));
    }
    return mix(mix(value, uintBitsToFloat(uvec4(0x7fc00000u)), open), x, is_nan(x));
}

vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    vec4 value = WHOLE >= 0.0 ? multiplied(x, int(WHOLE)) : raised(x, MAGNITUDE, ROOT > 0.5);
    return NEGATIVE > 0.5 ? 1.0 / value : value;
}
