vec4 texel(int tile, ivec2 p) {
    vec4 sum = vec4(0.0);
#ifdef DIM_SPACE
    for (int y = 0; y < u_shape0.y; y++) sum += read2(tile, ivec2(0, y));
    return MEAN == 1 ? sum / float(u_shape0.y * u_shape0.z) : sum;
#else
    for (int t = 0; t * 4 < u_shape0.x; t++) sum += read0(t, p) * read1(t, p);
    float total = dot(sum, vec4(1.0));
    return vec4(MEAN == 1 ? total / float(u_shape0.x) : total);
#endif
}
