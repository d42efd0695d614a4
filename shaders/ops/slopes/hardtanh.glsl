vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p), grad = read1(tile, p);
#ifdef SLOPE_WITHIN
    grad = mix(grad, vec4(0.0), lessThanEqual(x, vec4(MIN_VAL)));
    return mix(grad, vec4(0.0), greaterThanEqual(x, vec4(MAX_VAL)));
#else
    grad = mix(grad, vec4(0.0), lessThan(x, vec4(MIN_VAL)));
    return mix(grad, vec4(0.0), greaterThan(x, vec4(MAX_VAL)));
#endif
}
