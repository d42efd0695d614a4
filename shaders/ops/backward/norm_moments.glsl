// Column 0 by the mean, column 1 by the variance.
vec4 texel(int tile, ivec2 p) {
    vec4 scale = 1.0 / sqrt(read1(tile, ivec2(1, 0)) + EPS), found = -scale * read0(tile, p);
    if (p.x == 1) found *= 0.5 * scale;
#if AFFINE
    found *= vectors(0, tile);
#endif
    return found;
}
