#include "lib/upsample_share.glsl"

vec4 texel(int tile, ivec2 p) {
    float pace = pace_along(u_shape.z, u_shape0.z, PACE_W);
    ivec2 made = reach(p.x, u_shape.z, u_shape0.z, pace);
    vec4 sum = vec4(0.0);
    for (int x = made.x; x <= made.y; x++) sum += share(x, p.x, u_shape.z, pace, FACTOR_W) * read0(tile, ivec2(x, p.y));
    return sum;
}
