vec4 bent(int tile, ivec2 p) {
    if (FROZEN > 0.5) return past(0, tile, p);
    return read0(tile, p);
}
