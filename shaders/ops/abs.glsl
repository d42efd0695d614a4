vec4 texel(int tile, ivec2 p) {
    return abs(read0(tile, p));
}
