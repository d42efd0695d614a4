// For every place, over all channels: the mean, and the variance around it. What the first sum lost to rounding, the
// mean deviation from it gives back.
vec4 texel(int tile, ivec2 p) {
    int tiles = (u_shape0.x + 3) / 4;
    float count = float(u_shape0.x);
    vec4 sum = vec4(0.0);
    for (int t = 0; t < tiles; t++) sum += read0(t, p);  // lanes past the last channel are zero
    float mean = dot(sum, vec4(1.0)) / count;
    float rest = 0.0, squares = 0.0;
    for (int t = 0; t < tiles; t++) {
        vec4 deviation = mix(vec4(0.0), read0(t, p) - mean, live_lanes(u_shape0, t));
        rest += dot(deviation, vec4(1.0));
        squares += dot(deviation, deviation);
    }
    rest /= count;
    return vec4(mean + rest, max(squares / count - rest * rest, 0.0), 0.0, 0.0);
}
