vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    vec4 slope = SHARED == 1 ? vectors(0, 0).xxxx : vectors(0, tile);
    return mix(x * slope, x, greaterThan(x, vec4(0.0)));
}
