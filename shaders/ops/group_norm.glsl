// The passes before are drawn in studio/ops/norm_live.py. What the first mean lost to rounding, the mean deviation from it
// gives back.
vec4 texel(int tile, ivec2 p) {
    vec4 mean = read((INPUTS - 1) / 2, tile, ivec2(0));
    vec4 rest = read(INPUTS - 1, tile, ivec2(0));
    vec4 variance = max(read(INPUTS - 1, tile, ivec2(1, 0)) - rest * rest, vec4(0.0));
    vec4 normal = (read0(tile, p) - mean - rest) / sqrt(variance + EPS);
#if AFFINE
    return normal * vectors(0, tile) + vectors(1, tile);
#else
    return normal;
#endif
}
