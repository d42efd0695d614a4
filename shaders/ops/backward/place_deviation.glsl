vec4 texel(int tile, ivec2 p) {
    return vec4(1.0 / sqrt(read1(0, p).y + EPS));
}
