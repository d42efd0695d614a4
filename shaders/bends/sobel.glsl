#include "lib/mirror.glsl"

#if defined(DIRECTION_ACROSS)
const ivec2 AHEAD = ivec2(1, 0), BESIDE = ivec2(0, 1);
#else
const ivec2 AHEAD = ivec2(0, 1), BESIDE = ivec2(1, 0);
#endif

vec4 steep(int tile, ivec2 p) {
    return mirrored_pixel(tile, p + AHEAD) - mirrored_pixel(tile, p - AHEAD);
}

vec4 bent(int tile, ivec2 p) {
    return (steep(tile, p) * 2.0 + (steep(tile, p + BESIDE) + steep(tile, p - BESIDE))) * GAIN;
}
