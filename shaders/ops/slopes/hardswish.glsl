vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p), grad = read1(tile, p);
    vec4 inner = mix(grad * (x / 3.0 + 0.5), vec4(0.0), lessThanEqual(x, vec4(-3.0)));
    return mix(inner, grad, greaterThanEqual(x, vec4(3.0)));
}
