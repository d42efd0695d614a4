#include "lib/other.glsl"

vec4 bent(int tile, ivec2 p) {
    return other_at(tile, p) * GAIN;
}
