#include "lib/wave.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    return vec4(wave(x.x, AHEAD), wave(x.y, AHEAD), wave(x.z, AHEAD), wave(x.w, AHEAD));
}
