vec4 bent(int tile, ivec2 p) {
    return read0(tile, ivec2(u_shape.z - 1 - p.x, p.y));
}
