vec4 texel(int tile, ivec2 p) {
    vec4 scale = 1.0 / sqrt(read2(tile, ivec2(1, 0)) + EPS), normal = (read1(tile, p) - read2(tile, ivec2(0))) * scale;
    float count = float(u_shape0.y * u_shape0.z);
    vec4 found = scale * (read0(tile, p) - read3(tile, ivec2(0)) / count - normal * read3(tile, ivec2(1, 0)) / count);
#if AFFINE
    found *= vectors(0, tile);
#endif
    return found;
}
