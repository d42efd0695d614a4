vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p), grad = read1(tile, p);
    grad = mix(grad, vec4(0.0), lessThanEqual(x, vec4(MIN_VAL)));
    return mix(grad, vec4(0.0), greaterThanEqual(x, vec4(MAX_VAL)));
}
