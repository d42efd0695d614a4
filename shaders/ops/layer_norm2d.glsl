vec4 texel(int tile, ivec2 p) {
    vec4 moments = read1(0, p);
    vec4 normal = (read0(tile, p) - moments.x) / sqrt(moments.y + EPS);
#if AFFINE
    return normal * vectors(0, tile) + vectors(1, tile);
#else
    return normal;
#endif
}
