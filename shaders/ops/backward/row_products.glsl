// Of every row, the sum of the products.
vec4 texel(int tile, ivec2 p) {
    vec4 sum = vec4(0.0);
    for (int x = 0; x < u_shape0.z; x++) sum += read0(tile, ivec2(x, p.y)) * read1(tile, ivec2(x, p.y));
    return sum;
}
