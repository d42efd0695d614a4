vec4 texel(int tile, ivec2 p) {
    vec4 e = exp(-2.0 * abs(read0(tile, p)));
    return read1(tile, p) * 4.0 * e / ((1.0 + e) * (1.0 + e));
}
