vec4 texel(int tile, ivec2 p) {
    vec4 sum = read0(tile, p);
    for (int k = 1; k < INPUTS; k++) sum += read(k, tile, p);
    return sum;
}
