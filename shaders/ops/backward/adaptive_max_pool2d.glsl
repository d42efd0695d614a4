#include "lib/adaptive_reach.glsl"

vec4 texel(int tile, ivec2 p) {
    ivec2 first, last;
    windows(p, u_shape0.zy, u_shape1.zy, first, last);
    vec4 sum = vec4(0.0);
    for (int y = first.y; y <= last.y; y++) {
        for (int x = first.x; x <= last.x; x++) {
            bvec4 won = equal(read3(tile, ivec2(x, y)), vec4(p.y * u_shape0.z + p.x));
            sum += mix(vec4(0.0), read1(tile, ivec2(x, y)), won);
        }
    }
    return sum;
}
