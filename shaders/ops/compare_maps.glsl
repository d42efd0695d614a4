#include "lib/broadcast.glsl"
#include "lib/nan.glsl"
#include "lib/compare.glsl"

vec4 texel(int tile, ivec2 p) {
    return compared(spread(0, tile, p), spread(1, tile, p));
}
