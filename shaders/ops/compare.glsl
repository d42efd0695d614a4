#include "lib/nan.glsl"
#include "lib/compare.glsl"

vec4 texel(int tile, ivec2 p) {
    return compared(read0(tile, p), vec4(VALUE));
}
