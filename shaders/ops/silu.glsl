vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    return x / (1.0 + exp(-x));
}
