vec4 texel(int tile, ivec2 p) {
    return 1.0 / (1.0 + exp(-read0(tile, p)));
}
