// Sums of many products lose digits: every 64 channels are summed up by themselves.
vec4 texel(int tile, ivec2 p) {
    int tiles = (u_shape0.x + 3) / 4, y = u_shape1.y == 1 ? 0 : p.y, last = u_shape1.z - 1;
    ivec4 n = min(ivec4(tile * 4) + ivec4(0, 1, 2, 3), ivec4(last));
    vec4 total = vec4(0.0);
    for (int begin = 0; begin < tiles; begin += 16) {
        vec4 sum = vec4(0.0);
        for (int t = begin; t < min(begin + 16, tiles); t++) {
            vec4 a = read0(t, p);
            sum += vec4(dot(a, read1(t, ivec2(n.x, y))), dot(a, read1(t, ivec2(n.y, y))),
                        dot(a, read1(t, ivec2(n.z, y))), dot(a, read1(t, ivec2(n.w, y))));
        }
        total += sum;
    }
    return total;
}
