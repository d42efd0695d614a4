#include "lib/channel.glsl"

vec4 bent(int tile, ivec2 p) {
    vec4 from = vectors(1, tile);
    vec4 value = vec4(0.0);
    for (int lane = 0; lane < 4 && tile * 4 + lane < u_shape.x; lane++) value[lane] = value0(int(from[lane]), p);
    return value;
}
