vec4 bent(int tile, ivec2 p) {
    int size = int(SIZE);
    return read0(tile, min(p / size * size + size / 2, u_shape.zy - 1));
}
