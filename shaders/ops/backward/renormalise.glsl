#include "lib/broadcast.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 held = read0(tile, p), normal = read1(tile, p);
    return spread(2, tile, p) * (held - spread(3, tile, p) - normal * spread(4, tile, p));
}
