#include "lib/channel.glsl"

vec4 bent(int tile, ivec2 p) {
    vec4 from = vectors(1, tile), sign = vectors(2, tile);
    vec4 partner = vec4(0.0);
    for (int lane = 0; lane < 4 && tile * 4 + lane < u_shape.x; lane++) partner[lane] = value0(int(from[lane]), p);
    return read0(tile, p) * mix(vec4(COSINE), vec4(1.0), equal(sign, vec4(0.0))) + partner * (sign * SINE);
}
