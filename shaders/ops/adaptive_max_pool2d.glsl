#include "lib/adaptive.glsl"
#include "lib/nan.glsl"

vec4 texel(int tile, ivec2 p) {
    ivec2 from, to;
    window(p, from, to);
    vec4 most = vec4(-INFINITY);
    bvec4 spoilt = bvec4(false);
    for (int y = from.y; y < to.y; y++) {
        for (int x = from.x; x < to.x; x++) {
            vec4 value = read(LAST, tile, ivec2(x, y));
            most = max(most, value);
            spoilt = bvec4(uvec4(spoilt) | uvec4(is_nan(value)));
        }
    }
    return mix(most, uintBitsToFloat(uvec4(0x7fc00000u)), spoilt);
}
