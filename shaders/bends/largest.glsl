// The largest channel at every place.

vec4 texel(int tile, ivec2 p) {
    float found = -INFINITY;
    for (int t = 0; t * 4 < u_shape0.x; t++) {
        vec4 x = mix(vec4(-INFINITY), read0(t, p), live_lanes(u_shape0, t));
        found = max(found, max(max(x.x, x.y), max(x.z, x.w)));
    }
    return vec4(found, 0.0, 0.0, 0.0);
}
