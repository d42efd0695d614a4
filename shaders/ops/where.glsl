#include "lib/broadcast.glsl"

vec4 texel(int tile, ivec2 p) {
    return mix(spread(2, tile, p), spread(1, tile, p), notEqual(spread(0, tile, p), vec4(0.0)));
}
