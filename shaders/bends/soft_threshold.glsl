vec4 bent(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    return sign(x) * max(abs(x) - THRESHOLD, vec4(0.0));
}
