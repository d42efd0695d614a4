#include "wave_pack:lib/wave.glsl"

vec4 bent(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    return x + HEIGHT * wave(x);
}
