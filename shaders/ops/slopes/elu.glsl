vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p), grad = read1(tile, p);
    return mix(grad * ALPHA * exp(x), grad, greaterThan(x, vec4(0.0)));
}
