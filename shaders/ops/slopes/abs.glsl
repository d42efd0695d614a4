vec4 texel(int tile, ivec2 p) {
    return read1(tile, p) * sign(read0(tile, p));
}
