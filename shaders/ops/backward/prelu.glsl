vec4 texel(int tile, ivec2 p) {
    vec4 grad = read1(tile, p);
    vec4 slope = SHARED == 1 ? vectors(0, 0).xxxx : vectors(0, tile);
    return mix(grad * slope, grad, greaterThan(read0(tile, p), vec4(0.0)));
}
