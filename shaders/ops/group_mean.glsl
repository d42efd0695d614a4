// Every channel gets the mean of its group's, of the last map that is read.
vec4 texel(int tile, ivec2 p) {
    vec4 mean = vec4(0.0);
    for (int lane = 0; lane < 4 && tile * 4 + lane < u_shape.x; lane++) {
        int first = (tile * 4 + lane) / GROUP_SIZE * GROUP_SIZE;
        float sum = 0.0;
        for (int c = first; c < first + GROUP_SIZE; c++) sum += read(INPUTS - 1, c / 4, p)[c % 4];
        mean[lane] = sum / float(GROUP_SIZE);
    }
    return mean;
}
