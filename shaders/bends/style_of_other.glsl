// Mean and deviation of a channel of the map from elsewhere, which come around again where it has fewer.
vec2 style(int channel) {
    channel %= input_shape(OTHER).x;
    float rest = scratch(7, channel / 4, ivec2(0))[channel % 4];
    float squares = scratch(7, channel / 4, ivec2(1, 0))[channel % 4];
    return vec2(scratch(5, channel / 4, ivec2(0))[channel % 4] + rest, sqrt(max(squares - rest * rest, 0.0) + 1e-5));
}

vec4 bent(int tile, ivec2 p) {
    vec4 rest = scratch(3, tile, ivec2(0));
    vec4 variance = max(scratch(3, tile, ivec2(1, 0)) - rest * rest, vec4(0.0));
    vec4 normal = (read0(tile, p) - scratch(1, tile, ivec2(0)) - rest) / sqrt(variance + 1e-5);
    for (int lane = 0; lane < 4; lane++) {
        vec2 wanted = style(tile * 4 + lane);
        normal[lane] = normal[lane] * wanted.y + wanted.x;
    }
    return normal;
}
