// Of every row, around the mean that was read last: column 0 the mean deviation, column 1 the mean squared deviation.
vec4 texel(int tile, ivec2 p) {
    vec4 mean = read(INPUTS - 1, tile, ivec2(0));
    vec4 sum = vec4(0.0);
    for (int x = 0; x < u_shape0.z; x++) {
        vec4 deviation = read0(tile, ivec2(x, p.y)) - mean;
        sum += p.x == 0 ? deviation : deviation * deviation;
    }
    return sum / float(u_shape0.z);
}
