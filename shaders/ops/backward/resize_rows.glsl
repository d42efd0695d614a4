#include "lib/resize_share.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 sum = vec4(0.0);
    for (int x = 0; x < u_shape0.z; x++) {
        float part = share(x, p.x, u_shape.z, u_shape0.z, 1);
        if (part != 0.0) sum += part * read0(tile, ivec2(x, p.y));
    }
    return sum;
}
