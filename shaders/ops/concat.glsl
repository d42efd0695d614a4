// Inputs need not end on a tile's edge, so each lane finds its own input, tile and lane.
vec4 texel(int tile, ivec2 p) {
    vec4 joined = vec4(0.0);
    for (int lane = 0; lane < 4; lane++) {
        int channel = tile * 4 + lane;
        int k = 0;
        while (k < INPUTS - 1 && channel >= input_shape(k).x) {
            channel -= input_shape(k).x;
            k++;
        }
        if (channel < input_shape(k).x) joined[lane] = read(k, channel / 4, p)[channel % 4];
    }
    return joined;
}
