vec4 bent(int tile, ivec2 p) {
    return floor(read0(tile, p) / STEP) * STEP;
}
