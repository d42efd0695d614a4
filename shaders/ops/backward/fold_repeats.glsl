vec4 texel(int tile, ivec2 p) {
    vec4 sum = vec4(0.0);
    for (int y = p.y; y < u_shape0.y; y += u_shape.y) {
        for (int x = p.x; x < u_shape0.z; x += u_shape.z) sum += read0(tile, ivec2(x, y));
    }
    return sum;
}
