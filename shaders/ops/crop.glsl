vec4 texel(int tile, ivec2 p) {
    return read0(tile, p + ivec2(LEFT, TOP));
}
