vec4 texel(int tile, ivec2 p) {
    vec4 apart = read1(tile, p) - read2(tile, ivec2(0));
    return (read0(tile, ivec2(0)) + 2.0 * read0(tile, ivec2(1, 0)) * apart) / float(u_shape1.y * u_shape1.z);
}
