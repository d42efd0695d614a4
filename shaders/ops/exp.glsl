vec4 texel(int tile, ivec2 p) {
    return exp(read0(tile, p));
}
