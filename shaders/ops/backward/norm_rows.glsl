// Of every row: column 0 the sum of the gradient, column 1 that of the gradient times the normalised map.
vec4 texel(int tile, ivec2 p) {
    vec4 mean = read2(tile, ivec2(0)), scale = 1.0 / sqrt(read2(tile, ivec2(1, 0)) + EPS);
    vec4 sum = vec4(0.0);
    for (int x = 0; x < u_shape0.z; x++) {
        vec4 grad = read0(tile, ivec2(x, p.y));
        sum += p.x == 0 ? grad : grad * (read1(tile, ivec2(x, p.y)) - mean) * scale;
    }
    return sum;
}
