vec4 texel(int tile, ivec2 p) {
    vec4 found = read0(tile, p) / sqrt(read1(tile, ivec2(1, 0)) + EPS);
#if AFFINE
    found *= vectors(0, tile);
#endif
    return found;
}
