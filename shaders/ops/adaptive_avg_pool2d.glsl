#include "lib/adaptive.glsl"

vec4 texel(int tile, ivec2 p) {
    return window_mean(tile, p);
}
