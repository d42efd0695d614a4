vec4 texel(int tile, ivec2 p) {
    return mix(read1(tile, p), vec4(0.0), lessThanEqual(read0(tile, p), vec4(0.0)));
}
