// Of every window the place of its largest value, as row * width + column; behind backward/adaptive_max_columns.glsl.
#include "lib/adaptive_reach.glsl"
#include "lib/nan.glsl"

vec4 texel(int tile, ivec2 p) {
    ivec2 from, to;
    window_at(p, u_shape0.zy, u_shape1.zy, from, to);
    vec4 most = vec4(-INFINITY), place = vec4(-1.0);
    for (int y = from.y; y < to.y; y++) {
        vec4 column = read2(tile, ivec2(p.x, y)), value;
        for (int lane = 0; lane < 4; lane++) value[lane] = read0(tile, ivec2(int(column[lane]), y))[lane];
        bvec4 wins = bvec4(uvec4(greaterThan(value, most)) | uvec4(is_nan(value)) | uvec4(lessThan(place, vec4(0.0))));
        most = mix(most, value, wins);
        place = mix(place, float(y * u_shape0.z) + column, wins);
    }
    return place;
}
