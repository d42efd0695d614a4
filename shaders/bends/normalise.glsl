vec4 bent(int tile, ivec2 p) {
    vec4 rest = scratch(3, tile, ivec2(0));
    vec4 variance = max(scratch(3, tile, ivec2(1, 0)) - rest * rest, vec4(0.0));
    return (read0(tile, p) - scratch(1, tile, ivec2(0)) - rest) / sqrt(variance + 1e-5) * DEVIATION + MEAN;
}
