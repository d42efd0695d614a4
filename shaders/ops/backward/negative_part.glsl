vec4 texel(int tile, ivec2 p) {
    return min(read0(tile, p), vec4(0.0));
}
