vec4 texel(int tile, ivec2 p) {
    vec4 normal = (read0(tile, p) - read1(tile, ivec2(0))) / sqrt(read1(tile, ivec2(1, 0)) + EPS);
#if AFFINE
    return normal * vectors(0, tile) + vectors(1, tile);
#else
    return normal;
#endif
}
