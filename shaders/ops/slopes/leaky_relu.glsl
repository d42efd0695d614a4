vec4 texel(int tile, ivec2 p) {
    vec4 grad = read1(tile, p);
    return mix(grad * NEGATIVE_SLOPE, grad, greaterThan(read0(tile, p), vec4(0.0)));
}
