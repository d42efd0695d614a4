#include "wave_pack:lib/wave.glsl"

vec4 texel(int tile, ivec2 p) {
    return wave(TIMES * read0(tile, p));
}
