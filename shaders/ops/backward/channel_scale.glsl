vec4 texel(int tile, ivec2 p) {
    return read0(tile, p) * vectors(0, tile);
}
