vec4 texel(int tile, ivec2 p) {
    return mix(vec4(0.0), read1(tile, p) / 6.0, lessThan(abs(read0(tile, p)), vec4(3.0)));
}
