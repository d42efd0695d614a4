vec4 bent(int tile, ivec2 p) {
    return (read0(tile, p) - past(0, tile, p)) * GAIN;
}
