#include "lib/moments_of.glsl"

// Mean and deviation of a channel of the map from elsewhere, which come around again where it has fewer.
vec2 style(int channel) {
    channel %= input_shape(OTHER).x;
    return vec2(mean_of(4, channel / 4)[channel % 4], sqrt(variance_of(4, channel / 4)[channel % 4] + 1e-5));
}

vec4 bent(int tile, ivec2 p) {
    vec4 normal = (read0(tile, p) - mean_of(0, tile)) / sqrt(variance_of(0, tile) + 1e-5);
    for (int lane = 0; lane < 4; lane++) {
        vec2 wanted = style(tile * 4 + lane);
        normal[lane] = normal[lane] * wanted.y + wanted.x;
    }
    return normal;
}
