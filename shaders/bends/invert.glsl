vec4 bent(int tile, ivec2 p) {
    return 1.0 - read0(tile, p);
}
