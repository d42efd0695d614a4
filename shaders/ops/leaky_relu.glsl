vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    return mix(x, x * NEGATIVE_SLOPE, lessThan(x, vec4(0.0)));
}
