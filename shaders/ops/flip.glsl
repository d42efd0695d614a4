vec4 texel(int tile, ivec2 p) {
    ivec2 last = u_shape0.zy - 1;
    return read0(tile, ivec2(HORIZONTAL == 1 ? last.x - p.x : p.x, VERTICAL == 1 ? last.y - p.y : p.y));
}
