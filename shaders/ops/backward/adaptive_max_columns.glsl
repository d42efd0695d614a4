// Of every row of every window, the column of the largest value; a NaN wins.
#include "lib/adaptive_reach.glsl"
#include "lib/nan.glsl"

vec4 texel(int tile, ivec2 p) {
    ivec2 from, to;
    window_at(p, u_shape0.zy, ivec2(u_shape1.z, u_shape0.y), from, to);
    vec4 most = vec4(-INFINITY), column = vec4(from.x);
    for (int x = from.x; x < to.x; x++) {
        vec4 value = read0(tile, ivec2(x, p.y));
        bvec4 wins = bvec4(uvec4(greaterThan(value, most)) | uvec4(is_nan(value)));
        most = mix(most, value, wins);
        column = mix(column, vec4(x), wins);
    }
    return column;
}
