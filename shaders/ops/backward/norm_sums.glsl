// The column that norm_rows made.
vec4 texel(int tile, ivec2 p) {
    vec4 sum = vec4(0.0);
    for (int y = 0; y < u_shape0.y; y++) sum += read3(tile, ivec2(p.x, y));
    return sum;
}
