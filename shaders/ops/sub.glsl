#include "lib/broadcast.glsl"

vec4 texel(int tile, ivec2 p) {
    return spread(0, tile, p) - spread(1, tile, p);
}
