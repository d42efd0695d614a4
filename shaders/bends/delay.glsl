vec4 bent(int tile, ivec2 p) {
    return past(0, tile, p);
}
