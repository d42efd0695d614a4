#include "lib/sample.glsl"

vec4 bent(int tile, ivec2 p) {
    return sampled(tile, (vec2(p) + 0.5) * vec2(ACROSS, DOWN) - 0.5);
}
