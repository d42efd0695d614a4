vec4 texel(int tile, ivec2 p) {
    vec4 grad = read1(tile, p), z = read0(tile, p) * BETA;
    return mix(grad / (1.0 + exp(-z)), grad, greaterThan(z, vec4(THRESHOLD)));
}
