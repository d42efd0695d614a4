vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p), y = 1.0 / (1.0 + exp(-x));
    return read1(tile, p) * y * (1.0 + x * (1.0 - y));
}
