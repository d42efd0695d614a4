vec4 bent(int tile, ivec2 p) {
    return read0(tile, ivec2(p.x, u_shape.y - 1 - p.y));
}
