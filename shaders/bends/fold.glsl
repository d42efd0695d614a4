vec4 bent(int tile, ivec2 p) {
    vec4 part = read0(tile, p) / LIMIT + 3.0;
    part -= 4.0 * floor(part / 4.0);
    return abs(part - 2.0) * LIMIT - LIMIT;
}
