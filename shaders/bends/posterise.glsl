vec4 bent(int tile, ivec2 p) {
    vec4 x = read0(tile, p), rank = vec4(0.0);
    float low = INFINITY, high = -INFINITY;
    for (int t = 0; t * 4 < u_shape0.x; t++) {
        vec4 found = read0(t, p);
        for (int lane = 0; lane < 4 && t * 4 + lane < u_shape0.x; lane++) {
            vec4 value = vec4(found[lane]);
            low = min(low, value.x);
            high = max(high, value.x);
            // Of equal ones the first comes first.
            bvec4 before = lessThan(ivec4(t * 4 + lane), tile * 4 + ivec4(0, 1, 2, 3));
            rank += mix(vec4(lessThan(value, x)), vec4(lessThanEqual(value, x)), before);
        }
    }
    vec4 step = floor((rank * STEPS + 0.5) / float(u_shape0.x));
    return low + (high - low) * (step / (STEPS - 1.0));
}
