vec4 texel(int tile, ivec2 p) {
    vec4 found = read0(tile, p);
    if (p.x == 0) found += 2.0 * read0(tile, ivec2(1, 0)) * (read1(tile, ivec2(0)) - read2(tile, ivec2(0)));
    return SHARE * found;
}
