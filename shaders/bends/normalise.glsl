#include "lib/moments_of.glsl"

vec4 bent(int tile, ivec2 p) {
    return (read0(tile, p) - mean_of(0, tile)) / sqrt(variance_of(0, tile) + 1e-5) * DEVIATION + MEAN;
}
