#include "lib/channel.glsl"

// Channels come around again, and pixels are repeated or left out.
vec4 texel(int tile, ivec2 p) {
    ivec2 q = p * u_shape0.zy / u_shape.zy;
    if (u_shape0.x == u_shape.x) return read0(tile, q);
    vec4 value;
    for (int lane = 0; lane < 4; lane++) value[lane] = value0((tile * 4 + lane) % u_shape0.x, q);
    return value;
}
