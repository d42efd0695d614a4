// For every place, over all channels: the largest value, and the sum of exp(value - largest).
vec4 texel(int tile, ivec2 p) {
    int tiles = (u_shape0.x + 3) / 4;
    float most = -FLOAT_MAX;
    for (int t = 0; t < tiles; t++) {
        vec4 x = mix(vec4(-FLOAT_MAX), read0(t, p), live_lanes(u_shape0, t));
        most = max(most, max(max(x.x, x.y), max(x.z, x.w)));
    }
    float sum = 0.0;
    for (int t = 0; t < tiles; t++) {
        sum += dot(mix(vec4(0.0), exp(read0(t, p) - most), live_lanes(u_shape0, t)), vec4(1.0));
    }
    return vec4(most, sum, 0.0, 0.0);
}
