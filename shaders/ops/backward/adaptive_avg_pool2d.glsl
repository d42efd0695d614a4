#include "lib/adaptive_reach.glsl"

vec4 texel(int tile, ivec2 p) {
    ivec2 first, last, from, to;
    windows(p, u_shape0.zy, u_shape1.zy, first, last);
    vec4 sum = vec4(0.0);
    for (int y = first.y; y <= last.y; y++) {
        for (int x = first.x; x <= last.x; x++) {
            window_at(ivec2(x, y), u_shape0.zy, u_shape1.zy, from, to);
            sum += read1(tile, ivec2(x, y)) / float((to.x - from.x) * (to.y - from.y));
        }
    }
    return sum;
}
