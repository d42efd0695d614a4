#include "lib/adaptive.glsl"
#include "lib/nan.glsl"

// The smallest value is the largest of the negative ones, turned round again: SIGN is -1 then.
#define NOT_A_NUMBER uintBitsToFloat(uvec4(0x7fc00000u))

#ifndef DIM_CHANNELS
vec4 texel(int tile, ivec2 p) {
    ivec2 from, to;
    window(p, from, to);
    vec4 most = vec4(-INFINITY);
    bvec4 spoilt = bvec4(false);
    for (int y = from.y; y < to.y; y++) {
        for (int x = from.x; x < to.x; x++) {
            vec4 value = read(LAST, tile, ivec2(x, y));
            most = max(most, SIGN * value);
            spoilt = bvec4(uvec4(spoilt) | uvec4(is_nan(value)));
        }
    }
    return mix(SIGN * most, NOT_A_NUMBER, spoilt);
}
#else
vec4 texel(int tile, ivec2 p) {
    vec4 most = vec4(-INFINITY);
    bvec4 spoilt = bvec4(false);
    for (int t = 0; t * 4 < u_shape0.x; t++) {
        vec4 value = read0(t, p);
        most = max(most, mix(vec4(-INFINITY), SIGN * value, live_lanes(u_shape0, t)));
        spoilt = bvec4(uvec4(spoilt) | uvec4(is_nan(value)));
    }
    float found = SIGN * max(max(most.x, most.y), max(most.z, most.w));
    return any(spoilt) ? NOT_A_NUMBER : vec4(found);
}
#endif
