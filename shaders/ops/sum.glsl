// Over space: the column that row_sums made. Over channels: lanes past the last channel are zero.
vec4 texel(int tile, ivec2 p) {
    vec4 sum = vec4(0.0);
#ifdef DIM_SPACE
    for (int y = 0; y < u_shape0.y; y++) sum += read1(tile, ivec2(0, y));
    return sum;
#elif defined(DIM_HEIGHT)
    for (int y = 0; y < u_shape0.y; y++) sum += read0(tile, ivec2(p.x, y));
    return sum;
#elif defined(DIM_WIDTH)
    for (int x = 0; x < u_shape0.z; x++) sum += read0(tile, ivec2(x, p.y));
    return sum;
#else
    for (int t = 0; t * 4 < u_shape0.x; t++) sum += read0(t, p);
    return vec4(dot(sum, vec4(1.0)));
#endif
}
