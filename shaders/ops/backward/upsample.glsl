// Behind backward/upsample_rows.glsl, down the columns.
#include "lib/upsample_share.glsl"

vec4 texel(int tile, ivec2 p) {
    float pace = pace_along(u_shape.y, u_shape1.y, PACE_H);
    ivec2 made = reach(p.y, u_shape.y, u_shape1.y, pace);
    vec4 sum = vec4(0.0);
    for (int y = made.x; y <= made.y; y++) sum += share(y, p.y, u_shape.y, pace, FACTOR_OF_H) * read1(tile, ivec2(p.x, y));
    return sum;
}
