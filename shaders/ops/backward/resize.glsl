// Behind backward/resize_rows.glsl, down the columns.
#include "lib/resize_share.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 sum = vec4(0.0);
    for (int y = 0; y < u_shape1.y; y++) {
        float part = share(y, p.y, u_shape.y, u_shape1.y, 0);
        if (part != 0.0) sum += part * read1(tile, ivec2(p.x, y));
    }
    return sum;
}
