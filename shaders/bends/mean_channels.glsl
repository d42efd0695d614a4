vec4 bent(int tile, ivec2 p) {
    int size = int(SIZE), made = -1;
    vec4 value = vec4(0.0);
    float mean = 0.0;
    for (int lane = 0; lane < 4 && tile * 4 + lane < u_shape.x; lane++) {
        int group = (tile * 4 + lane) / size;
        if (group != made) {
            int first = group * size, last = min(first + size, u_shape.x);
            float sum = 0.0;
            for (int t = first / 4; t * 4 < last; t++) {
                ivec4 channel = t * 4 + ivec4(0, 1, 2, 3);
                bvec4 within = bvec4(uvec4(greaterThanEqual(channel, ivec4(first))) * uvec4(lessThan(channel, ivec4(last))));
                sum += dot(mix(vec4(0.0), read0(t, p), within), vec4(1.0));
            }
            mean = sum / float(last - first);
            made = group;
        }
        value[lane] = mean;
    }
    return value;
}
